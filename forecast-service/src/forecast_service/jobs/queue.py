"""The Redis Stream of forecast jobs: one entry per slot, handed to one worker at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from gridseal.errors import UnavailableError
from gridseal.wire.fields import format_utc

STREAM = "gs:jobs:forecast"
GROUP = "workers"
_KEEP_S = 86_400
_ONCE = """
if redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[1]) then
  return redis.call('XADD', KEYS[1], 'MAXLEN', '~', 10000, '*',
                    'product_id', ARGV[2], 'slot', ARGV[3], 'traceparent', ARGV[4])
end
return false
"""


@dataclass(frozen=True, slots=True)
class Job:
    """Issue the run of one slot. ``entry`` is its place in the stream."""

    entry: str
    product_id: str
    slot: datetime
    traceparent: str


class JobQueue:
    """Both ends of the stream."""

    def __init__(self, redis: Redis, stream: str = STREAM) -> None:
        self._redis = redis
        self._stream = stream
        self._cursor = "0-0"

    async def send(self, job_id: str, product_id: str, slot: datetime, traceparent: str) -> bool:
        """Add the job unless it is there; the same slot twice is one entry.

        Raises:
            UnavailableError: Redis does not answer.
        """
        arguments = (_KEEP_S, product_id, format_utc(slot), traceparent)
        try:
            return bool(await self._redis.eval(_ONCE, 2, self._stream, f"{self._stream}:once:{job_id}", *arguments))
        except RedisError as error:
            raise _gone(error) from error

    async def probe(self) -> None:
        """Whether Redis answers."""
        await self._redis.exists(self._stream)

    async def open(self) -> None:
        """Create stream and group where they are missing."""
        try:
            await self._redis.xgroup_create(self._stream, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise _gone(error) from error
        except RedisError as error:
            raise _gone(error) from error

    async def take(self, worker: str, *, idle_s: float, block_s: float) -> list[Job]:
        """Jobs abandoned for ``idle_s``, else what is new; empty after ``block_s``.

        Raises:
            UnavailableError: Redis does not answer.
        """
        try:
            answer = await self._redis.xautoclaim(
                self._stream, GROUP, worker, min_idle_time=int(idle_s * 1000), start_id=self._cursor, count=8
            )
            self._cursor = _text(answer[0])
            claimed = await self._parse(answer[1])
            if claimed:
                return claimed
            return await self._read(worker, ">", int(block_s * 1000))
        except ResponseError as error:
            if "NOGROUP" in str(error):  # Redis came back without its data
                await self.open()
                return []
            raise _gone(error) from error
        except RedisError as error:
            raise _gone(error) from error

    async def mine(self, worker: str) -> list[Job]:
        """Jobs this worker took in an earlier life and did not finish."""
        try:
            return await self._read(worker, "0", None)
        except RedisError as error:
            raise _gone(error) from error

    async def done(self, job: Job) -> None:
        """Nothing is left to do for this job."""
        try:
            await self._redis.xack(self._stream, GROUP, job.entry)
        except RedisError as error:
            raise _gone(error) from error

    async def _read(self, worker: str, after: str, block_ms: int | None) -> list[Job]:
        answer = await self._redis.xreadgroup(GROUP, worker, {self._stream: after}, count=8, block=block_ms)
        streams = answer.values() if isinstance(answer, dict) else [entries for _, entries in answer or []]
        jobs: list[Job] = []
        for entries in streams:
            jobs += await self._parse(entries)
        return jobs

    async def _parse(self, entries: Any) -> list[Job]:
        jobs = []
        for entry, fields in _flat(entries):
            values = {_text(k): _text(v) for k, v in (fields or {}).items()}
            try:
                slot = datetime.fromisoformat(values["slot"])
                jobs.append(Job(_text(entry), values["product_id"], slot, values.get("traceparent", "")))
            except (KeyError, ValueError):  # trimmed away, or written by hand: nothing to work on
                await self._redis.xack(self._stream, GROUP, entry)
        return jobs


def _flat(entries: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    for item in entries:
        if isinstance(item, list) and item and isinstance(item[0], (list, tuple)):
            found += _flat(item)
        else:
            found.append((item[0], item[1]))
    return found


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _gone(error: RedisError) -> UnavailableError:
    return UnavailableError(f"Redis does not answer ({type(error).__name__}): check that the server runs")
