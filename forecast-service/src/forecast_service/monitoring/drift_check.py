"""The flow ``drift-check``: the last seven days beside the reference, a line in ``drift_log``, a page, a retraining."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from forecast_service.jobs.flows import Cause, Ended, FlowRun
from forecast_service.monitoring.concept import ConceptDrift, concept_drift
from forecast_service.monitoring.drift import DriftReport, FeatureTable, judge
from forecast_service.monitoring.drift_page import Checked, drift_page
from forecast_service.ports import Floats
from forecast_service.store.training_features import Reference
from gridseal.errors import ConfigError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
WINDOW_DAYS = 7
CONCEPT_DAYS = 90
REACH = timedelta(days=730)


class Features(Protocol):
    """Where rows and references lie."""

    def read(self, since: datetime, until: datetime) -> FeatureTable:
        """Rows of a span."""
        ...

    def reference(self) -> Reference | None:
        """The newest reference."""
        ...

    def keep_reference(self, table: FeatureTable, made_for: str) -> None:
        """Keep a new one."""
        ...


class Log(Protocol):
    """Where findings go, and the errors of what was issued."""

    def write(self, report: DriftReport, checked_at: datetime, triggered: bool) -> None:
        """Add a line."""
        ...

    def errors(self, since: datetime) -> Mapping[str, tuple[NDArray[np.int64], Floats]]:
        """Errors by kind."""
        ...


Retrain = Callable[[Cause, str], str | None]
"""Asks for a training with a reason; the id of its run, or none where it may not be asked for now."""


class DriftCheck:
    """One check."""

    def __init__(
        self, features: Features, drift_log: Log, retrain: Retrain, clock: Clock, show: Callable[[str], None],
        threshold: float, min_rows: int, trained_at: Callable[[], datetime | None],
    ) -> None:  # fmt: skip
        self._features = features
        self._log = drift_log
        self._retrain = retrain
        self._clock = clock
        self._show = show
        self._threshold = threshold
        self._min_rows = min_rows
        self._trained_at = trained_at

    async def __call__(self, run: FlowRun) -> Ended:
        """Check; parameter ``days`` is the length of the window."""
        return await asyncio.to_thread(self.check, _days(run))

    def check(self, days: int = WINDOW_DAYS) -> Ended:
        """The same, blocking."""
        now = self._clock.now()
        since = now - timedelta(days=days)
        current = self._features.read(since, now)
        reference = self._features.reference() or self._first_reference(since)
        errors = self._concept(now)
        if len(current) == 0 or reference is None:
            missing = "no feature rows in the window" if len(current) == 0 else "no reference yet, and too few rows"
            return Ended("skipped", f"{missing}{self._act_on(None, errors)}")
        report = judge(reference.table, current, self._threshold)
        asked = self._act_on(report, errors)
        self._log.write(report, now, bool(asked))
        self._show(drift_page(Checked(report, errors, since, now, reference, current)))
        shifted = ", ".join(name for name, found in report.features.items() if found.drifted) or "none"
        return Ended("done", f"drift_share {report.share:.3f} of {report.n_total} features, drifted: {shifted}{asked}")

    def _first_reference(self, until: datetime) -> Reference | None:
        """Before the first training: everything before the window, if that is enough."""
        table = self._features.read(until - REACH, until)
        if len(table) < self._min_rows:
            return None
        self._features.keep_reference(table, "first check: no training has left a reference")
        return self._features.reference()

    def _concept(self, now: datetime) -> dict[str, ConceptDrift]:
        """Errors since the last training: what came before it is another model's."""
        since = max(now - timedelta(days=CONCEPT_DAYS), self._trained_at() or now - timedelta(days=CONCEPT_DAYS))
        return {kind: concept_drift(times, errors) for kind, (times, errors) in self._log.errors(since).items()}

    def _act_on(self, report: DriftReport | None, errors: Mapping[str, ConceptDrift]) -> str:
        """Ask for a training where something has drifted; what to add to the sentence."""
        reasons = []
        if report is not None and report.detected:
            names = ", ".join(name for name, found in report.features.items() if found.drifted)
            reasons.append(f"drift_share {report.share:.3f} > {report.threshold:g}: {names}")
        for kind, found in errors.items():
            if found.detected:
                detectors = " and ".join(
                    name for name, there in (("ADWIN", found.adwin), ("Page-Hinkley", found.page_hinkley)) if there
                )
                reasons.append(f"error of {kind} has risen by {(found.rise or 1) - 1:.0%}: {detectors}")
        if not reasons:
            return ""
        name = self._retrain("drift", "; ".join(reasons))
        log.warning("drift_detected", reasons=reasons, retrain=name)
        return f"; {name} was asked for" if name else ""


def renew_reference(
    features: Features, now: datetime, holdout: timedelta, made_for: str, min_rows: int, reach: timedelta = REACH
) -> str:
    """After a training: what it learned from, less the part that judged it, is the reference from now on (S3-71)."""
    table = features.read(now - reach, now - holdout)
    if len(table) < min_rows:
        return f"reference stays: {len(table)} feature rows before the test part"
    features.keep_reference(table, made_for)
    return f"reference renewed with {len(table)} rows"


def _days(run: FlowRun) -> int:
    given = run.parameters.get("days", WINDOW_DAYS)
    if not isinstance(given, int) or not 1 <= given <= 90:
        raise ConfigError("parameter days must be a whole number from 1 to 90")
    return given
