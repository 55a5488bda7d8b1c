"""Commit first, then Kafka, then the flag; the job last."""

from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from forecast_service.jobs.queue import Job
from forecast_service.store.database import Pool
from forecast_service.store.runs import RunStore
from forecast_service.worker.issue import Outcome
from forecast_service.worker.loop import WorkerLoop
from forecast_service.worker.metrics import WorkerMetrics
from forecast_service.worker.relay import Relay
from gridseal.errors import UnavailableError
from gridseal.runtime.metrics import new_registry
from gridseal.wire.codec import decode
from gridseal.wire.forecasts import ForecastRun

from .builders import SLOT, a_run


class Broker:
    """Acknowledges, or is away."""

    def __init__(self) -> None:
        self.away = False
        self.got: list[tuple[bytes, bytes, dict[str, bytes]]] = []

    async def send_and_wait(self, topic: str, value: bytes, key: bytes, headers: list[tuple[str, bytes]]) -> None:
        if self.away:
            raise KafkaConnectionError("no broker")
        self.got.append((key, value, dict(headers)))


@pytest.mark.servers
async def test_a_run_that_kafka_did_not_take_is_sent_again_later_and_only_until_then(pool: Pool) -> None:
    broker, runs = Broker(), RunStore(pool)
    relay = Relay(broker, runs, WorkerMetrics(new_registry()))
    runs.write(a_run(), (), "00-trace")
    broker.away = True
    with pytest.raises(UnavailableError, match="outbox"):
        await relay.flush()
    broker.away = False

    sent = [await relay.flush(), await relay.flush()]

    ((key, value, headers),) = broker.got
    assert sent == [1, 0]
    assert key.decode() == a_run().run_id
    assert decode(ForecastRun, value) == a_run()
    assert headers["traceparent"] == b"00-trace"


class Parts:
    """Stands for queue, issuer, relay and job table; writes down what is asked of it, in order."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.calls: list[str] = []
        self._failure = failure

    async def issue(self, job: Job) -> Outcome:
        self.calls.append("issue")
        if self._failure is not None:
            raise self._failure
        return Outcome("issued", "")

    async def flush(self) -> int:
        self.calls.append("flush")
        return 1

    def finished(self, job_id: str, state: str, detail: str) -> None:
        self.calls.append(state)

    async def done(self, job: Job) -> None:
        self.calls.append("done")


def a_loop(parts: Any) -> WorkerLoop:
    return WorkerLoop("w", parts, parts, parts, parts, parts, WorkerMetrics(new_registry()), 1)


async def test_a_job_is_acknowledged_after_its_run_is_published() -> None:
    parts = Parts()

    await a_loop(parts)._handle(Job("1-0", "site-6h", SLOT, ""))

    assert parts.calls == ["issue", "flush", "issued", "done"]


async def test_a_job_that_cannot_be_done_is_recorded_and_put_away() -> None:
    parts = Parts(ValueError("crossed quantiles"))

    await a_loop(parts)._handle(Job("1-0", "site-6h", SLOT, ""))

    assert parts.calls == ["issue", "flush", "failed", "done"]


async def test_a_job_stays_pending_while_a_store_is_away() -> None:
    parts = Parts(UnavailableError("PostgreSQL does not answer"))

    with pytest.raises(UnavailableError):
        await a_loop(parts)._handle(Job("1-0", "site-6h", SLOT, ""))

    assert parts.calls == ["issue"]
