"""When a training is due. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from forecast_service.store.job_runs import TrainingState

RETRY_CAP_S = 3_600.0


@dataclass(frozen=True, slots=True)
class TrainingRule:
    """How often, on which clock, and how patiently after failures."""

    every: timedelta
    clock: Literal["domain", "wall"]
    retry_s: float
    min_days: float


def retrain_may_follow(state: TrainingState, domain_now: datetime, pause: timedelta) -> bool:
    """Whether a check may ask for a training: none has ended within ``pause``, and the last one did not fail.

    After a failure the schedule's own patience counts: what failed for want of a server fails again at once.
    """
    if state.failures:
        return False
    return state.done_domain is None or domain_now - state.done_domain >= pause


def training_due(
    rule: TrainingRule, state: TrainingState, days: float, wall_now: datetime, domain_now: datetime
) -> str | None:
    """The reason to train now, or none."""
    if days < rule.min_days:
        return None
    if state.failures:
        wait = min(rule.retry_s * 2 ** (state.failures - 1), RETRY_CAP_S)
        waited = state.last_wall is None or wall_now - state.last_wall >= timedelta(seconds=wait)
        return f"try {state.failures + 1} after a failure" if waited else None
    if state.done_wall is None or state.done_domain is None:
        return "first training"
    age = domain_now - state.done_domain if rule.clock == "domain" else wall_now - state.done_wall
    return "schedule" if age >= rule.every else None
