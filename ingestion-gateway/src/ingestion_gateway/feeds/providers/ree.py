"""The public demand page of REE: Spanish demand every five minutes, without a token.

Not a documented API, and a stand-in for ESIOS indicator 1293, which nobody has recorded. The body is JSONP,
``null({...});``. Stamps are Madrid's wall clock; in the hour that comes twice they read ``2A:05`` and ``2B:05``.
An answer for a day begins in the evening before it.
"""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from gridseal.errors import UnavailableError, WireError
from ingestion_gateway.feeds.bodies import json_of, member, number, wall
from ingestion_gateway.feeds.ports import Answer, Batch, Feed, Outside, Request, Room, Window
from ingestion_gateway.feeds.said import Said
from ingestion_gateway.feeds.sources import Source

PROVIDER: Final = "ree"
URL: Final = "https://demanda.ree.es"
PERIOD_S: Final = 300
_STAMP: Final = re.compile(r"^(\d{4}-\d\d-\d\d) (\d{1,2})([AB]?):(\d\d)$")


def parse(answer: Answer, source: Source) -> Batch:
    """The demand of one answer.

    Raises:
        WireError: The body is not what the page has shown.
    """
    begin, end = answer.body.find(b"("), answer.body.rfind(b")")
    if begin < 0 or end < begin:
        raise WireError("ree: the answer is not JSONP", reason="not_json")
    rows = member(json_of(answer.body[begin + 1 : end], PROVIDER), PROVIDER, "valoresHorariosGeneracion")
    if not isinstance(rows, list):
        raise WireError("ree: valoresHorariosGeneracion is no list", reason="malformed")
    said = Said(answer, source, PROVIDER)
    for row in rows:
        start = _start(row, source.timezone)
        value = number(row.get("dem")) if isinstance(row, dict) else None
        if start is None or value is None:
            said.skip("bad_stamp" if start is None else "null")
            continue
        said.take(start, PERIOD_S, value)
    return said.batch()


def _start(row: Any, zone: str) -> datetime | None:
    found = _STAMP.match(str(row.get("ts"))) if isinstance(row, dict) else None
    if found is None:
        return None
    day, hour, letter, minute = found.groups()
    try:
        local = datetime.fromisoformat(f"{day}T{int(hour):02d}:{minute}:00")
    except ValueError:
        return None
    return wall(local, zone, second=letter == "B")


class ReeFeed:
    """One local day a request."""

    def __init__(self, outside: Outside) -> None:
        self._url = outside.url(PROVIDER, URL)

    async def pull(self, source: Source, window: Window, room: Room) -> AsyncIterator[Batch]:
        """The local days that the window touches."""
        zone = ZoneInfo(source.timezone)
        day = window.start.astimezone(zone).date()
        last = (window.end - timedelta(seconds=1)).astimezone(zone).date()
        while day <= last:
            system = source.code
            url = f"{self._url}/WSvisionaMoviles{system}Rest/resources/demandaGeneracion{system}"
            request = Request(PROVIDER, url, [("curva", "DEMANDA"), ("fecha", day.isoformat())], judge=_judge)
            answer = await room.get(request)
            batch = parse(answer, source)
            # The evening before is in two answers; each period is taken from the answer of its own day.
            own = [
                r
                for r in batch.records
                if window.holds(r.period_start) and r.period_start.astimezone(zone).date() == day
            ]
            yield Batch(own, batch.left_out, batch.served_at)
            day += timedelta(days=1)


def _judge(answer: Answer) -> None:
    if answer.status == 200:
        return
    if answer.status >= 500 or answer.status in (403, 429):
        raise UnavailableError(f"REE answers with HTTP {answer.status}")
    raise WireError(f"ree: HTTP {answer.status}: the request does not fit the page", reason="bad_request")


def make(outside: Outside) -> Feed:
    """The feed."""
    return ReeFeed(outside)
