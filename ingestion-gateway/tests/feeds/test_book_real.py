"""Cursors, revisions and raw answers in a real PostgreSQL: the same rules as in memory."""

import gzip
import hashlib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from ingestion_gateway.database import GatewayDatabase
from ingestion_gateway.feeds.archive import RawArchive
from ingestion_gateway.feeds.book import FeedBook
from ingestion_gateway.feeds.ports import Request
from local_stack.scratch import scratch_database, scratch_postgres

from .rooms import NOW, MemoryBook, an_answer
from .test_pull import a_value, of

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with scratch_postgres() as address:
        yield address


@pytest.fixture
def dsn(server: str) -> Iterator[str]:
    with scratch_database(server) as address:
        yield address


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[GatewayDatabase]:
    kept = GatewayDatabase(dsn)
    yield kept
    await kept.close()


async def _follow(book: FeedBook | MemoryBook) -> list[tuple[int, float]]:
    """The same story for both kinds of book."""
    sent = []
    for value in (100.0, 100.0, 101.0, 100.0):
        news = await book.news("s", [a_value(value=value), a_value(NOW - timedelta(hours=9), 7.0)])
        await book.passed_on("s", news, None)
        sent += news
    return of(sent)


async def test_the_tables_follow_the_rules_of_the_memory(database: GatewayDatabase, dsn: str) -> None:
    assert await _follow(FeedBook(database)) == await _follow(MemoryBook())
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT revision FROM gateway.feed_revisions WHERE period_start = %s ORDER BY 1",
            (NOW - timedelta(hours=5),),
        ).fetchall()
    assert [r for (r,) in rows] == [1, 2, 3], "no revision was overwritten"


async def test_sources_do_not_know_of_each_other(database: GatewayDatabase) -> None:
    book = FeedBook(database)
    await book.passed_on("one", await book.news("one", [a_value()]), ("live", NOW))

    assert of(await book.news("two", [a_value()])) == [(1, 100.0)]
    assert await book.cursor("two", "live") is None


async def test_a_cursor_never_goes_back(database: GatewayDatabase) -> None:
    book = FeedBook(database)
    for position in (NOW, NOW - timedelta(hours=1)):
        await book.passed_on("s", [], ("live", position))

    assert await book.cursor("s", "live") == NOW
    assert await book.newest("s") is None


def files_in(folder: Path) -> list[str]:
    return [p.name for p in folder.rglob("*") if p.is_file()]


async def test_a_raw_answer_is_kept_once_and_every_time_it_came_is_noted(
    database: GatewayDatabase, dsn: str, tmp_path: Path
) -> None:
    archive = RawArchive(tmp_path, database)
    request = Request("eia", "https://api.eia.gov/v2/x", [("api_key", "a+key"), ("offset", "0")], secrets=("a+key",))
    for _ in range(2):
        await archive.keep(request, an_answer(b"{}", "eia"))
    digest = hashlib.sha256(b"{}").digest()

    assert files_in(tmp_path) == [f"{digest.hex()}.gz"]
    assert gzip.decompress(archive.path_of("eia", digest).read_bytes()) == b"{}"
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT url, sha256 FROM gateway.feed_answers").fetchall()
    assert rows == [("https://api.eia.gov/v2/x?api_key=REDACTED&offset=0", digest)] * 2
