"""The flow ``drift-check``: the newest days beside a reference, a line in ``drift_log``, a page, a retraining."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from forecast_service.jobs.flows import Cause, Ended, FlowRun
from forecast_service.monitoring import generation
from forecast_service.monitoring.concept import ConceptDrift, concept_drift
from forecast_service.monitoring.drift import DriftReport, FeatureTable, Judged, judge
from forecast_service.monitoring.drift_page import Checked, Part, drift_page
from forecast_service.ports import Floats
from forecast_service.store.training_features import DEMAND, Reference
from gridseal.errors import ConfigError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger
from gridseal.wire.fields import format_utc

log = get_logger(__name__)
WINDOW_DAYS = 7
CONCEPT_DAYS = 90
PLANT_PAUSE = timedelta(days=14)
"""After a training: the days it learned from are still in the window of plants."""
REACH, PLANT_REACH = timedelta(days=730), timedelta(days=460)
"""What of the past may be a reference; of plants the season a year ago, and what led to today."""


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


class Generation(Protocol):
    """Where hours of PV and wind lie."""

    def tables(self, since: datetime, until: datetime) -> Mapping[str, FeatureTable]:
        """Dataset → its rows of a span."""
        ...


class Log(Protocol):
    """Where findings go, and the errors of what was issued."""

    def write(self, reports: Mapping[str, DriftReport], checked_at: datetime, triggered: bool) -> None:
        """Add a line."""
        ...

    def errors(self, since: datetime) -> Mapping[str, tuple[NDArray[np.int64], Floats]]:
        """Errors by kind."""
        ...


Retrain = Callable[[Cause, str], str | None]
"""Asks for a training with a reason; the id of its run, or none where it may not be asked for now."""


@dataclass(frozen=True, slots=True)
class DriftRule:
    """What counts."""

    threshold: float
    """Share of drifted features of a dataset above which it has drifted."""
    min_rows: int
    """Feature rows below which there is no reference."""
    holdout: timedelta = timedelta(0)
    """Newest part of a training's data that judged it and so is no reference."""


class DriftCheck:
    """One check of the demand table, of PV and wind, and of the errors of what was issued."""

    def __init__(
        self, features: Features, generation: Generation, drift_log: Log, retrain: Retrain, clock: Clock,
        show: Callable[[str], None], rule: DriftRule, trained_at: Callable[[], datetime | None],
    ) -> None:  # fmt: skip
        self._features = features
        self._generation = generation
        self._log = drift_log
        self._retrain = retrain
        self._clock = clock
        self._show = show
        self._rule = rule
        self._trained_at = trained_at

    async def __call__(self, run: FlowRun) -> Ended:
        """Check; parameter ``days`` is the length of the window of the demand table."""
        return await asyncio.to_thread(self.check, _days(run))

    def check(self, days: int = WINDOW_DAYS) -> Ended:
        """The same, blocking."""
        now = self._clock.now()
        demand = self._demand(now - timedelta(days=days), now)
        parts = [*([demand] if isinstance(demand, Part) else []), *self._plants(now)]
        errors = self._concept(now)
        reports = {part.dataset: part.judged.report for part in parts}
        asked = self._act_on(self._reasons(reports, errors, now))
        if not parts:
            return Ended("skipped", f"{demand}{asked}")
        self._log.write(reports, now, bool(asked))
        self._show(drift_page(Checked(parts, errors, now)))
        return Ended("done", "; ".join(_sentence(name, reports[name]) for name in reports) + asked)

    def _demand(self, since: datetime, now: datetime) -> Part | str:
        """The twenty columns of S3; a phrase where they cannot be judged."""
        current = self._features.read(since, now)
        kept = self._features.reference() or self._first_reference(since)
        if len(current) == 0:
            return "no feature rows in the window"
        if kept is None:
            return "no reference yet, and too few rows"
        said = f"of {format_utc(kept.data_from)} to {format_utc(kept.data_until)}, kept {format_utc(kept.made_at)}"
        report = judge(kept.table, current, self._rule.threshold)
        return Part(DEMAND, Judged(report, kept.table, current), f"{said} ({kept.made_for})")

    def _plants(self, now: datetime) -> Iterator[Part]:
        """PV and wind beside the same season of what the last training learned from; before it, of all earlier days."""
        since, trained = now - timedelta(days=generation.WINDOW_DAYS), self._trained_at()
        until = min(trained - self._rule.holdout, since) if trained else since
        for dataset, table in self._generation.tables(now - PLANT_REACH, now).items():
            ends_s = int(since.timestamp()), int(until.timestamp())
            judged = generation.judge_generation(table, *ends_s, self._rule.threshold)
            if judged is not None:
                yield Part(dataset, judged, f"the same season up to {format_utc(until)}")

    def _first_reference(self, until: datetime) -> Reference | None:
        """Before the first training: everything before the window, if that is enough."""
        table = self._features.read(until - REACH, until)
        if len(table) < self._rule.min_rows:
            return None
        self._features.keep_reference(table, "first check: no training has left a reference")
        return self._features.reference()

    def _concept(self, now: datetime) -> dict[str, ConceptDrift]:
        """Errors since the last training: what came before it is another model's."""
        since = max(now - timedelta(days=CONCEPT_DAYS), self._trained_at() or now - timedelta(days=CONCEPT_DAYS))
        return {kind: concept_drift(times, errors) for kind, (times, errors) in self._log.errors(since).items()}

    def _reasons(
        self, reports: Mapping[str, DriftReport], errors: Mapping[str, ConceptDrift], now: datetime
    ) -> list[str]:
        """Why a model should be trained again; a drift of plants is none while a training that may know it is fresh."""
        trained = self._trained_at()
        fresh = trained is not None and now - trained < PLANT_PAUSE
        reasons = [
            f"drift_share {r.share:.3f} > {r.threshold:g} of {name}: {_drifted(r)}"
            for name, r in reports.items()
            if r.detected and not (fresh and name != DEMAND)
        ]
        for kind, found in errors.items():
            if found.detected:
                detectors = " and ".join(
                    name for name, there in (("ADWIN", found.adwin), ("Page-Hinkley", found.page_hinkley)) if there
                )
                reasons.append(f"error of {kind} has risen by {(found.rise or 1) - 1:.0%}: {detectors}")
        return reasons

    def _act_on(self, reasons: list[str]) -> str:
        """Ask for a training where there is a reason; what to add to the sentence."""
        if not reasons:
            return ""
        name = self._retrain("drift", "; ".join(reasons))
        log.warning("drift_detected", reasons=reasons, retrain=name)
        return f"; {name} was asked for" if name else ""


def _drifted(report: DriftReport) -> str:
    return ", ".join(name for name, found in report.features.items() if found.drifted) or "none"


def _sentence(dataset: str, report: DriftReport) -> str:
    return f"{dataset}: drift_share {report.share:.3f} of {report.n_total} features, drifted: {_drifted(report)}"


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
