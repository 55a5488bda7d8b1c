"""Takes requests one at a time, beside the jobs of the slots."""

import asyncio

from prometheus_client import CollectorRegistry, Counter

from forecast_service.requests.compute import NotPossibleError, RequestAnswerer
from forecast_service.store.catalog_reader import CatalogReader
from forecast_service.store.requests import ATTEMPTS, RequestQueue, Taken
from gridseal.errors import UnavailableError
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
LOOK_EVERY_S = 30.0
"""A notification may be lost with a connection; then this is how long a request waits."""
ABANDONED_S = 120.0


class RequestLoop:
    """One worker's share of the requests."""

    def __init__(
        self, queue: RequestQueue, answerer: RequestAnswerer, catalog: CatalogReader, registry: CollectorRegistry
    ) -> None:
        self._queue, self._answerer, self._catalog = queue, answerer, catalog
        self._done = Counter(
            "gridseal_forecast_requests_total", "Requests by what became of them", ["outcome"], registry=registry
        )

    async def run(self) -> None:
        """Work until cancelled.

        Raises:
            UnavailableError: PostgreSQL does not answer.
        """
        await self._catalog.complete()
        async for _ in self._queue.news(LOOK_EVERY_S):
            while await self.step():
                pass

    async def step(self) -> bool:
        """Answer the oldest request; whether there was one."""
        taken = await asyncio.to_thread(self._queue.take, ABANDONED_S)
        if taken is None:
            return False
        outcome = await asyncio.to_thread(self._handle, taken)
        self._done.labels(outcome).inc()
        log.info("request_done", request=str(taken.request_id), outcome=outcome, attempt=taken.attempt)
        return True

    def _handle(self, taken: Taken) -> str:
        if taken.attempt > ATTEMPTS:
            self._queue.fail(taken.request_id, f"given up after {ATTEMPTS} workers ended while they worked on it")
            return "given_up"
        try:
            answer = self._answerer.answer(taken.request)
        except NotPossibleError as error:
            self._queue.fail(taken.request_id, str(error))
            return "not_possible"
        except UnavailableError:
            raise  # it stays running and is taken again
        except Exception as error:  # a request that cannot be answered must not come back for ever
            log.error("request_failed", request=str(taken.request_id), exc_info=error)
            self._queue.fail(taken.request_id, f"{type(error).__name__}: see the worker's log")
            return "failed"
        self._queue.answer(taken.request_id, answer)
        return "done"
