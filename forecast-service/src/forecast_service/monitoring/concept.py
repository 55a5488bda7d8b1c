"""Whether the error of issued forecasts has risen for good: ADWIN and Page-Hinkley over matured scores. Pure.

Both are river's. They want values that are alike and independent, which hourly errors are not: the mean error of a
day is taken, its logarithm (a doubling counts the same at any level), in deviations of the first four weeks. On 158
sequences of ten weeks (Victoria, Duke Energy, a home) ADWIN was wrong in 1 % and Page-Hinkley in 8 %; a doubled error
was found within 28 days in 44 % and 72 %, a tripled one in 76 % and 90 %.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast_service.ports import Floats

DAY_S = 86_400
USUAL_DAYS = 28
LEAST_DAYS = 35
ADWIN_DELTA = 0.01
TOLERANCE, THRESHOLD = 0.5, 10.0
"""Page-Hinkley, in deviations of the usual days: what a day may lie above the mean, and the sum that counts."""
CAP = 3.0
"""Deviations that one day may count for: a storm is no change of the world."""


@dataclass(frozen=True, slots=True)
class ConceptDrift:
    """What the detectors say about one sequence of errors."""

    adwin: bool
    page_hinkley: bool
    days: int
    since_s: int | None = None
    """Start of the day of the first alarm, Unix seconds."""
    rise: float | None = None
    """Geometric mean error after the usual days over that of them; None where the sequence is too short."""

    @property
    def detected(self) -> bool:
        """Either: ADWIN for a lasting change of any size, Page-Hinkley for a large one soon."""
        return self.adwin or self.page_hinkley


def concept_drift(times_s: NDArray[np.int64], errors: Floats) -> ConceptDrift:
    """Run both detectors over errors; only a rise counts, a forecast may get better.

    Args:
        times_s: ``(N,)`` Unix seconds of the targets.
        errors: ``(N,)`` non-negative, any unit; days without any error above zero are left out.
    """
    days, place = np.unique(times_s // DAY_S, return_inverse=True)
    means = np.bincount(place, weights=errors, minlength=len(days)) / np.maximum(np.bincount(place), 1)
    days, means = days[means > 0], means[means > 0]
    if len(days) < LEAST_DAYS:
        return ConceptDrift(False, False, len(days))
    logs = np.log(means)
    usual = logs[:USUAL_DAYS]
    deviations = np.clip((logs - usual.mean()) / (usual.std() or 1.0), -CAP, CAP)
    adwin, hinkley = _detectors()
    changed = risen = False
    since: int | None = None
    for day, value in zip(days.tolist(), deviations.tolist(), strict=True):
        before = adwin.estimation
        adwin.update(value)
        hinkley.update(value)
        if adwin.drift_detected:
            changed = adwin.estimation > before
        risen = risen or hinkley.drift_detected
        if since is None and (changed or risen):
            since = day * DAY_S
    rise = float(np.exp(logs[USUAL_DAYS:].mean() - usual.mean()))
    return ConceptDrift(changed, risen, len(days), since if changed or risen else None, rise)


def _detectors() -> tuple[Any, Any]:
    from river.drift import ADWIN, PageHinkley  # brings scikit-learn and pandas along: seconds, not at the start

    make: Any = ADWIN  # river's detectors carry no types
    adwin = make(delta=ADWIN_DELTA, clock=1, min_window_length=3, grace_period=USUAL_DAYS)
    return adwin, PageHinkley(USUAL_DAYS, TOLERANCE, THRESHOLD, alpha=1.0, mode="up")
