"""What forecast-service says about its flows: the shapes of ``/api/v1/jobs``, and of a line of their history."""

from typing import Literal

from pydantic import JsonValue

from gridseal.wire.fields import Message, UtcTime

FlowCause = Literal["schedule", "data", "drift", "performance", "manual"]
"""Why a run came about; the words in ``job_runs.cause`` and in the label of ``retrain_triggered_total``."""


class FlowRunView(Message):
    """One run of a flow. ``domain_at``, ``slot`` and ``data_until`` are domain time, the others wall time."""

    job_id: str
    flow: str
    state: str
    """``queued``, ``running``, ``retrying``, ``done``, ``skipped``, ``failed``; of slot jobs what the worker said."""
    cause: FlowCause
    reason: str
    attempt: int
    missed: int
    """Slots that went by before this one without a job."""
    detail: str
    parameters: dict[str, JsonValue]
    slot: UtcTime | None
    domain_at: UtcTime
    started_at: UtcTime
    finished_at: UtcTime | None
    next_try_at: UtcTime | None
    data_until: UtcTime | None


class FlowView(Message):
    """One flow, when it is due next by its cron (domain time), and its newest run."""

    flow: str
    cron: str | None
    timezone: str
    data_step_s: int | None
    enabled: bool
    retries: int
    retry_s: int
    next_due: UtcTime | None
    newest: FlowRunView | None


class FlowList(Message):
    """Answer of ``GET /api/v1/jobs``: every flow."""

    items: tuple[FlowView, ...]


class FlowRunList(Message):
    """Answer of ``GET /api/v1/jobs/{flow}/runs``: newest first. ``next_before`` is the ``before`` of the next page."""

    items: tuple[FlowRunView, ...]
    next_before: UtcTime | None
