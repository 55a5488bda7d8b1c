"""A product's periods, gates and slots, through days of 23 and 25 hours."""

from datetime import UTC, datetime, timedelta

import pytest

from forecast_service.products.plan import current_slot, delivery_of, forecast_series, gate_of, slot_after

from .builders import SLOT, a_product, a_series, day_ahead

HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("slot", "start", "hours"),
    [
        ("2026-06-01T08:00", "2026-06-01T22:00", 24),
        ("2026-03-28T09:00", "2026-03-28T23:00", 23),
        ("2026-03-29T08:00", "2026-03-29T22:00", 24),
        ("2026-10-24T08:00", "2026-10-24T22:00", 25),
    ],
)
def test_day_ahead_covers_the_next_local_day_however_long(slot: str, start: str, hours: int) -> None:
    delivery = delivery_of(day_ahead(), 3_600, at(slot))

    assert (delivery.start, delivery.periods) == (at(start), hours)
    assert delivery.first_s == int((at(slot) + HOUR * (delivery.skipped + 1)).timestamp())
    assert delivery.reach_s == (delivery.skipped + hours) * 3_600


def test_quarter_hours_of_long_and_short_days_are_100_and_92() -> None:
    counts = [delivery_of(day_ahead(), 900, at(s)).periods for s in ("2026-10-24T08:00", "2026-03-28T09:00")]

    assert counts == [100, 92]


def test_rolling_periods_start_one_period_after_the_slot() -> None:
    delivery = delivery_of(a_product(), 900, SLOT)

    assert (delivery.start - SLOT, delivery.periods, delivery.skipped) == (timedelta(minutes=15), 24, 0)


def test_a_gate_is_a_local_hour_or_a_while_before_delivery() -> None:
    assert gate_of(day_ahead(), [3_600], at("2026-06-01T08:00")) == at("2026-06-01T10:00")
    assert gate_of(day_ahead(), [3_600], at("2026-12-01T09:00")) == at("2026-12-01T11:00")
    assert gate_of(a_product(gate_lead_s=60), [3_600, 900], SLOT) == SLOT + timedelta(minutes=14)


def test_a_cron_is_read_in_the_products_zone() -> None:
    product = day_ahead()

    assert current_slot(product, at("2026-06-01T08:00")) == at("2026-06-01T08:00")
    assert current_slot(product, at("2026-06-01T07:59")) == at("2026-05-31T08:00")
    assert slot_after(product, at("2026-06-01T08:00")) == at("2026-06-02T08:00")
    assert slot_after(product, at("2026-10-24T12:00")) == at("2026-10-25T09:00")


def test_without_a_cron_slots_are_multiples_of_their_width() -> None:
    product = a_product(slot_s=900)

    assert current_slot(product, SLOT + timedelta(minutes=20)) == SLOT + timedelta(minutes=15)
    assert slot_after(product, SLOT) == SLOT + timedelta(minutes=15)


def test_finer_series_are_forecast_at_the_products_resolution_and_coarser_ones_at_their_own() -> None:
    fine, coarse = a_series("a/x", resolution_s=900), a_series("a/y", resolution_s=7_200, issue_every_s=7_200)

    assert [s.resolution_s for s in forecast_series(day_ahead(), [fine, coarse])] == [3_600, 7_200]
    assert [s.resolution_s for s in forecast_series(a_product(), [fine])] == [900]


@pytest.mark.parametrize(
    ("profile", "changes", "resolution_s", "periods"),
    [
        ("id", {"horizon_s": 14_400}, 900, 16),
        ("t6", {"horizon_s": 21_600, "resolution_s": 3_600, "issue_on": "data"}, 300, 6),
        ("h24", {"horizon_s": 86_400, "slot_s": 3_600}, 3_600, 24),
    ],
)
def test_every_profile_is_only_a_record(
    profile: str, changes: dict[str, object], resolution_s: int, periods: int
) -> None:
    product = a_product(profile=profile, **changes)
    (series,) = forecast_series(product, [a_series(resolution_s=resolution_s, issue_every_s=resolution_s)])

    delivery = delivery_of(product, series.resolution_s, SLOT)

    assert delivery.periods == periods
    assert delivery.start == SLOT + timedelta(seconds=series.resolution_s)
