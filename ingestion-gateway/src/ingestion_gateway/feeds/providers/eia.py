"""EIA API v2, hourly demand of balancing authorities and regions of the United States (Form EIA-930).

What its documents do not say in one place: without the type facet four kinds of series come mixed;
``start`` and ``end`` are both inclusive; a stamp names the END of its hour; ``total`` and ``value`` have been
numbers and texts; "incomplete return" warns on the last page too; the answer echoes the key.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from gridseal.errors import UnavailableError, WireError
from gridseal.wire.demand import Demand, DemandKind
from ingestion_gateway.feeds.bodies import json_of, member, moment, number, whole
from ingestion_gateway.feeds.ports import Answer, Batch, Feed, FeedKeyError, Outside, Request, Room, Window
from ingestion_gateway.feeds.sources import Source

PROVIDER: Final = "eia"
URL: Final = "https://api.eia.gov/v2"
REGISTER: Final = "https://www.eia.gov/opendata/register.php"
PAGE: Final = 5_000
HOUR: Final = timedelta(hours=1)
TYPES: Final[Mapping[str, DemandKind]] = {"D": "actual", "DF": "day_ahead_forecast"}
_UNITS: Final = {"megawatthours"}


@dataclass(frozen=True, slots=True)
class Page:
    """One page: how many rows the whole answer has, how many stand here, and those that count."""

    total: int
    rows: int
    records: tuple[Demand, ...]
    left_out: Mapping[str, int]


def parse(answer: Answer, source: Source) -> Page:
    """The demand of one respondent in one answer.

    Raises:
        WireError: The body is not what the API promises.
    """
    response = member(json_of(answer.body, PROVIDER), PROVIDER, "response")
    rows = member(response, PROVIDER, "data")
    if not isinstance(rows, list):
        raise WireError("eia: response.data is no list", reason="malformed")
    left_out: dict[str, int] = {}
    kind = "D" if source.content == "actual" else "DF"
    records = tuple(_records(rows, source, kind, answer.received_at, left_out))
    return Page(whole(member(response, PROVIDER, "total"), PROVIDER, "total"), len(rows), records, left_out)


def _records(
    rows: Iterable[Any], source: Source, kind: str, known_at: datetime, left_out: dict[str, int]
) -> Iterable[Demand]:
    for row in rows:
        why = _unfit(row, source.code, kind)
        if why:
            left_out[why] = left_out.get(why, 0) + 1
            continue
        yield Demand(
            series_id=source.series,
            region_id=source.region_id,
            kind=TYPES[kind],
            provider=PROVIDER,
            provider_code=source.code,
            period_start=moment(row.get("period"), PROVIDER) - HOUR,
            period_s=3_600,
            unit="MW.h",
            value=number(row["value"]) or 0.0,
            known_at=known_at,
        )


def _unfit(row: Any, code: str, kind: str) -> str:
    if not isinstance(row, dict):
        return "malformed"
    if row.get("respondent") != code or row.get("type") != kind:
        return "foreign"
    if row.get("value-units") not in _UNITS:
        return "wrong_unit"
    return "null" if number(row.get("value")) is None else ""


class EiaFeed:
    """Pages of 5,000 rows, one request a second."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._url = outside.url(PROVIDER, URL) + "/electricity/rto/region-data/data/"

    async def pull(self, source: Source, window: Window, room: Room) -> AsyncIterator[Batch]:
        """Page by page until all rows of the answer have come."""
        key = self._outside.key("EIA_API_KEY", REGISTER)
        offset = 0
        while True:
            answer = await room.get(self._request(source, window, offset, key))
            page = parse(answer, source)
            records = tuple(r for r in page.records if window.holds(r.period_start))
            yield Batch(records, page.left_out, answer.served_at)
            offset += page.rows
            if not page.rows or offset >= page.total:
                return

    def _request(self, source: Source, window: Window, offset: int, key: str) -> Request:
        # A stamp is the end of its hour and both ends are inclusive, so windows that touch share no hour.
        params = [
            ("api_key", key),
            ("frequency", "hourly"),
            ("data[0]", "value"),
            ("facets[respondent][]", source.code),
            ("facets[type][]", "D" if source.content == "actual" else "DF"),
            ("sort[0][column]", "period"),
            ("sort[0][direction]", "asc"),
            ("start", f"{window.start + HOUR:%Y-%m-%dT%H}"),
            ("end", f"{window.end:%Y-%m-%dT%H}"),
            ("offset", str(offset)),
            ("length", str(PAGE)),
        ]
        return Request(PROVIDER, self._url, params, secrets=(key,), judge=_judge)


def _judge(answer: Answer) -> None:
    """Two envelopes: that of the gateway in front, and that of the API."""
    if answer.status == 200:
        return
    if answer.status in (401, 403):
        raise FeedKeyError(f"EIA refuses the key in EIA_API_KEY: check it, or register for one at {REGISTER}")
    if answer.status >= 500 or answer.status == 429:
        raise UnavailableError(f"EIA answers with HTTP {answer.status}")
    raise WireError(f"eia: HTTP {answer.status}: the request does not fit the API", reason="bad_request")


def make(outside: Outside) -> Feed:
    """The feed."""
    return EiaFeed(outside)
