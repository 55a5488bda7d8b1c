"""Bands come to cover what they claim, from outcomes that had matured and from no others. Synthetic data."""

import numpy as np

from forecast_service.calibration.rolling import Outcomes, RollingCalibration, Rule, fresh, hats, learn
from forecast_service.model.grid import DAY_S, Floats
from forecast_service.model.levels import SITE_LEVELS_BPS, at_levels, crps, probabilities

NORMAL = at_levels(np.array([-1.0, 1.0]), (1_587, 8_413), SITE_LEVELS_BPS)
H = 24


def ends(days: int) -> np.ndarray:
    """A day-ahead product: issued at midnight, 24 hours that start 12 hours later."""
    return DAY_S * np.arange(days)[:, None] + 12 * 3_600 + 3_600 * (1 + np.arange(H))


def run(quantiles: Floats, actual: Floats, rule: Rule | None = None) -> Floats:
    series, days = actual.shape[:2]
    calibration = RollingCalibration(SITE_LEVELS_BPS, rule)
    return calibration.run(
        quantiles, actual, DAY_S * np.arange(days), ends(days), ["all"] * series, np.full(series, 3.0)
    )


def coverage(actual: Floats, quantiles: Floats, low: int = 1, high: int = 5) -> float:
    return float(((actual >= quantiles[..., low]) & (actual <= quantiles[..., high])).mean())


def test_narrow_bands_come_to_cover_what_they_claim_and_stay_in_order() -> None:
    actual = np.random.default_rng(0).normal(size=(1, 400, H))
    narrow = np.broadcast_to(0.5 * NORMAL, (1, 400, H, 7)).copy()

    out = run(narrow, actual)

    assert coverage(actual, narrow) < 0.55
    assert abs(coverage(actual[:, 60:], out[:, 60:]) - 0.8) < 0.01
    assert abs(coverage(actual[:, 60:], out[:, 60:], 0, 6) - 0.9) < 0.01
    assert (np.diff(out, axis=-1) >= 0).all()


def test_bands_that_are_right_hardly_move() -> None:
    actual = np.random.default_rng(1).normal(size=(1, 400, H))
    right = np.broadcast_to(NORMAL, (1, 400, H, 7)).copy()

    out = run(right, actual)

    assert np.abs(out[:, 60:] - right[:, 60:]).mean() < 0.1
    assert crps(actual, out, SITE_LEVELS_BPS).mean() < 1.01 * crps(actual, right, SITE_LEVELS_BPS).mean()


def test_an_outcome_changes_no_forecast_that_was_issued_before_it_ended() -> None:
    random = np.random.default_rng(2)
    actual = random.normal(size=(2, 60, H))
    quantiles = np.broadcast_to(NORMAL, (2, 60, H, 7)).copy()
    other = actual.copy()
    other[:, 30] += 50.0

    before, after = run(quantiles, actual), run(quantiles, other)

    # The last hours of day 30's forecast end at noon of day 31, after that day's issue.
    assert np.array_equal(before[:, :31], after[:, :31])
    assert not np.array_equal(before[:, 31], after[:, 31])
    last_hour_only = actual.copy()
    last_hour_only[:, 30, -1] += 50.0
    assert np.array_equal(before[:, :32], run(quantiles, last_hour_only)[:, :32])


def test_two_calls_give_what_one_call_gives() -> None:
    random = np.random.default_rng(3)
    actual = random.normal(size=(1, 80, H))
    quantiles = np.broadcast_to(0.7 * NORMAL, (1, 80, H, 7)).copy()
    calibration = RollingCalibration(SITE_LEVELS_BPS)
    days = DAY_S * np.arange(80)

    parts = [
        calibration.run(quantiles[:, part], actual[:, part], days[part], ends(80)[part], ["all"], np.ones(1) * 3)
        for part in (slice(0, 33), slice(33, 80))
    ]

    assert np.array_equal(np.concatenate(parts, axis=1), run(quantiles, actual))


def test_holes_teach_nothing() -> None:
    start = fresh(SITE_LEVELS_BPS, Rule())
    nothing = Outcomes(np.full((5, 7), np.nan), np.full(5, 0.5), np.arange(5), np.zeros((5, 7), dtype=bool), 1)

    assert learn(start, nothing, SITE_LEVELS_BPS, Rule()) is start


def test_outcomes_that_are_exactly_the_quantile_move_nothing() -> None:
    tied = Outcomes(np.zeros((5, 7)), np.full(5, 0.5), np.full(5, DAY_S), np.ones((5, 7), dtype=bool), DAY_S)

    assert (learn(fresh(SITE_LEVELS_BPS, Rule()), tied, SITE_LEVELS_BPS, Rule()).offsets == 0).all()


def test_an_offset_stays_within_its_limit() -> None:
    track, rule = fresh(SITE_LEVELS_BPS, Rule()), Rule(limit=0.5)
    for day in range(1, 200):
        far = Outcomes(
            np.full((5, 7), 9.0), np.full(5, 0.5), np.full(5, day * DAY_S), np.zeros((5, 7), dtype=bool), DAY_S
        )
        track = learn(track, far, SITE_LEVELS_BPS, rule)

    assert track.offsets[1].tolist() == [0.5] * 7


def test_a_group_learns_nothing_from_another() -> None:
    random = np.random.default_rng(4)
    actual = random.normal(size=(2, 100, H))
    quantiles = np.broadcast_to(NORMAL, (2, 100, H, 7)).copy()
    quantiles[1] *= 0.3
    days = DAY_S * np.arange(100)

    both = RollingCalibration(SITE_LEVELS_BPS).run(quantiles, actual, days, ends(100), ["a", "b"], np.full(2, 3.0))

    assert np.array_equal(both[:1], run(quantiles[:1], actual[:1]))


def test_knots_share_the_horizon() -> None:
    shares = hats((np.arange(6) + 0.5) / 6, 3)

    assert np.allclose(shares.sum(axis=1), 1)
    assert shares[0].tolist() == [1, 0, 0]
    assert shares[5].tolist() == [0, 0, 1]
    assert probabilities(SITE_LEVELS_BPS).tolist() == [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95]


def test_the_first_minutes_after_a_night_weigh_no_more_than_others() -> None:
    day, night = fresh(SITE_LEVELS_BPS, Rule()), np.arange(1, 41)
    light = np.concatenate([day_ * DAY_S + 900 * np.arange(24, 73) for day_ in night])
    at_dawn = np.isin(light % DAY_S, 900 * np.arange(24, 28))

    for end in light:
        above = 9.0 if end % DAY_S < 900 * 28 else -0.001
        score, tied = np.full((1, 7), above), np.zeros((1, 7), dtype=bool)
        day = learn(day, Outcomes(score, np.full(1, 0.5), np.array([end]), tied, 900), SITE_LEVELS_BPS, Rule())

    assert at_dawn.mean() < 0.1
    assert abs(day.offsets[:, 3]).max() < 0.1  # a tenth of the outcomes far above does not move the median
    assert day.days < 40 * 49 * 900 / DAY_S + 1
