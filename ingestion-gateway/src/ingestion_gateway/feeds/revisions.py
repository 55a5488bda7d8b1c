"""What makes a value the same, and what makes it a correction. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gridseal.wire.demand import Demand
from gridseal.wire.fields import format_utc
from gridseal.wire.market import MarketPrice
from gridseal.wire.weather import Weather
from ingestion_gateway.feeds.ports import FeedRecord


class Item(NamedTuple):
    """The identity of a value without its revision."""

    item: str
    period_start_s: int


class Known(NamedTuple):
    """The newest revision that was passed on."""

    revision: int
    digest: bytes


def item_of(record: FeedRecord) -> Item:
    """Two records of one item speak about the same thing."""
    match record:
        case Demand():
            what = f"{record.series_id}|{record.kind}|{record.provider}"
        case MarketPrice():
            # An hour and a quarter-hour may begin together and are two prices.
            what = f"{record.series_id}|{record.market}|{record.auction}|{record.provider}|{record.period_s}"
        case Weather():
            issued = "" if record.issued_at is None else format_utc(record.issued_at)
            what = f"{record.location_id}|{record.kind}|{record.provider}|{record.model}|{record.period_s}|{issued}"
    return Item(what, int(record.period_start.timestamp()))


def digest_of(record: FeedRecord) -> bytes:
    """16 bytes that differ when the value does; when it was fetched makes no difference."""
    match record:
        case Weather():
            said = [f"{v.variable}={v.value!r}{v.unit}" for v in sorted(record.values, key=lambda v: v.variable)]
        case Demand():
            said = [f"{record.value!r}{record.unit}/{record.period_s}"]
        case MarketPrice():
            said = [f"{record.value!r}{record.currency}/{record.per}"]
    return hashlib.sha256("|".join(said).encode()).digest()[:16]


def news_among(records: Iterable[FeedRecord], known: Mapping[Item, Known]) -> list[FeedRecord]:
    """Records that are new or say something else than before, with the revision that each gets.

    Of several records of one item in one answer the last that differs counts on: each is a revision.
    """
    latest = dict(known)
    news: list[FeedRecord] = []
    for record in records:
        item, digest = item_of(record), digest_of(record)
        before = latest.get(item)
        if before is not None and before.digest == digest:
            continue
        revision = 1 if before is None else before.revision + 1
        latest[item] = Known(revision, digest)
        news.append(record.model_copy(update={"revision": revision}))
    return news
