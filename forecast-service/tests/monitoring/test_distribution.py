"""How far two samples lie apart, and when that cannot be chance."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from scipy import stats

from forecast_service.monitoring.distribution import effective_size, ks_distance, ks_p_value, psi, shift
from forecast_service.monitoring.window_score import drift_score
from forecast_service.ports import SeriesHistory
from gridseal.wire.catalog import Series, SeriesInput

RANDOM = np.random.default_rng(5)
HOURS = np.arange(24 * 35)


def a_history(values: Any, start: datetime = datetime(2026, 6, 1, tzinfo=UTC)) -> SeriesHistory:
    series = Series(
        tenant_id="demo", series_id="home-01/load", site_id="home-01", name="load", kind="home_load", unit="W",
        resolution_s=3_600, issue_every_s=3_600, direction="from_grid",
        inputs=(SeriesInput(device_id="home-01-meter", quantity="active_power"),),
    )  # fmt: skip
    return SeriesHistory(series, int(start.timestamp()), np.asarray(values, dtype=np.float64))


@pytest.mark.parametrize("moved", [0.0, 0.3, 2.0])
def test_ks_is_that_of_scipy(moved: float) -> None:
    a, b = RANDOM.normal(size=400), RANDOM.normal(moved, size=300)

    peer = stats.ks_2samp(a, b, method="asymp")

    assert ks_distance(a, b) == pytest.approx(peer.statistic, abs=1e-12)
    assert ks_p_value(ks_distance(a, b), 400, 300) == pytest.approx(peer.pvalue, abs=0.02)


def test_psi_is_the_sum_over_tenths_of_the_reference() -> None:
    reference = np.arange(1_000.0)
    current = np.concatenate([np.arange(500.0), np.arange(500.0)])

    expected = 5 * (0.2 - 0.1) * np.log(2.0) + 5 * (1e-4 - 0.1) * np.log(1e-4 / 0.1)

    assert psi(reference, reference) == 0.0
    assert psi(reference, current) == pytest.approx(expected, rel=0.02)


def test_a_feature_of_few_values_is_compared_value_by_value() -> None:
    reference, current = np.repeat([0.0, 1.0], [50, 50]), np.repeat([0.0, 1.0, 2.0], [25, 25, 50])

    expected = 2 * (0.25 - 0.5) * np.log(0.5) + (0.5 - 1e-4) * np.log(0.5 / 1e-4)

    assert psi(reference, current) == pytest.approx(expected)


def test_hours_that_resemble_each_other_count_as_fewer() -> None:
    white = RANDOM.normal(size=168)
    walk = np.cumsum(RANDOM.normal(size=168))

    assert effective_size(white, 7) > 100
    assert effective_size(walk, 7) == pytest.approx(7, abs=6)
    assert effective_size(np.ones(168), 7) == 168


def test_two_alike_weeks_are_chance_and_a_moved_one_is_not() -> None:
    reference, current = RANDOM.normal(15, 5, 700), RANDOM.normal(15, 5, 168)

    assert shift(reference, current, 30, 7).p_value > 0.3
    assert shift(reference, current + 10, 30, 7).p_value < 0.01


def test_the_score_of_a_forecast_rises_with_a_shift_and_is_none_without_data() -> None:
    day = 100 + 50 * np.sin(HOURS % 24 * 2 * np.pi / 24)
    slot_s = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) + len(HOURS) * 3_600
    moved = np.where(HOURS >= 24 * 28, day + 200, day)
    gone = np.where(HOURS >= 24 * 28 + 36, np.nan, day)

    assert drift_score(a_history(day), slot_s) == pytest.approx(0, abs=1e-9)
    assert drift_score(a_history(moved), slot_s) == 1.0
    assert drift_score(a_history(gone), slot_s) is None
    assert drift_score(a_history(day[-200:]), slot_s) is None


def test_what_came_after_the_slot_is_not_in_its_score() -> None:
    day = 100 + 50 * np.sin(HOURS % 24 * 2 * np.pi / 24)
    slot_s = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) + len(HOURS) * 3_600
    later = np.concatenate([day, np.full(400, 9e9)])

    assert drift_score(a_history(later), slot_s) == drift_score(a_history(day), slot_s)
