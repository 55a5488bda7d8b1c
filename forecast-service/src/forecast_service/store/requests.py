"""Table ``forecast.requests``: the API writes and reads, a worker takes and answers."""

import uuid
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from forecast_service.store.database import AsyncPool, Pool, answering
from gridseal.wire.codec import encode_dict
from gridseal.wire.requests import ForecastAnswer, ForecastJob, ForecastRequest

CHANNEL = "forecast_requests"
ATTEMPTS = 3
_COLUMNS = "request_id, state, requested_at, body, detail, answer"
_ADD = f"""
INSERT INTO forecast.requests (request_id, idempotency_key, requested_at, body) VALUES (%s, %s, %s, %s)
ON CONFLICT (tenant_id, idempotency_key) DO NOTHING RETURNING {_COLUMNS}
"""
_BY_KEY = f"SELECT {_COLUMNS} FROM forecast.requests WHERE idempotency_key = %s"
_BY_ID = f"SELECT {_COLUMNS} FROM forecast.requests WHERE request_id = %s"
_OPEN = "SELECT count(*) FROM forecast.requests WHERE state IN ('queued', 'running')"
# A job that was running longer than any takes was given up by a worker that died: it is taken again.
_TAKE = """
UPDATE forecast.requests SET state = 'running', attempt = attempt + 1, started_at = clock_timestamp()
WHERE request_id = (
  SELECT request_id FROM forecast.requests
  WHERE state = 'queued' OR (state = 'running' AND started_at < clock_timestamp() - make_interval(secs => %s))
  ORDER BY recorded_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING request_id, body, attempt
"""
_FINISH = """
UPDATE forecast.requests SET state = %s, detail = %s, answer = %s, finished_at = clock_timestamp()
WHERE request_id = %s AND state = 'running'
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A request in the hands of this worker."""

    request_id: uuid.UUID
    request: ForecastRequest
    attempt: int


class RequestTable:
    """The API's end."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool

    async def add(self, request: ForecastRequest, at: datetime, key: str | None) -> ForecastJob:
        """Queue a request; the one of the same key where there is one already."""
        with answering():
            async with self._pool.connection() as connection:
                body = Jsonb(encode_dict(request))
                cursor = await connection.execute(_ADD.encode(), (uuid.uuid4(), key, at, body))
                row = await cursor.fetchone()
                if row is None:
                    row = await (await connection.execute(_BY_KEY.encode(), (key,))).fetchone()
                await connection.execute(f"NOTIFY {CHANNEL}")
        assert row is not None
        return _job(row)

    async def read(self, request_id: uuid.UUID) -> ForecastJob | None:
        """One request, or none of that id."""
        with answering():
            async with self._pool.connection() as connection:
                row = await (await connection.execute(_BY_ID.encode(), (request_id,))).fetchone()
        return _job(row) if row else None

    async def open(self) -> int:
        """How many wait or are worked on."""
        with answering():
            async with self._pool.connection() as connection:
                row = await (await connection.execute(_OPEN)).fetchone()
        return int(row[0]) if row else 0


class RequestQueue:
    """The worker's end. Methods block, but for ``news``."""

    def __init__(self, pool: Pool, dsn: str) -> None:
        self._pool, self._dsn = pool, dsn

    def take(self, abandoned_s: float) -> Taken | None:
        """The oldest request that nobody works on, or has worked on for ``abandoned_s``."""
        with answering(), self._pool.connection() as connection:
            row = connection.execute(_TAKE, (abandoned_s,)).fetchone()
        return Taken(row[0], ForecastRequest.model_validate(row[1]), row[2]) if row else None

    def answer(self, request_id: uuid.UUID, answer: ForecastAnswer) -> None:
        """It is done."""
        self._finish("done", "", Jsonb(encode_dict(answer)), request_id)

    def fail(self, request_id: uuid.UUID, detail: str) -> None:
        """It cannot be done; one sentence why."""
        self._finish("failed", detail, None, request_id)

    async def news(self, every_s: float) -> AsyncGenerator[None]:
        """Once at the start, then when a request came in, at the latest after ``every_s``.

        Raises:
            UnavailableError: PostgreSQL does not answer.
        """
        with answering():
            async with await AsyncConnection.connect(self._dsn, autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                while True:
                    yield None
                    async for _ in connection.notifies(timeout=every_s, stop_after=1):
                        pass

    def _finish(self, state: str, detail: str, answer: Jsonb | None, request_id: uuid.UUID) -> None:
        with answering(), self._pool.connection() as connection:
            connection.execute(_FINISH, (state, detail, answer, request_id))


def _job(row: tuple[Any, ...]) -> ForecastJob:
    request_id, state, at, body, detail, answer = row
    return ForecastJob(
        job_id=str(request_id), state=state, requested_at=at, request=ForecastRequest.model_validate(body),
        detail=detail, answer=ForecastAnswer.model_validate(answer) if answer else None,
    )  # fmt: skip
