"""REST of forecast-service for ``asyncio``."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self, TypeVar

import httpx

from gridseal.client import calls
from gridseal.client.calls import ADDRESS, LOOK_EVERY_S, Call, bearer, detail_of
from gridseal.errors import UnavailableError
from gridseal.wire.alerts import Alert
from gridseal.wire.beliefs import BeliefsAt, RevisionList, RunMark
from gridseal.wire.fields import Message
from gridseal.wire.flows import FlowRunList, FlowRunView, FlowView
from gridseal.wire.forecasts import ForecastRun
from gridseal.wire.requests import ForecastAnswer, ForecastJob, ForecastRequest
from gridseal.wire.views import ForecastSummary, ProductState, SeriesForecastView

M = TypeVar("M", bound=Message)


class AsyncForecastClient:
    """As ``ForecastClient``, for ``asyncio``. Close it, or use it in an ``async with`` statement."""

    def __init__(self, base_url: str = ADDRESS, *, timeout_s: float = 10, token: str | None = None) -> None:
        """``token``: a bearer token or an API key, where there is a login."""
        self._http = httpx.AsyncClient(base_url=base_url, timeout=timeout_s, headers=bearer(token))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def latest(
        self, *, site_id: str | None = None, series_id: str | None = None, product_id: str | None = None,
        hours: int = 24, as_at: datetime | None = None,
    ) -> AsyncIterator[SeriesForecastView]:  # fmt: skip
        """The newest forecast of each series, page after page, with ``hours`` of actuals."""
        return self._pages("latest", site_id, series_id, product_id, hours, as_at)

    def day_ahead(
        self, *, site_id: str | None = None, series_id: str | None = None, hours: int = 24,
        as_at: datetime | None = None,
    ) -> AsyncIterator[SeriesForecastView]:  # fmt: skip
        """The next local day of each series that has a day-ahead product."""
        return self._pages("day-ahead", site_id, series_id, None, hours, as_at)

    def intraday(
        self, *, site_id: str | None = None, series_id: str | None = None, hours: int = 24,
        as_at: datetime | None = None,
    ) -> AsyncIterator[SeriesForecastView]:  # fmt: skip
        """The next hours of each series that has an intraday product."""
        return self._pages("intraday", site_id, series_id, None, hours, as_at)

    async def at(
        self, series_id: str, as_at: datetime | None = None, *, product_id: str | None = None,
        before: Sequence[timedelta] = (), begin: datetime | None = None, end: datetime | None = None,
    ) -> BeliefsAt:  # fmt: skip
        """What was believed at a moment for each period in ``[begin, end)``, and so long ``before`` it."""
        return await self._do(calls.at(series_id, as_at, product_id, before, begin, end))

    async def history(
        self, series_id: str, *, product_id: str | None = None, as_at: datetime | None = None
    ) -> AsyncIterator[RunMark]:
        """The runs of a series that had been issued by ``as_at``, newest first, page after page."""
        cursor: str | None = None
        while True:
            page = await self._do(calls.history(series_id, product_id, as_at, cursor))
            for item in page.items:
                yield item
            cursor = page.next_cursor
            if cursor is None:
                return

    async def revisions(self, series_id: str, target: datetime, *, product_id: str | None = None) -> RevisionList:
        """How the view of the period that starts at ``target`` changed from run to run."""
        return await self._do(calls.revisions(series_id, target, product_id))

    async def products(self) -> list[ProductState]:
        """What is forecast, for which periods, and when next."""
        return list((await self._do(calls.products())).items)

    async def summary(self) -> ForecastSummary:
        """How many runs there are, which model serves, how it scored."""
        return await self._do(calls.summary())

    async def run(self, run_id: str) -> ForecastRun:
        """One run as it was issued and sealed."""
        return await self._do(calls.run(run_id))

    async def alerts(self, *, site_id: str | None = None, limit: int = 50) -> list[Alert]:
        """Newest alerts first."""
        return list((await self._do(calls.alerts(site_id, limit))).items)

    async def request(self, wanted: ForecastRequest, *, key: str | None = None) -> ForecastJob:
        """Ask for a forecast; the same ``key`` twice is one request."""
        return await self._do(calls.request(wanted, key))

    async def job(self, job_id: str) -> ForecastJob:
        """Where a request stands, with its answer once it is there."""
        return await self._do(calls.job(job_id))

    async def forecast(
        self, wanted: ForecastRequest, *, key: str | None = None, within_s: float = 60
    ) -> ForecastAnswer:
        """Ask for a forecast and wait for it.

        Raises:
            UnavailableError: No worker answered in time; the request stays, ``job`` finds it.
        """
        job, end = await self.request(wanted, key=key), time.monotonic() + within_s
        while (answer := calls.answer_of(job)) is None:
            if time.monotonic() > end:
                raise UnavailableError(f"job {job.job_id} has no answer after {within_s:g} s: check that a worker runs")
            await asyncio.sleep(LOOK_EVERY_S)
            job = await self.job(job.job_id)
        return answer

    async def flows(self) -> list[FlowView]:
        """What the scheduler runs, when each is due next, and its newest run."""
        return list((await self._do(calls.flows())).items)

    async def flow_runs(self, flow: str, *, limit: int = 50, before: datetime | None = None) -> FlowRunList:
        """Runs of a flow, newest first; ``next_before`` of the answer is the ``before`` of the next page."""
        return await self._do(calls.flow_runs(flow, limit, before))

    async def flow_run(self, flow: str, job_id: str) -> FlowRunView:
        """One run of a flow."""
        return await self._do(calls.flow_run(flow, job_id))

    async def _pages(
        self, which: str, site_id: str | None, series_id: str | None, product_id: str | None, hours: int,
        as_at: datetime | None,
    ) -> AsyncIterator[SeriesForecastView]:  # fmt: skip
        cursor: str | None = None
        while True:
            page = await self._do(
                calls.latest(
                    which, site_id=site_id, series_id=series_id, product_id=product_id, hours=hours, as_at=as_at,
                    cursor=cursor,
                )
            )  # fmt: skip
            for item in page.items:
                yield item
            cursor = page.next_cursor
            if cursor is None:
                return

    async def _do(self, call: Call[M]) -> M:
        try:
            answer = await self._http.request(
                call.method, call.path, params=dict(call.query), content=call.content, headers=dict(call.headers)
            )
        except httpx.TransportError as error:
            raise UnavailableError(f"forecast-service does not answer at {self._http.base_url}") from error
        return call.answer(answer.status_code, answer.content, detail_of(answer))
