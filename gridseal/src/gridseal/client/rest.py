"""REST of forecast-service, blocking and not."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from gridseal.errors import GridsealError, UnavailableError, WireError
from gridseal.wire.alerts import Alert
from gridseal.wire.codec import decode
from gridseal.wire.fields import Message, format_utc
from gridseal.wire.forecasts import ForecastRun
from gridseal.wire.views import AlertList, ForecastSummary, LatestForecasts, SeriesForecastView

M = TypeVar("M", bound=Message)
FORECASTS = "/api/v1/forecasts"
ALERTS = "/api/v1/alerts/recent"
RETRY_LATER = 503


class ForecastClient:
    """Blocking client. Close it, or use it in a ``with`` statement."""

    def __init__(self, base_url: str = "http://127.0.0.1:28000", *, timeout_s: float = 10) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def latest(
        self, *, site_id: str | None = None, series_id: str | None = None, product_id: str | None = None,
        hours: int = 24, as_at: datetime | None = None,
    ) -> Iterator[SeriesForecastView]:  # fmt: skip
        """The newest forecast of each series, page after page, with ``hours`` of actuals.

        Raises:
            UnavailableError: The service, or a store behind it, does not answer.
        """
        query = _latest_query(site_id, series_id, product_id, hours, as_at)
        while True:
            page = self._get(f"{FORECASTS}/latest", query, LatestForecasts)
            yield from page.items
            if page.next_cursor is None:
                return
            query["cursor"] = page.next_cursor

    def summary(self) -> ForecastSummary:
        """How many runs there are, which model serves, how it scored."""
        return self._get(f"{FORECASTS}/summary", {}, ForecastSummary)

    def run(self, run_id: str) -> ForecastRun:
        """One run as it was issued and sealed."""
        return self._get(f"{FORECASTS}/{run_id}", {}, ForecastRun)

    def alerts(self, *, site_id: str | None = None, limit: int = 50) -> list[Alert]:
        """Newest alerts first."""
        return list(self._get(ALERTS, _present(site_id=site_id, limit=limit), AlertList).items)

    def _get(self, path: str, query: dict[str, Any], kind: type[M]) -> M:
        try:
            return _parse(self._http.get(path, params=query), kind)
        except httpx.TransportError as error:
            raise UnavailableError(f"forecast-service does not answer at {self._http.base_url}") from error


class AsyncForecastClient:
    """The same for ``asyncio``."""

    def __init__(self, base_url: str = "http://127.0.0.1:28000", *, timeout_s: float = 10) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, timeout=timeout_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def latest(
        self, *, site_id: str | None = None, series_id: str | None = None, product_id: str | None = None,
        hours: int = 24, as_at: datetime | None = None,
    ) -> AsyncIterator[SeriesForecastView]:  # fmt: skip
        """The newest forecast of each series, page after page, with ``hours`` of actuals."""
        query = _latest_query(site_id, series_id, product_id, hours, as_at)
        while True:
            page = await self._get(f"{FORECASTS}/latest", query, LatestForecasts)
            for item in page.items:
                yield item
            if page.next_cursor is None:
                return
            query["cursor"] = page.next_cursor

    async def summary(self) -> ForecastSummary:
        """How many runs there are, which model serves, how it scored."""
        return await self._get(f"{FORECASTS}/summary", {}, ForecastSummary)

    async def run(self, run_id: str) -> ForecastRun:
        """One run as it was issued and sealed."""
        return await self._get(f"{FORECASTS}/{run_id}", {}, ForecastRun)

    async def alerts(self, *, site_id: str | None = None, limit: int = 50) -> list[Alert]:
        """Newest alerts first."""
        page = await self._get(ALERTS, _present(site_id=site_id, limit=limit), AlertList)
        return list(page.items)

    async def _get(self, path: str, query: dict[str, Any], kind: type[M]) -> M:
        try:
            return _parse(await self._http.get(path, params=query), kind)
        except httpx.TransportError as error:
            raise UnavailableError(f"forecast-service does not answer at {self._http.base_url}") from error


def _latest_query(
    site_id: str | None, series_id: str | None, product_id: str | None, hours: int, as_at: datetime | None
) -> dict[str, Any]:
    at = format_utc(as_at) if as_at else None
    return _present(site_id=site_id, series_id=series_id, product_id=product_id, hours=hours, as_at=at)


def _present(**query: Any) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value is not None}


def _parse(answer: httpx.Response, kind: type[M]) -> M:
    if answer.is_success:
        return decode(kind, answer.content)
    if answer.status_code >= RETRY_LATER:
        raise UnavailableError(f"forecast-service is not ready: {_detail(answer)}")
    if answer.is_client_error:
        raise WireError(f"forecast-service refused the request: {_detail(answer)}", reason="refused")
    raise GridsealError(f"forecast-service failed: {_detail(answer)}")


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"
