"""SMARD of the Bundesnetzagentur: load and day-ahead prices of Germany. Built to its documents, never seen live.

An index lists the files; each begins on a Monday at midnight in Berlin, so seven days later is not always the next
one. What is not known yet is null to the end of the week. ``meta_data.created`` is when the file was built.
"""

from bisect import bisect_right
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

from gridseal.errors import UnavailableError, WireError
from ingestion_gateway.feeds.bodies import json_of, member, number, whole
from ingestion_gateway.feeds.ports import Answer, Batch, Feed, Outside, Request, Room, Window
from ingestion_gateway.feeds.said import Said
from ingestion_gateway.feeds.sources import Source

PROVIDER: Final = "smard"
URL: Final = "https://www.smard.de/app"
STEPS_S: Final = {"hour": 3_600, "quarterhour": 900}


def parse_index(body: bytes) -> list[int]:
    """Milliseconds at which files begin, oldest first."""
    stamps = member(json_of(body, PROVIDER), PROVIDER, "timestamps")
    if not isinstance(stamps, list):
        raise WireError("smard: timestamps is no list", reason="malformed")
    return sorted({whole(each, PROVIDER, "timestamps") for each in stamps})


def parse(answer: Answer, source: Source) -> Batch:
    """The values of one file.

    Raises:
        WireError: The body is not what the documents promise.
    """
    rows = member(json_of(answer.body, PROVIDER), PROVIDER, "series")
    if not isinstance(rows, list):
        raise WireError("smard: series is no list", reason="malformed")
    step_s = STEPS_S[source.options.get("resolution", "quarterhour")]
    said = Said(answer, source, PROVIDER)
    for row in rows:
        stamp, value = _pair(row)
        if stamp is None or value is None:
            said.skip("malformed" if stamp is None else "null")
            continue
        said.take(datetime.fromtimestamp(stamp / 1_000, UTC), step_s, value, unit="MW.h")
    return said.batch()


def _pair(row: Any) -> tuple[float | None, float | None]:
    if not isinstance(row, list) or len(row) != 2:
        return None, None
    return number(row[0]), number(row[1])


class SmardFeed:
    """The index first, then each file that the window touches."""

    def __init__(self, outside: Outside) -> None:
        self._url = outside.url(PROVIDER, URL)

    async def pull(self, source: Source, window: Window, room: Room) -> AsyncIterator[Batch]:
        """File by file."""
        resolution, region = source.options.get("resolution", "quarterhour"), source.options.get("region", "DE")
        base = f"{self._url}/chart_data/{source.code}/{region}"
        index = await room.get(Request(PROVIDER, f"{base}/index_{resolution}.json", judge=_judge))
        begins = parse_index(index.body)
        first = max(bisect_right(begins, int(window.start.timestamp() * 1_000)) - 1, 0)
        for begin in begins[first:]:
            if begin >= window.end.timestamp() * 1_000:
                return
            url = f"{base}/{source.code}_{region}_{resolution}_{begin}.json"
            batch = parse(await room.get(Request(PROVIDER, url, judge=_judge)), source)
            inside = [r for r in batch.records if window.holds(r.period_start)]
            yield Batch(inside, batch.left_out, batch.served_at)


def _judge(answer: Answer) -> None:
    if answer.status == 200:
        return
    if answer.status >= 500 or answer.status == 429:
        raise UnavailableError(f"SMARD answers with HTTP {answer.status}")
    raise WireError(f"smard: HTTP {answer.status}: no such file", reason="bad_request")


def make(outside: Outside) -> Feed:
    """The feed."""
    return SmardFeed(outside)
