"""What a flow is and when it is due. Pure.

S3 knows three flows, ``data-ingestion``, ``drift-check`` and ``retrain``; ``performance-check``, ``fine-tune`` and one
``forecast-<product>`` per product stand beside them. A flow runs by cron, when its data has moved on, or when asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from gridseal.wire.flows import FlowCause

DATA_INGESTION, DRIFT_CHECK, RETRAIN, PERFORMANCE_CHECK, FINE_TUNE = (
    "data-ingestion",
    "drift-check",
    "retrain",
    "performance-check",
    "fine-tune",
)
FORECAST_PREFIX = "forecast-"
Cause = FlowCause


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow as ``forecast.flows`` holds it."""

    name: str
    cron: str | None = None
    """Five fields, on domain time in ``timezone``."""
    timezone: str = "UTC"
    data_step_s: int | None = None
    """Runs when the newest of its data is this many seconds newer than at its last run."""
    enabled: bool = True
    retries: int = 3
    retry_s: int = 60


@dataclass(frozen=True, slots=True)
class FlowRun:
    """One run, queued or under way."""

    job_id: str
    flow: str
    cause: Cause
    reason: str
    attempt: int
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a run: ``skipped`` where there was nothing to do, with the reason."""

    state: Literal["done", "skipped"]
    detail: str


STANDARD = (
    Flow(DATA_INGESTION, cron="0 */6 * * *"),
    Flow(DRIFT_CHECK, cron="0 0 * * *"),
    Flow(PERFORMANCE_CHECK, data_step_s=3_600),
    Flow(RETRAIN),
    Flow(FINE_TUNE, cron="0 3 * * 0", enabled=False),
)
"""``retrain`` is asked for by the training rule, by a check or by hand. ``fine-tune`` costs a sixth of a training
each time: it is off until it is switched on."""


def standard_with(fine_tune_cron: str) -> tuple[Flow, ...]:
    """The standard flows, with ``fine-tune`` on at this cron; as they are where it is empty."""
    on = Flow(FINE_TUNE, cron=fine_tune_cron)
    return tuple(on if fine_tune_cron and flow.name == FINE_TUNE else flow for flow in STANDARD)


def check_cron(cron: str, timezone: str) -> str | None:
    """What is wrong with a cron expression or zone; none where both can be used."""
    try:
        CronSim(cron, datetime(2026, 1, 1, tzinfo=ZoneInfo(timezone)))
    except CronSimError:
        return f"{cron!r} is no cron expression: five fields, minute hour day month weekday"
    except (ZoneInfoNotFoundError, ValueError):
        return f"{timezone!r} is no IANA time zone"
    return None


def cron_before(cron: str, timezone: str, now: datetime) -> datetime:
    """The last moment at or before ``now`` that the expression names, in UTC; hours that a zone skips are moved on.

    Raises:
        StopIteration: The expression names none within fifty years.
    """
    zone = ZoneInfo(timezone)
    # Going back starts before the given minute.
    start = now.astimezone(zone).replace(second=0, microsecond=0) + timedelta(minutes=1)
    found = next(CronSim(cron, start, reverse=True))
    return found.astimezone(now.tzinfo)


def cron_after(cron: str, timezone: str, now: datetime) -> datetime:
    """The next moment after ``now``, in the zone of ``now``."""
    return next(CronSim(cron, now.astimezone(ZoneInfo(timezone)))).astimezone(now.tzinfo)


def due(flow: Flow, now: datetime, last: datetime, data: datetime | None, seen: datetime | None) -> Cause | None:
    """Why the flow is due now; none where it is not. After a pause it is due once.

    Args:
        flow: The flow.
        now: Domain time.
        last: Domain time of its last run, or since when the scheduler looks after it.
        data: Newest moment that its data speaks of.
        seen: That of its last run.
    """
    if not flow.enabled:
        return None
    if flow.cron is not None and cron_before(flow.cron, flow.timezone, now) > last:
        return "schedule"
    if flow.data_step_s is not None and data is not None:
        moved = seen is None or data - seen >= timedelta(seconds=flow.data_step_s)
        return "data" if moved else None
    return None
