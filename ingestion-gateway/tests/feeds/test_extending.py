"""docs/extending.md, followed step by step: its record and its file, as they stand there."""

import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry

from ingestion_gateway.feeds.metrics import FeedMetrics
from ingestion_gateway.feeds.ports import Outside, Window
from ingestion_gateway.feeds.pull import Puller
from ingestion_gateway.feeds.registry import feeds_for
from ingestion_gateway.feeds.sources import CATALOG, Source, load_sources

from .rooms import NOW, MemoryBook, MemoryOutlet, TestRoom, utc, values_of

PAGE = (Path(__file__).parents[3] / "docs" / "extending.md").read_text()


def block(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert len(found) == 1, f"the page has one block of {language}"
    return str(found[0])


@pytest.fixture
def followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Steps 1 and 2 of the page."""
    (tmp_path / "mine.yaml").write_text(block("yaml"))
    (tmp_path / "my_feeds").mkdir()
    (tmp_path / "my_feeds" / "__init__.py").write_text("")
    (tmp_path / "my_feeds" / "island.py").write_text(block("python"))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [n for n in sys.modules if n.startswith("my_feeds")]:
        del sys.modules[name]


def the_source(folder: Path) -> Source:
    [source] = load_sources([CATALOG, folder], only=("mine",))
    return source


async def test_the_page_makes_a_feed_that_runs(followed: Path) -> None:
    source, outlet, book = the_source(followed), MemoryOutlet(), MemoryBook()
    answers = iter(["2026-06-07T22:00;10.5\n2026-06-07T23:00;n/a\n", "2026-06-07T22:00;11.5\n"])
    network = TestRoom(lambda _: httpx.Response(200, text=next(answers)))
    feed = feeds_for([source], Outside({}))[source.feed]
    puller = Puller(network.room, outlet, book, FeedMetrics(CollectorRegistry()))
    window = Window(NOW - timedelta(hours=2), NOW)

    first = await puller.pull(feed, source, window, "live")
    second = await puller.pull(feed, source, window, "live")

    assert (first.new, first.left_out, second.revised) == (1, {"null": 1}, 1)
    assert values_of(outlet.sent) == {utc(2026, 6, 7, 22): 11.5}
    assert [r.revision for r in outlet.sent] == [1, 2]
    assert dict(network.asked[0].url.params) == {"from": "2026-06-07T22:00:00Z", "to": "2026-06-08T00:00:00Z"}


async def test_it_is_found_at_a_replay_server_like_any_other(followed: Path) -> None:
    source = the_source(followed)
    network = TestRoom(lambda _: httpx.Response(200, text=""))
    feed = feeds_for([source], Outside({}, replay_url="http://127.0.0.1:1"))[source.feed]
    await network.pull(feed, source, NOW - timedelta(hours=1), NOW)

    assert str(network.asked[0].url).startswith("http://127.0.0.1:1/power.example.org/demand.csv?")
