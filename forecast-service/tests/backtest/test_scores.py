"""The scorer means what the field means by the same words."""

from statistics import NormalDist

import numpy as np
import pytest
import scoringrules

from forecast_service.backtest.scores import (
    Yardstick,
    figures_of,
    level_weights,
    parts_of,
    quantile_crps,
    threshold_crps,
    yardstick,
)
from forecast_service.model.levels import probabilities

LEVELS = (500, 1_000, 2_500, 5_000, 7_500, 9_000, 9_500)
EVEN = tuple(range(250, 10_000, 500))
MEASURE = Yardstick(scale=2.0, peak=2.5, tail=1.0)
NORMAL = np.array([-1.6449, -1.2816, -0.6745, 0.0, 0.6745, 1.2816, 1.6449])


@pytest.fixture
def drawn() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    actual = random.normal(size=(60, 24))
    return actual, np.sort(random.normal(size=(60, 24, len(EVEN))), axis=-1)


def test_crps_is_that_of_scoringrules(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    actual, quantiles = drawn

    theirs = scoringrules.crps_quantile(actual, quantiles, probabilities(EVEN))

    np.testing.assert_allclose(quantile_crps(actual, quantiles, EVEN), theirs, rtol=1e-12)


def test_the_tail_score_is_that_of_scoringrules_under_the_chaining_function(
    drawn: tuple[np.ndarray, np.ndarray],
) -> None:
    actual, quantiles = drawn

    theirs = scoringrules.crps_quantile(np.maximum(actual, 1.0), np.maximum(quantiles, 1.0), probabilities(EVEN))

    np.testing.assert_allclose(threshold_crps(actual, quantiles, EVEN, 1.0), theirs, rtol=1e-12)


def test_many_quantiles_of_a_normal_distribution_give_its_closed_form() -> None:
    levels = tuple(range(25, 10_000, 50))
    quantiles = np.array([NormalDist().inv_cdf(b / 10_000) for b in levels])
    actual = np.array([-1.0, 0.0, 2.0])

    ours = quantile_crps(actual, np.broadcast_to(quantiles, (3, len(levels))), levels)

    np.testing.assert_allclose(ours, scoringrules.crps_normal(actual, 0, 1), atol=2e-3)


def test_outer_levels_reach_to_the_ends_as_in_openstef() -> None:
    # represented_interval_weights of openstef-beam 4.7.0 on its own example.
    np.testing.assert_allclose(level_weights((500, 1_000, 5_000, 9_000, 9_500)), [0.075, 0.225, 0.4, 0.225, 0.075])
    assert level_weights(LEVELS, "mirrored").sum() == pytest.approx(1)


def test_a_calibrated_normal_forecast_reads_as_calibrated() -> None:
    actual = np.random.default_rng(0).normal(size=(400, 100))
    quantiles = np.broadcast_to(NORMAL, (*actual.shape, len(LEVELS)))

    figures = figures_of(parts_of(actual, quantiles, LEVELS, MEASURE).sum(axis=0), LEVELS, MEASURE)

    assert figures["coverage50"] == pytest.approx(0.5, abs=0.01)
    assert figures["coverage80"] == pytest.approx(0.8, abs=0.01)
    assert figures["coverage90"] == pytest.approx(0.9, abs=0.01)
    assert figures["mace"] < 0.005
    assert figures["crossings"] == 0
    assert figures["width80"] == pytest.approx(2 * 1.2816 / 2.0, rel=1e-3)
    assert figures["rmae"] == pytest.approx(np.sqrt(2 / np.pi) / 2.0, rel=0.02)


def test_crossing_quantiles_are_counted() -> None:
    quantiles = np.broadcast_to(NORMAL[::-1], (1, 1, len(LEVELS)))

    figures = figures_of(parts_of(np.zeros((1, 1)), quantiles, LEVELS, MEASURE).sum(axis=0), LEVELS, MEASURE)

    assert figures["crossings"] == 1


def test_a_missing_outcome_counts_nowhere_and_a_missing_forecast_is_refused() -> None:
    actual = np.array([[1.0, np.nan]])
    quantiles = np.broadcast_to(NORMAL, (1, 2, len(LEVELS))).copy()
    alone = parts_of(actual[:, :1], quantiles[:, :1], LEVELS, MEASURE)

    np.testing.assert_allclose(parts_of(actual, quantiles, LEVELS, MEASURE), alone)
    quantiles[0, 0, 3] = np.nan
    with pytest.raises(ValueError, match="missing"):
        parts_of(actual, quantiles, LEVELS, MEASURE)


def test_peaks_weigh_more_in_the_peak_score() -> None:
    actual = np.array([[0.1, 2.5]])
    good_at_peak, good_below = (np.broadcast_to(NORMAL, (1, 2, len(LEVELS))).copy() for _ in range(2))
    good_at_peak[0, 1] += 2.5
    good_below[0, 1] += 5.0

    peak = [
        figures_of(parts_of(actual, q, LEVELS, MEASURE).sum(axis=0), LEVELS, MEASURE)["rcrps_peak"]
        for q in (good_at_peak, good_below)
    ]

    assert peak[0] < peak[1]


def test_a_target_that_never_varies_has_no_yardstick() -> None:
    with pytest.raises(ValueError, match="does not vary"):
        yardstick(np.ones(50), np.arange(50.0))
