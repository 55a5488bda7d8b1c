"""What is served comes to cover what it claims, learned from what was served. Synthetic data."""

from dataclasses import replace

import numpy as np

from forecast_service.calibration.live import Learned, Matured, bounded, group_of, learned, recalibrated
from forecast_service.calibration.rolling import Rule
from forecast_service.model.grid import DAY_S
from forecast_service.model.levels import SITE_LEVELS_BPS, at_levels
from forecast_service.physics.limits import Limits
from forecast_service.ports import Pinned, QuantileForecast

NORMAL = at_levels(np.array([-1.0, 1.0]), (1_587, 8_413), SITE_LEVELS_BPS)
H = 24


def a_forecast(scale: float = 1.0, level: float = 10.0, rung: int = 1) -> QuantileForecast:
    values = np.rint(1_000 * (level + scale * np.broadcast_to(NORMAL, (H, 7)))).astype(np.int64)
    return QuantileForecast("home-01/load", 3_600, values, "lstm", rung, 0)


def outcomes(served: QuantileForecast, actual: np.ndarray, slot_s: int, model: str = "m/1") -> list[Matured]:
    return [
        Matured(
            "home_load", served.rung, model, slot_s, (h + 0.5) / H, slot_s + 3_600 * (h + 1), 3_600,
            served.values_milli[h].tolist(), round(1_000 * actual[h]),
        )
        for h in range(H)
    ]  # fmt: skip


def pinned_of(known: dict[str, Learned]) -> Pinned:
    return Pinned(SITE_LEVELS_BPS, {group: one.track.offsets for group, one in known.items()})


def serve(days: int, *, scale: float, jump: float = 0.0) -> list[bool]:
    """Serve a day's forecast after another and learn from each; whether each outcome lay in the 80 % band."""
    random, known, inside = np.random.default_rng(5), dict[str, Learned](), []
    for day in range(days):
        pinned = pinned_of(known)
        served = recalibrated(a_forecast(scale), "home_load", SITE_LEVELS_BPS, pinned)
        actual = 10.0 + jump * (day >= days // 2) + random.normal(size=H)
        milli = np.rint(1_000 * actual)
        inside += ((milli >= served.values_milli[:, 1]) & (milli <= served.values_milli[:, 5])).tolist()
        slot_s = day * DAY_S
        known = learned(known, outcomes(served, actual, slot_s), {slot_s: pinned}, SITE_LEVELS_BPS, Rule())
    return inside


def test_narrow_bands_are_served_wider_until_they_cover_what_they_claim() -> None:
    inside = serve(300, scale=0.5)

    assert np.mean(inside[: 3 * H]) < 0.6
    assert abs(np.mean(inside[60 * H :]) - 0.8) < 0.02


def test_after_a_level_shift_coverage_is_back_within_three_points_in_14_days() -> None:
    inside = serve(300, scale=1.0, jump=1.0)

    assert np.mean(inside[150 * H : 153 * H]) < 0.7
    assert abs(np.mean(inside[164 * H : 178 * H]) - 0.8) < 0.03


def test_other_levels_and_groups_that_learned_nothing_are_served_as_they_come() -> None:
    made, degraded = a_forecast(), a_forecast(rung=3)
    pinned = Pinned(SITE_LEVELS_BPS, {group_of("home_load", 1): np.full((3, 7), 0.5)})

    assert recalibrated(made, "home_load", SITE_LEVELS_BPS, pinned) is not made
    assert recalibrated(made, "wind", SITE_LEVELS_BPS, pinned) is made
    assert recalibrated(degraded, "home_load", SITE_LEVELS_BPS, pinned) is degraded
    assert recalibrated(made, "home_load", (100, 5_000), pinned) is made


def test_what_was_moved_when_it_was_served_is_learned_from_as_it_came_from_the_model() -> None:
    pinned = Pinned(SITE_LEVELS_BPS, {group_of("home_load", 1): np.linspace(-0.3, 0.3, 7) * np.ones((3, 1))})
    moved = recalibrated(a_forecast(), "home_load", SITE_LEVELS_BPS, pinned)
    actual = 10.0 + np.random.default_rng(6).normal(size=H)

    plain = learned({}, outcomes(a_forecast(), actual, 0), {}, SITE_LEVELS_BPS, Rule())
    through = learned({}, outcomes(moved, actual, 0), {0: pinned}, SITE_LEVELS_BPS, Rule())

    group = group_of("home_load", 1)
    assert np.array_equal(plain[group].track.offsets, through[group].track.offsets)


def test_another_model_is_followed_faster_for_a_while() -> None:
    known: dict[str, Learned] = {}
    for day in range(30):
        actual = 10.0 + np.random.default_rng(day).normal(size=H)
        known = learned(known, outcomes(a_forecast(), actual, day * DAY_S), {}, SITE_LEVELS_BPS, Rule())
    group = group_of("home_load", 1)
    assert known[group].track.days > 25

    after = learned(known, outcomes(a_forecast(), np.full(H, 10.0), 30 * DAY_S, "m/2"), {}, SITE_LEVELS_BPS, Rule())

    assert 10 < after[group].track.days <= 11
    assert after[group].model == "m/2"


def test_a_band_without_width_teaches_nothing() -> None:
    night = replace(a_forecast(), values_milli=np.zeros((H, 7), dtype=np.int64))

    after = learned({}, outcomes(night, np.full(H, 3.0), 0), {}, SITE_LEVELS_BPS, Rule())

    assert (after[group_of("home_load", 1)].track.offsets == 0).all()


def test_a_forecast_is_cut_to_what_its_plant_can_do() -> None:
    cut = bounded(a_forecast(), Limits(np.full(H, 9.5), np.full(H, 10.5)))

    assert cut.values_milli.min() == 9_500
    assert cut.values_milli.max() == 10_500
    assert bounded(a_forecast(), None).values_milli.max() > 10_500
