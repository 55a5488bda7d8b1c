"""Keeps every prediction for later comparison, without a request ever waiting for it or failing by it."""

import asyncio
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter

from forecast_service.store.energy import Prediction
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
CAPACITY = 10_000
BATCH = 500
RETRY_S = 2.0
FLUSH_S = 3.0


class Table(Protocol):
    """``store.energy.PredictionTable`` is one."""

    async def write(self, predictions: list[Prediction]) -> None:
        """Append all or none."""
        ...


class PredictionLog:
    """A bounded queue before the table. What does not fit while the database is away is counted as lost."""

    def __init__(
        self, table: Table, registry: CollectorRegistry, *, capacity: int = CAPACITY, retry_s: float = RETRY_S
    ) -> None:
        self._table, self._retry_s = table, retry_s
        self._queue: asyncio.Queue[Prediction] = asyncio.Queue(capacity)
        self._failed = Counter(
            "gridseal_prediction_log_failures_total", "Writes of the prediction log that failed", registry=registry
        )
        self._lost = Counter(
            "gridseal_prediction_log_lost_total", "Predictions that could not be logged", registry=registry
        )

    def note(self, prediction: Prediction) -> None:
        """Take a prediction. Never fails, never waits."""
        try:
            self._queue.put_nowait(prediction)
        except asyncio.QueueFull:
            self._lost.inc()

    async def run(self) -> None:
        """Write until cancelled; what is in hand then is written once more."""
        batch: list[Prediction] = []
        try:
            while True:
                if not batch:
                    batch.append(await self._queue.get())
                while len(batch) < BATCH and not self._queue.empty():
                    batch.append(self._queue.get_nowait())
                if await self._write(batch):
                    batch = []
                else:
                    await asyncio.sleep(self._retry_s)
        finally:
            while not self._queue.empty():
                batch.append(self._queue.get_nowait())
            if batch:
                await self._last(batch)

    async def _last(self, batch: list[Prediction]) -> None:
        written = False
        try:
            async with asyncio.timeout(FLUSH_S):
                written = await self._write(batch)
        except TimeoutError:
            log.warning("prediction_log_unflushed", predictions=len(batch))
        if not written:
            self._lost.inc(len(batch))

    async def _write(self, batch: list[Prediction]) -> bool:
        try:
            await self._table.write(batch)
        except Exception as error:  # no way of failing to log may reach the one who asked
            self._failed.inc()
            log.warning("prediction_log_failed", predictions=len(batch), error=type(error).__name__)
            return False
        return True
