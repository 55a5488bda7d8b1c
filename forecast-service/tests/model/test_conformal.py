"""Calibration repairs bands that are too narrow and leaves good ones alone. All data synthetic."""

import numpy as np

from forecast_service.model.conformal import bucket_of, calibrated, offsets_of
from forecast_service.model.levels import SITE_LEVELS_BPS, at_levels, probabilities

LEVELS = [float(p) for p in probabilities(SITE_LEVELS_BPS)]
NORMAL = at_levels(np.array([-1.0, 1.0]), (1_587, 8_413), SITE_LEVELS_BPS)
LEADS = 1 + np.arange(6)
BUCKETS = bucket_of(LEADS, 3_600)


def coverage(actual: np.ndarray, quantiles: np.ndarray) -> float:
    return float(((actual >= quantiles[..., 1]) & (actual <= quantiles[..., 5])).mean())


def test_bands_that_are_too_narrow_are_widened_to_what_they_claim() -> None:
    random = np.random.default_rng(0)
    seen, later = random.normal(size=(700, 6)), random.normal(size=(700, 6))
    narrow = np.broadcast_to(0.5 * NORMAL, (700, 6, 7)).copy()
    span = np.ones(700)

    offsets = offsets_of(seen, narrow, span, BUCKETS, LEVELS, days=200)
    repaired = calibrated(narrow, span, LEADS, 3_600, offsets)

    assert coverage(later, narrow) < 0.55
    assert abs(coverage(later, repaired) - 0.8) < 0.03
    assert (np.diff(repaired, axis=-1) >= 0).all()


def test_bands_that_are_right_stay_as_they_are() -> None:
    actual = np.random.default_rng(1).normal(size=(2_000, 6))
    right = np.broadcast_to(NORMAL, (2_000, 6, 7)).copy()

    assert (offsets_of(actual, right, np.ones(2_000), BUCKETS, LEVELS, days=30) == 0).all()


def test_few_errors_teach_nothing() -> None:
    actual = np.full((10, 6), 5.0)

    assert (offsets_of(actual, np.zeros((10, 6, 7)), np.ones(10), BUCKETS, LEVELS, days=1) == 0).all()


def test_leads_fall_into_two_hour_buckets() -> None:
    assert bucket_of(np.array([1, 8, 9, 16, 17, 24]), 900).tolist() == [0, 0, 1, 1, 2, 2]
    assert bucket_of(np.arange(1, 7), 3_600).tolist() == [0, 0, 1, 1, 2, 2]


def test_offsets_of_neighboring_buckets_go_over_evenly() -> None:
    flat = np.broadcast_to(NORMAL, (1, 24, 7)).copy()
    offsets = np.array([[0.0] * 7, [0.2] * 7, [0.0] * 7])

    moved = calibrated(flat, np.ones(1), 1 + np.arange(24), 900, offsets)[0, :, 3]

    assert moved.argmax() == 11
    assert np.abs(np.diff(moved)).max() < 0.03 * (NORMAL[-1] - NORMAL[0])
