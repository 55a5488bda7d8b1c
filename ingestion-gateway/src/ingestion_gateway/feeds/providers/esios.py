"""ESIOS, the information system of the Spanish operator (REE): any indicator, at its own step.

A web firewall stands in front and answers 403 in HTML; a refused token answers 403 in JSON. Rows come once for each
geographical area. Several tokens may be given, separated by commas: a refused one makes room for the next.

Of a row's three stamps ``datetime_utc`` cannot be believed: recorded answers give both hours of a clock change in
autumn the same one. ``tz_time`` is right there, and so is ``datetime`` with its offset.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

from gridseal.errors import UnavailableError, WireError
from gridseal.wire.fields import format_utc
from ingestion_gateway.feeds.bodies import json_of, member, moment, number
from ingestion_gateway.feeds.ports import Answer, Batch, Feed, FeedKeyError, Outside, Request, Room, Window
from ingestion_gateway.feeds.said import Said
from ingestion_gateway.feeds.sources import Source

PROVIDER: Final = "esios"
URL: Final = "https://api.esios.ree.es"
REGISTER: Final = "https://www.esios.ree.es/en/pagina/api"
ACCEPT: Final = "application/json; application/vnd.esios-api-v1+json"
PENINSULA: Final = "8741"
STEPS_S: Final[Mapping[str, int]] = {"Hora": 3_600, "Quince minutos": 900, "Cinco minutos": 300}
"""Names in ``tiempo``. The last two are from the documents: only hourly indicators were ever recorded."""


def parse(answer: Answer, source: Source) -> Batch:
    """The values of one area in one answer.

    Raises:
        WireError: The body is not what the API promises.
    """
    indicator = member(json_of(answer.body, PROVIDER), PROVIDER, "indicator")
    rows = member(indicator, PROVIDER, "values")
    if not isinstance(rows, list):
        raise WireError("esios: indicator.values is no list", reason="malformed")
    step_s = _step_s(indicator, source)
    updated = indicator.get("values_updated_at")
    updated_at = None if updated is None else moment(updated, PROVIDER)
    said = Said(answer, source, PROVIDER)
    for row in rows:
        why, start = _start_of(row, source.options.get("geo_id", PENINSULA))
        if why or start is None:
            said.skip(why)
            continue
        said.take(start, step_s, float(number(row["value"]) or 0.0), updated_at=updated_at)
    return said.batch()


def _start_of(row: Any, geo_id: str) -> tuple[str, datetime | None]:
    if not isinstance(row, dict):
        return "malformed", None
    if str(row.get("geo_id")) != geo_id:
        return "foreign", None
    if number(row.get("value")) is None:
        return "null", None
    return "", moment(row.get("tz_time") or row.get("datetime") or row.get("datetime_utc"), PROVIDER)


def _step_s(indicator: Any, source: Source) -> int:
    names = [str(t.get("name")) for t in indicator.get("tiempo") or () if isinstance(t, dict)]
    known = [STEPS_S[name] for name in names if name in STEPS_S]
    return known[0] if known else int(source.options.get("step_s", "300"))


class EsiosFeed:
    """One indicator a source."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._url = outside.url(PROVIDER, URL)

    async def pull(self, source: Source, window: Window, room: Room) -> AsyncIterator[Batch]:
        """The window in one answer, with the first token that is not refused."""
        listed = self._outside.key("ESIOS_TOKEN", REGISTER)
        tokens = [token.strip() for token in listed.split(",") if token.strip()]
        for token in tokens:
            answer = await room.get(self._request(source, window, token))
            if not _refused(answer):
                batch = parse(answer, source)
                inside = [r for r in batch.records if window.holds(r.period_start)]
                yield Batch(inside, batch.left_out, batch.served_at)
                return
        raise FeedKeyError(f"ESIOS refuses every token in ESIOS_TOKEN: ask for a new one at {REGISTER}")

    def _request(self, source: Source, window: Window, token: str) -> Request:
        # The end is inclusive there, so one second less keeps windows apart.
        params = [
            ("start_date", format_utc(window.start)),
            ("end_date", format_utc(datetime.fromtimestamp(window.end.timestamp() - 1, window.end.tzinfo))),
            ("geo_ids[]", source.options.get("geo_id", PENINSULA)),
        ]
        headers = {"x-api-key": token, "Accept": ACCEPT, "Content-Type": "application/json"}
        url = f"{self._url}/indicators/{source.code}"
        return Request(PROVIDER, url, params, headers, secrets=(token,), judge=_judge)


def _refused(answer: Answer) -> bool:
    return answer.status in (401, 403)


def _judge(answer: Answer) -> None:
    html = "html" in answer.headers.get("content-type", "")
    if answer.status == 403 and html:
        raise UnavailableError("ESIOS: its firewall refuses us for now (403 in HTML)")
    if answer.status == 200 or _refused(answer):
        return
    if answer.status >= 500 or answer.status == 429:
        raise UnavailableError(f"ESIOS answers with HTTP {answer.status}")
    raise WireError(f"esios: HTTP {answer.status}: the request does not fit the API", reason="bad_request")


def make(outside: Outside) -> Feed:
    """The feed."""
    return EsiosFeed(outside)
