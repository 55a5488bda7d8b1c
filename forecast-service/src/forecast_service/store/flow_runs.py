"""The queue and the history of flow runs: tables ``forecast.flows`` and ``forecast.job_runs``."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from forecast_service.jobs.flows import RETRAIN, Cause, Flow, FlowRun
from forecast_service.store.database import Pool, answering
from gridseal.wire.flows import FlowRunView

_OPEN = "state IN ('queued', 'running', 'retrying')"
_FLOW = "flow, cron, timezone, data_step_s, enabled, retries, retry_s"
_COLUMNS = tuple(FlowRunView.model_fields)
_ROW = f"SELECT {', '.join(_COLUMNS)} FROM forecast.job_runs "


class FlowRuns:
    """Methods block: call them from a thread."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def seed(self, flows: Sequence[Flow]) -> None:
        """Add flows that are not there; what is there may have been changed by an operator and stays."""
        rows = [(f.name, f.cron, f.timezone, f.data_step_s, f.enabled, f.retries, f.retry_s) for f in flows]
        with answering(), self._pool.connection() as connection, connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO forecast.flows ({_FLOW}) VALUES (%s, %s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (tenant_id, flow) DO NOTHING".encode(),
                rows,
            )

    def flows(self) -> list[Flow]:
        """All flows, by name."""
        with answering(), self._pool.connection() as connection:
            return [Flow(*row) for row in connection.execute(f"SELECT {_FLOW} FROM forecast.flows ORDER BY 1".encode())]

    def change(self, flow: Flow) -> bool:
        """Keep another schedule of a flow; false where there is none of that name."""
        query = (
            "UPDATE forecast.flows SET cron = %s, timezone = %s, data_step_s = %s, enabled = %s, retries = %s,"
            " retry_s = %s, updated_at = clock_timestamp() WHERE flow = %s"
        )
        values = (flow.cron, flow.timezone, flow.data_step_s, flow.enabled, flow.retries, flow.retry_s, flow.name)
        with answering(), self._pool.connection() as connection:
            return connection.execute(query, values).rowcount == 1

    def enqueue(
        self, flow: str, cause: Cause, reason: str, domain_at: datetime, *,
        parameters: Mapping[str, object] | None = None, key: str | None = None, data_until: datetime | None = None,
    ) -> tuple[str, bool]:  # fmt: skip
        """Queue a run; its id and whether it is new.

        The same key again is the same run; a flow with an open run gets no second one.
        """
        name = f"{flow}-{uuid.uuid4().hex[:12]}"
        query = (
            "INSERT INTO forecast.job_runs (job_id, kind, flow, state, cause, reason, parameters, request_key,"
            " domain_at, data_until, attempt) VALUES (%s, %s, %s, 'queued', %s, %s, %s, %s, %s, %s, 0)"
        )
        kind = "train" if flow == RETRAIN else "flow"
        values = (name, kind, flow, cause, reason, Jsonb(parameters or {}), key, domain_at, data_until)
        with answering(), self._pool.connection() as connection:
            known = self._known(flow, key)
            if known is not None:
                return known, False
            try:
                with connection.transaction():
                    connection.execute(query, values)
            except UniqueViolation:
                return self._known(flow, key) or name, False
        return name, True

    def _known(self, flow: str, key: str | None) -> str | None:
        query = (
            "SELECT job_id FROM forecast.job_runs WHERE flow = %s"
            f" AND (request_key = %s OR kind <> 'forecast' AND {_OPEN})"
            " ORDER BY request_key = %s DESC NULLS LAST LIMIT 1"
        )
        with self._pool.connection() as connection:
            row = connection.execute(query.encode(), (flow, key, key)).fetchone()
        return str(row[0]) if row else None

    def ready(self) -> list[FlowRun]:
        """Runs to start now: queued, or waiting for a try whose time has come. Oldest first."""
        query = (
            "SELECT job_id, flow, cause, reason, attempt, parameters FROM forecast.job_runs WHERE kind <> 'forecast'"
            " AND (state = 'queued' OR state = 'retrying' AND next_try_at <= clock_timestamp()) ORDER BY started_at"
        )
        with answering(), self._pool.connection() as connection:
            return [FlowRun(*row) for row in connection.execute(query)]

    def started(self, job_id: str) -> None:
        """A try begins."""
        self._run(
            "UPDATE forecast.job_runs SET state = 'running', attempt = attempt + 1, next_try_at = NULL,"
            " started_at = CASE attempt WHEN 0 THEN clock_timestamp() ELSE started_at END WHERE job_id = %s",
            (job_id,),
        )

    def ended(self, job_id: str, state: str, detail: str) -> None:
        """Nothing is left to do for a run."""
        self._run(
            "UPDATE forecast.job_runs SET state = %s, detail = %s, finished_at = clock_timestamp() WHERE job_id = %s",
            (state, detail[:1_000], job_id),
        )

    def retry(self, job_id: str, in_s: float, detail: str) -> None:
        """Another try, some wall seconds from now."""
        self._run(
            "UPDATE forecast.job_runs SET state = 'retrying', detail = %s,"
            " next_try_at = clock_timestamp() + make_interval(secs => %s) WHERE job_id = %s",
            (detail[:1_000], in_s, job_id),
        )

    def put_back(self, job_id: str, detail: str) -> None:
        """A run was interrupted by the end of the scheduler: the next one starts it anew, at no cost of a try."""
        self._run(
            "UPDATE forecast.job_runs SET state = 'queued', attempt = greatest(attempt - 1, 0), detail = %s"
            " WHERE job_id = %s AND state = 'running'",
            (detail, job_id),
        )

    def take_over(self) -> int:
        """Runs that a dead scheduler left running are tried again; how many. Only the leader may ask."""
        query = (
            "UPDATE forecast.job_runs SET state = 'retrying', next_try_at = clock_timestamp(),"
            " detail = 'the scheduler ended while it ran' WHERE kind <> 'forecast' AND state = 'running'"
        )
        with answering(), self._pool.connection() as connection:
            return connection.execute(query).rowcount

    def last(self, flow: str) -> tuple[datetime | None, datetime | None]:
        """Domain time of the newest run by its own trigger, and how far its data went."""
        query = (
            "SELECT max(domain_at) FILTER (WHERE cause IN ('schedule', 'data')), max(data_until)"
            " FROM forecast.job_runs WHERE flow = %s AND kind <> 'forecast'"
        )
        with answering(), self._pool.connection() as connection:
            row = connection.execute(query, (flow,)).fetchone()
        return (row[0], row[1]) if row else (None, None)

    def run(self, job_id: str) -> FlowRunView | None:
        """One run."""
        with answering(), self._pool.connection() as connection:
            row = connection.execute((_ROW + "WHERE job_id = %s").encode(), (job_id,)).fetchone()
        return _view(row) if row else None

    def history(self, flow: str, limit: int, before: datetime | None = None) -> list[FlowRunView]:
        """Runs of a flow, newest first."""
        query = (
            f"{_ROW}WHERE flow = %s AND started_at < coalesce(%s::timestamptz, 'infinity')"
            " ORDER BY started_at DESC LIMIT %s"
        )
        with answering(), self._pool.connection() as connection:
            return [_view(row) for row in connection.execute(query.encode(), (flow, before, limit))]

    def _run(self, query: str, arguments: tuple[object, ...]) -> None:
        with answering(), self._pool.connection() as connection:
            connection.execute(query.encode(), arguments)


def _view(row: Sequence[object]) -> FlowRunView:
    return FlowRunView.model_validate(dict(zip(_COLUMNS, row, strict=True)))
