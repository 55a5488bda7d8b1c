"""A recalibration that an operator asked for on the chain."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

OverrideState = Literal["asked", "queued", "running", "done", "skipped", "failed", "linked"]
"""``done``: the job has ended well; ``linked``: the first run after it is known too. ``skipped``, ``failed`` end it."""
FINISHED: tuple[OverrideState, ...] = ("skipped", "failed", "linked")


@dataclass(frozen=True, slots=True)
class Override:
    """One request. ``asked_at`` is the time of its block, domain time; ``done_at`` is wall time."""

    deployment: str
    request_id: int
    product_id: str | None
    """None while no product of that hash is known."""
    product_hash: str
    operator: str
    reason_hash: str
    asked_at: datetime
    tx_hash: str
    reason: str | None = None
    state: OverrideState = "asked"
    flow: str | None = None
    job_id: str | None = None
    detail: str = ""
    done_at: datetime | None = None
    model_name: str | None = None
    model_version: str | None = None
    first_run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job of forecast-service, as its API tells it."""

    job_id: str
    flow: str
    state: str
    detail: str
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewVersion:
    """The first run of a product after a job."""

    run_id: str
    model_name: str
    model_version: str


def state_after(job: Job) -> OverrideState:
    """What a job's state means for the request: everything that is not over is under way."""
    match job.state:
        case "done" | "skipped" | "failed":
            return job.state
        case "queued":
            return "queued"
        case _:
            return "running"
