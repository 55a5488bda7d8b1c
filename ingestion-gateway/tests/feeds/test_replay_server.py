"""The replay server says what the providers said, and the feeds cannot tell the difference."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from gridseal.errors import ConfigError, WireError
from ingestion_gateway.feeds.http_room import HttpRoom
from ingestion_gateway.feeds.metrics import FeedMetrics
from ingestion_gateway.feeds.ports import Batch, FeedKeyError, Outside, Request, Window
from ingestion_gateway.feeds.registry import feeds_for
from ingestion_gateway.feeds.replay.recordings import load
from ingestion_gateway.feeds.replay.server import create_app
from ingestion_gateway.feeds.sources import Source, load_sources

from .rooms import KEYS, RECORDINGS, CountedPace, KeptAnswers, StillClock, a_source, recorded, utc

BASE = "http://replay"
CATALOG = {source.source_id: source for source in load_sources()}


class Replay:
    def __init__(self, keys: dict[str, str] | None = None) -> None:
        app = create_app(load(RECORDINGS), RECORDINGS)
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE)
        self.archive = KeptAnswers()
        metrics = FeedMetrics(CollectorRegistry())
        self.room = HttpRoom(client, self.archive, StillClock(), metrics, pace=CountedPace())
        self.outside = Outside(KEYS if keys is None else keys, replay_url=BASE)

    async def pull(self, source: Source, begin: datetime, end: datetime) -> list[Batch]:
        feed = feeds_for([source], self.outside)[source.feed]
        return [batch async for batch in feed.pull(source, Window(begin, end), self.room)]


@pytest.mark.parametrize(
    ("source", "begin", "values"),
    [
        (CATALOG["eia-us-ny"], utc(2023, 1, 1), 24),
        (CATALOG["eia-us-tex"], utc(2023, 1, 1), 24),
        (a_source(feed="open_meteo", content="archive", latitude=52.52, longitude=13.41), utc(2024, 1, 1), 24),
        (CATALOG["esios-es-price"], utc(2021, 10, 30, 22), 24),
        (CATALOG["entsoe-de-price"], utc(2021, 1, 1), 24),
        (a_source(feed="entsoe", code="10YNL----------L"), utc(2024, 9, 1, 22), 96),
    ],
    ids=["eia-ny", "eia-tex", "open-meteo", "esios", "entsoe-price", "entsoe-load"],
)
async def test_a_feed_runs_against_it_as_against_its_provider(source: Source, begin: datetime, values: int) -> None:
    replay = Replay()
    batches = await replay.pull(source, begin, begin + timedelta(days=1))

    assert sum(len(b.records) for b in batches) == values
    assert batches[0].served_at != utc(1970, 1, 1)


async def test_the_body_is_the_recorded_one_to_the_byte() -> None:
    replay = Replay()
    await replay.pull(CATALOG["eia-us-ny"], utc(2023, 1, 1), utc(2023, 1, 2))
    _, answer = replay.archive.kept[0]
    manifest = json.loads((RECORDINGS / "manifest.json").read_text())
    entry = next(e for e in manifest if "2023-01-01" in e["file"])

    assert answer.body == recorded("eia/region-data_D_all_2023-01-01_2023-01-02.json")
    assert hashlib.sha256(answer.body).hexdigest() == entry["sha256"]
    assert answer.served_at == utc(2023, 10, 3, 6, 8, 4), "the provider's clock is replayed too"


def test_every_recording_is_what_the_manifest_says() -> None:
    manifest: list[dict[str, Any]] = json.loads((RECORDINGS / "manifest.json").read_text())

    for entry in manifest:
        path = RECORDINGS / entry["file"]
        plain = path.read_bytes() if path.suffix != ".gz" else recorded(entry["file"].removesuffix(".gz"))
        digests = {hashlib.sha256(plain).hexdigest(), hashlib.sha256(path.read_bytes()).hexdigest()}
        assert entry["sha256"] in digests, entry["file"]


async def test_what_was_never_recorded_is_answered_as_each_provider_says_it_has_nothing() -> None:
    replay = Replay()

    empty = await replay.pull(a_source(feed="entsoe", code="10YFR-RTE------C"), utc(2050, 1, 1), utc(2050, 1, 2))
    assert [len(b.records) for b in empty] == [0]
    nothing = await replay.pull(CATALOG["eia-us-ny"], utc(2030, 1, 1), utc(2030, 1, 2))
    assert [len(b.records) for b in nothing] == [0]
    place = a_source(feed="open_meteo", content="archive", latitude=0.0, longitude=0.0)
    with pytest.raises(WireError, match="HTTP 400"):
        await replay.pull(place, utc(2030, 1, 1), utc(2030, 1, 2))
    with pytest.raises(WireError, match="404"):
        await replay.pull(CATALOG["smard-de-load"], utc(2024, 1, 1), utc(2024, 1, 2))


async def test_a_request_without_a_key_is_refused_in_the_providers_words() -> None:
    replay = Replay()
    answer = await replay.room.get(Request("eia", f"{BASE}/api.eia.gov/v2/electricity/rto/region-data/data/"))

    assert (answer.status, b"API_KEY_MISSING" in answer.body) == (403, True)
    with pytest.raises(FeedKeyError):
        await Replay({}).pull(CATALOG["eia-us-ny"], utc(2023, 1, 1), utc(2023, 1, 2))


def test_a_folder_without_a_manifest_is_said(tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match=r"manifest\.json"):
        load(tmp_path)
