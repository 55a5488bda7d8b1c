"""Rolling calibration: coverage comes back after a shift, and nothing later than the issue is used."""

from dataclasses import replace

import numpy as np
from eia_tables import LEVELS

from forecast_service.engine.recalibrate import Ledger, last_offsets, moved, recalibrate
from forecast_service.model.levels import probabilities

P = probabilities(LEVELS)
NORMAL = np.array([-1.645, -1.282, -0.674, 0.0, 0.674, 1.282, 1.645])


def ledger(days: int, noise: float, shift: float = 0.0, since: int = 0) -> Ledger:
    """A forecast of N(0, 1), an outcome of N(shift, noise) from a day on."""
    random = np.random.default_rng(4)
    issues = np.arange(days) * 86_400
    ends = issues[:, None] + (19 + np.arange(24)) * 3_600
    raw = np.broadcast_to(NORMAL, (2, days, 24, len(NORMAL))).copy()
    actual = random.normal(size=(2, days, 24)) * noise
    actual[:, since:] += shift
    return Ledger(issues, ends, raw, actual, np.array([4.0, 4.0]))


def covered(of: Ledger, quantiles: np.ndarray, days: slice) -> np.ndarray:
    return (of.actual[:, days, :, None] <= quantiles[:, days]).mean(axis=(0, 1, 2))


def test_bands_that_are_too_narrow_are_widened() -> None:
    one = ledger(200, noise=1.6)

    out = recalibrate(one, P)

    assert np.abs(covered(one, one.raw, slice(60, None)) - P).mean() > 0.05
    assert np.abs(covered(one, out, slice(60, None)) - P).mean() < 0.01


def test_coverage_comes_back_after_a_shift() -> None:
    one = ledger(160, noise=1.0, shift=1.5, since=100)

    out = recalibrate(one, P)

    assert np.abs(covered(one, one.raw, slice(130, 160)) - P).max() > 0.4
    assert np.abs(covered(one, out, slice(101, 104)) - P).max() > 0.3
    assert np.abs(covered(one, out, slice(130, 160)) - P).max() < 0.08


def test_an_issue_uses_only_what_had_come() -> None:
    one = ledger(80, noise=1.5)
    moment = int(one.issues_s[60])
    later = np.where(one.ends_s[None] > moment, 1e3, one.actual)

    honest, leaking = recalibrate(one, P), recalibrate(replace(one, actual=later), P)

    np.testing.assert_array_equal(honest[:, : 60 + 1], leaking[:, : 60 + 1])
    assert np.abs(honest[:, 63:] - leaking[:, 63:]).max() > 0.5


def test_corrected_quantiles_keep_their_order() -> None:
    out = recalibrate(ledger(90, noise=0.3, shift=-3.0, since=45), P)

    assert (np.diff(out, axis=-1) >= 0).all()


def test_stored_offsets_do_what_the_rolling_ones_do() -> None:
    one = ledger(120, noise=1.6)

    again = moved(one.raw[0], last_offsets(one, P)[0], 4.0)

    assert np.abs((one.actual[0][..., None] <= again).mean(axis=(0, 1)) - P).mean() < 0.015
