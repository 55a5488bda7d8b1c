"""ENTSO-E Transparency Platform: load, day-ahead load forecast, day-ahead prices, by bidding zone.

"No data" is a document of its own with HTTP 200 or 400; 400 requests a minute are allowed, then ten minutes none.
Prices of DE-LU and AT come as two auctions (1 is SDAC): only the one the source names is taken. Nothing says when a
value was published, so ``known_at`` is when we had it.
"""

from collections.abc import AsyncIterator
from typing import Final

from gridseal.errors import ConfigError, UnavailableError, WireError
from ingestion_gateway.feeds.ports import Answer, Batch, Feed, FeedKeyError, Outside, Request, Room, Window
from ingestion_gateway.feeds.providers.entsoe_document import TimeSeries, read_document
from ingestion_gateway.feeds.said import Said
from ingestion_gateway.feeds.sources import Source

PROVIDER: Final = "entsoe"
URL: Final = "https://web-api.tp.entsoe.eu/api"
REGISTER: Final = "https://transparency.entsoe.eu (register, then ask transparency@entsoe.eu for API access)"
_PROCESS: Final = {"actual": "A16", "day_ahead_forecast": "A01"}
_MIN_AND_MAX: Final = {"A60", "A61"}


def parse(answer: Answer, source: Source) -> Batch:
    """The values of one answer.

    Raises:
        WireError: The body is not what the platform promises.
    """
    said = Said(answer, source, PROVIDER)
    for series in read_document(answer.body).series:
        why = _unfit(series, source)
        if why:
            said.skip(why, len(series.points))
            continue
        auction, currency = series.sequence, series.currency or "EUR"
        for point in series.points:
            said.take(point.start, point.period_s, point.value, auction=auction, currency=currency)
    return said.batch()


def _unfit(series: TimeSeries, source: Source) -> str:
    if source.content == "price":
        wanted = source.options.get("auction", "1")
        return "other_auction" if series.sequence and series.sequence != wanted else ""
    if series.business_type in _MIN_AND_MAX:
        return "min_max_outlook"
    return "" if series.unit in ("MAW", "MW") else "wrong_unit"


class EntsoeFeed:
    """One document a request."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._url = outside.url(PROVIDER, URL)

    async def pull(self, source: Source, window: Window, room: Room) -> AsyncIterator[Batch]:
        """The window in one document; values outside of it, which the platform adds, are left away."""
        token = self._outside.key("ENTSOE_TOKEN", REGISTER)
        answer = await room.get(self._request(source, window, token))
        batch = parse(answer, source)
        inside = [r for r in batch.records if window.holds(r.period_start)]
        yield Batch(inside, batch.left_out, batch.served_at)

    def _request(self, source: Source, window: Window, token: str) -> Request:
        params = [
            ("securityToken", token),
            ("documentType", "A44" if source.content == "price" else "A65"),
            ("periodStart", f"{window.start:%Y%m%d%H%M}"),
            ("periodEnd", f"{window.end:%Y%m%d%H%M}"),
        ]
        if source.content == "price":
            params += [("in_Domain", source.code), ("out_Domain", source.code)]
        elif source.content in _PROCESS:
            params += [("outBiddingZone_Domain", source.code), ("processType", _PROCESS[source.content])]
        else:
            raise ConfigError(f"source {source.source_id}: content is price, {', '.join(_PROCESS)}")
        return Request(PROVIDER, self._url, params, secrets=(token,), pause_s=0.2, timeout_s=60.0, judge=_judge)


def _judge(answer: Answer) -> None:
    if answer.status in (401, 403):
        raise FeedKeyError(f"ENTSO-E refuses the token in ENTSOE_TOKEN: check it, or see {REGISTER}")
    if answer.status >= 500 or answer.status == 429:
        raise UnavailableError(f"ENTSO-E answers with HTTP {answer.status}")
    if answer.status != 200 and not answer.body.strip():
        raise WireError(f"entsoe: HTTP {answer.status} without a word: check the source's code", reason="bad_request")


def make(outside: Outside) -> Feed:
    """The feed."""
    return EntsoeFeed(outside)
