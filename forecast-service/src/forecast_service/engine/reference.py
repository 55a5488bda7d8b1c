"""The point forecast that nets and trees correct: a typical course plus what survives of the newest deviation."""

from dataclasses import dataclass

import numpy as np

from forecast_service.engine.columns import Inputs
from forecast_service.model.grid import Floats

LEAD_GROUPS = 12
RIDGE = 0.02
SURVIVAL_LIMITS = (-0.5, 1.2)


@dataclass(frozen=True, slots=True)
class Reference:
    """Which typical course serves, and how much of the newest deviations is left at each group of leads."""

    candidate: int
    survival: Floats
    """``(12, 3)``."""

    def of(self, inputs: Inputs) -> Floats:
        """``(n, H)`` in the unit of the series."""
        horizon = inputs.candidates.shape[1]
        place = (np.arange(horizon) + 0.5) / horizon * LEAD_GROUPS - 0.5
        share = np.stack([np.interp(place, np.arange(LEAD_GROUPS), column) for column in self.survival.T], axis=-1)
        return np.asarray(inputs.candidates[..., self.candidate] + inputs.recent @ share.T)


def plain_reference() -> Reference:
    """For a series that was not there in training, when nothing better is known: the typical course as it is."""
    return Reference(0, np.zeros((LEAD_GROUPS, 3)))


def fit_reference(parts: list[tuple[Inputs, Floats, float]]) -> Reference:
    """Choose by mean absolute error.

    Args:
        parts: Inputs, actuals ``(n, H)`` and range of each series that shares the reference.
    """
    best, best_error = plain_reference(), np.inf
    for candidate in range(parts[0][0].candidates.shape[-1]):
        one = Reference(candidate, _survival(parts, candidate))
        errors = [np.abs(actual - one.of(inputs)).ravel() / reach for inputs, actual, reach in parts]
        known = np.concatenate(errors)
        known = known[np.isfinite(known)]
        error = float(known.mean()) if len(known) else np.inf
        if error < best_error:
            best, best_error = one, error
    return best


def _survival(parts: list[tuple[Inputs, Floats, float]], candidate: int) -> Floats:
    horizon = parts[0][1].shape[1]
    group = np.arange(horizon) * LEAD_GROUPS // horizon
    out = np.zeros((LEAD_GROUPS, 3))
    for g in range(LEAD_GROUPS):
        mine = np.flatnonzero(group == g)
        if len(mine) == 0:
            out[g] = out[g - 1]
            continue
        x = np.concatenate([np.repeat(i.recent / r, len(mine), axis=0) for i, _, r in parts])
        y = np.concatenate([((a - i.candidates[..., candidate])[:, mine] / r).ravel() for i, a, r in parts])
        known = np.isfinite(y)
        if known.sum() < 30:
            continue
        x, y = x[known], np.clip(y[known], -1, 1)
        gram = x.T @ x
        gram += RIDGE * np.eye(3) * max(float(np.trace(gram)) / 3, 1e-12)
        out[g] = np.clip(np.linalg.solve(gram, x.T @ y), *SURVIVAL_LIMITS)
    return out
