"""What the routes of forecast-service are asked and what they answer. Pure: the clients send it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter

from gridseal.errors import GridsealError, UnavailableError, WireError
from gridseal.wire.beliefs import BeliefsAt, RevisionList, RunHistory
from gridseal.wire.codec import decode, encode
from gridseal.wire.fields import Message, format_utc
from gridseal.wire.flows import FlowList, FlowRunList, FlowRunView
from gridseal.wire.forecasts import ForecastRun
from gridseal.wire.requests import ForecastAnswer, ForecastJob, ForecastRequest
from gridseal.wire.views import AlertList, ForecastSummary, LatestForecasts, ProductList

M = TypeVar("M", bound=Message)
FORECASTS, JOBS = "/api/v1/forecasts", "/api/v1/jobs"
RETRY_LATER = 503
ADDRESS = "http://127.0.0.1:28000"
LOOK_EVERY_S = 0.25
"""Wall seconds between two looks at a request that waits for its answer."""
_SPANS: TypeAdapter[timedelta] = TypeAdapter(timedelta)


def bearer(token: str | None) -> dict[str, str]:
    """Who asks, as a header."""
    return {} if token is None else {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True, slots=True)
class Call(Generic[M]):
    """One request and the message that answers it."""

    path: str
    kind: type[M]
    query: Mapping[str, Any] = field(default_factory=dict)
    method: str = "GET"
    body: Message | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes | None:
        """The body's bytes."""
        return None if self.body is None else encode(self.body)

    def answer(self, status: int, content: bytes, detail: str) -> M:
        """The message, or the error that the status stands for.

        Raises:
            UnavailableError: The service, or a store behind it, is not ready.
            WireError: The service refused the request, or its answer is not what was announced.
            GridsealError: The service failed.
        """
        if 200 <= status < 300:
            return decode(self.kind, content)
        if status >= RETRY_LATER or status == 429:
            raise UnavailableError(f"forecast-service is not ready: {detail}")
        if 400 <= status < 500:
            raise WireError(f"forecast-service refused the request: {detail}", reason="refused")
        raise GridsealError(f"forecast-service failed: {detail}")


def latest(
    which: str, *, site_id: str | None, series_id: str | None, product_id: str | None, hours: int,
    as_at: datetime | None, cursor: str | None = None,
) -> Call[LatestForecasts]:  # fmt: skip
    """A page of ``latest``, ``day-ahead`` or ``intraday``."""
    query = _given(
        site_id=site_id, series_id=series_id, product_id=product_id, hours=hours, as_at=_utc(as_at), cursor=cursor
    )
    return Call(f"{FORECASTS}/{which}", LatestForecasts, query)


def at(
    series_id: str, as_at: datetime | None, product_id: str | None, before: Sequence[timedelta],
    begin: datetime | None, end: datetime | None,
) -> Call[BeliefsAt]:  # fmt: skip
    """What was believed at a moment."""
    query = _given(series_id=series_id, product_id=product_id, as_at=_utc(as_at), to=_utc(end), **{"from": _utc(begin)})
    spans = [_SPANS.dump_python(span, mode="json") for span in before]
    return Call(f"{FORECASTS}/at", BeliefsAt, query | ({"before": spans} if spans else {}))


def history(series_id: str, product_id: str | None, as_at: datetime | None, cursor: str | None) -> Call[RunHistory]:
    """A page of the issued runs of a series."""
    query = _given(series_id=series_id, product_id=product_id, as_at=_utc(as_at), cursor=cursor)
    return Call(f"{FORECASTS}/runs", RunHistory, query)


def revisions(series_id: str, target: datetime, product_id: str | None) -> Call[RevisionList]:
    """How the view of one period changed."""
    query = _given(series_id=series_id, product_id=product_id, target=format_utc(target))
    return Call(f"{FORECASTS}/revisions", RevisionList, query)


def products() -> Call[ProductList]:
    """Every product and when it is due."""
    return Call(f"{FORECASTS}/products", ProductList)


def summary() -> Call[ForecastSummary]:
    """Counts and scores."""
    return Call(f"{FORECASTS}/summary", ForecastSummary)


def run(run_id: str) -> Call[ForecastRun]:
    """One run."""
    return Call(f"{FORECASTS}/{quote(run_id, safe='')}", ForecastRun)


def alerts(site_id: str | None, limit: int) -> Call[AlertList]:
    """Newest alerts."""
    return Call("/api/v1/alerts/recent", AlertList, _given(site_id=site_id, limit=limit))


def request(wanted: ForecastRequest, key: str | None) -> Call[ForecastJob]:
    """Ask for a forecast."""
    headers = {"Content-Type": "application/json"} | _given(**{"Idempotency-Key": key})
    return Call(f"{FORECASTS}/jobs", ForecastJob, method="POST", body=wanted, headers=headers)


def job(job_id: str) -> Call[ForecastJob]:
    """Where a request stands."""
    return Call(f"{FORECASTS}/jobs/{quote(job_id, safe='')}", ForecastJob)


def answer_of(found: ForecastJob) -> ForecastAnswer | None:
    """What came of a request; none while it is open.

    Raises:
        WireError: It failed; the sentence says why.
    """
    if found.state == "failed":
        raise WireError(f"forecast-service could not answer job {found.job_id}: {found.detail}", reason="failed")
    return found.answer


def flows() -> Call[FlowList]:
    """What the scheduler runs."""
    return Call(JOBS, FlowList)


def flow_runs(flow: str, limit: int, before: datetime | None) -> Call[FlowRunList]:
    """History of a flow."""
    query = _given(limit=limit, before=format_utc(before) if before else None)
    return Call(f"{JOBS}/{quote(flow, safe='')}/runs", FlowRunList, query)


def flow_run(flow: str, job_id: str) -> Call[FlowRunView]:
    """One run of a flow."""
    return Call(f"{JOBS}/{quote(flow, safe='')}/runs/{quote(job_id, safe='')}", FlowRunView)


def detail_of(answer: httpx.Response) -> str:
    """What a problem document says, or at least its status."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"


def _utc(moment: datetime | None) -> str | None:
    return format_utc(moment) if moment else None


def _given(**query: Any) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value is not None}
