"""The figures of the report, as plain numbers. ``None`` means the part did not answer."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Flow:
    """Telemetry from the devices to the store."""

    messages_sent: int
    messages_received: int
    messages_refused: int
    readings_sent: int
    readings_stored: int
    readings_refused: int
    duplicates_removed: int
    stored_twice: int
    queued: int
    """Messages the devices still hold because no receipt covers them yet."""
    caught_up: bool
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None

    @property
    def readings_lost(self) -> int:
        """Readings that left a device, are in nobody's hands and are not stored. Exact once nothing is queued."""
        return self.readings_sent - self.readings_stored - self.readings_refused


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Matured forecasts of one kind, served model beside the analogue baseline."""

    kind: str
    model: str
    forecasts: int
    pinball_ratio: float
    coverage_90_ratio: float | None


@dataclass(frozen=True, slots=True)
class Seals:
    """What was verified by the report itself, with the code of ``gridseal verify``."""

    runs_issued: int
    runs_mined: int
    runs_late: int
    verified: dict[str, int]
    """Per site: number of runs whose forecast was verified against the chain."""
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rounds:
    """What the contract of settlements computed."""

    settled: int
    """Rounds in which both the forecast and the benchmark were scored."""
    ahead: int
    """Those in which the forecast had the smaller loss."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One look at the whole system."""

    elapsed_s: float
    flow: Flow | None = None
    seals: Seals | None = None
    rounds: Rounds | None = None
    champion: str | None = None
    training: str | None = None
    """State of the last training job, in words."""
    accuracy: tuple[Accuracy, ...] = ()
    sites: tuple[str, ...] = ()
    alerts: int | None = None
    backfill_readings_per_s: float | None = None
    """Device to store; none when there was nothing to back-fill since the report began."""
    processes: tuple[dict[str, Any], ...] = ()
    milestones: dict[str, float] = field(default_factory=dict)
    """Seconds since the start at which something was first seen."""
    silent: tuple[str, ...] = ()
    """Parts that did not answer, each with why."""
