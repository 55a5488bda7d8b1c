"""The feeds as a process: a replay server in front, a real Kafka and a real PostgreSQL behind."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from gridseal.wire.codec import decode
from gridseal.wire.demand import Demand
from gridseal.wire.topics import DEMAND_RAW, MARKET_RAW, WEATHER_RAW
from local_stack.scratch import free_port
from local_stack.scratch_servers import ScratchServers, eventually

from .rooms import RECORDINGS

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]


class Feeds:
    """Processes of a test, and what they leave behind."""

    def __init__(self, servers: ScratchServers) -> None:
        self.servers, self.replay_port, self.port = servers, free_port(), free_port()
        self._running: list[subprocess.Popen[bytes]] = []

    def environment(self) -> dict[str, str]:
        own = {
            "FEEDS_REPLAY_URL": f"http://127.0.0.1:{self.replay_port}",
            "FEEDS_RETRIES": "0",
            "FEEDS_PORT": str(self.port),
            "EIA_API_KEY": "a-key-of-the-test",
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        }
        return {n: v for n, v in self.servers.environment().items() if n != "ENTSOE_TOKEN"} | own

    def start(self, *program: str) -> "subprocess.Popen[bytes]":
        with (self.servers.layout.logs / "feeds.log").open("ab") as log:
            process = subprocess.Popen([sys.executable, "-m", *program], env=self.environment(), stdout=log, stderr=log)
        self._running.append(process)
        return process

    def backfill(self, only: str) -> "subprocess.CompletedProcess[str]":
        # A day, as it was recorded: a span of two would be one request, and has no recording.
        span = ("--from", "2023-01-01", "--to", "2023-01-02", "--only", only)
        command = [sys.executable, "-m", "ingestion_gateway.feeds", "backfill", *span]
        return subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=False)

    def ask(self, port: int, path: str) -> Any:
        """The JSON of an answer; its status where it is an error; None while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.servers.dsn, options="-c timezone=UTC") as connection:
            return connection.execute(query.encode()).fetchall()

    def records(self, topic: str) -> list[Any]:
        consumer = Consumer({"bootstrap.servers": self.servers.bootstrap, "group.id": "test", "log_level": 2})
        try:
            end = consumer.get_watermark_offsets(TopicPartition(topic, 0))[1]
            consumer.assign([TopicPartition(topic, 0, 0)])
            return [consumer.poll(30) for _ in range(end)]
        finally:
            consumer.close()

    def stop(self) -> None:
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            process.wait(60)


@pytest.fixture(scope="module")
def feeds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feeds]:
    servers = ScratchServers(tmp_path_factory.mktemp("feeds") / "state")
    made = Feeds(servers)
    try:
        servers.start("kafka", "postgres")
        admin = AdminClient({"bootstrap.servers": servers.bootstrap})
        topics = [NewTopic(name, 1, 1) for name in (DEMAND_RAW, WEATHER_RAW, MARKET_RAW)]
        for future in admin.create_topics(topics).values():
            future.result(30)
        recordings = ("--recordings", str(RECORDINGS), "--port", str(made.replay_port))
        made.start("ingestion_gateway.feeds.replay", *recordings)
        eventually(lambda: made.ask(made.replay_port, "/nowhere/x") is not None, 60, "the replay server answers")
        yield made
    finally:
        made.stop()
        servers.stop()


def test_a_back_fill_passes_on_what_was_recorded_and_names_the_missing_key(feeds: Feeds) -> None:
    done = feeds.backfill("eia-us-ny,eia-us-tex,entsoe-de-load")

    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert "entsoe-de-load: ENTSOE_TOKEN is not set. Register" in said
    assert "a-key-of-the-test" not in done.stderr + done.stdout
    found = feeds.records(DEMAND_RAW)
    values = [decode(Demand, record.value()) for record in found]
    assert {record.key() for record in found} == {b"us-ny/demand", b"us-tex/demand"}
    assert len(values) == 48
    assert {v.revision for v in values} == {1}
    headers = dict(found[0].headers())
    assert (headers["ce_type"], headers["ce_source"]) == (b"demand/1", b"/gridseal/ingestion-gateway/feeds")


def test_the_same_again_sends_nothing(feeds: Feeds) -> None:
    before = len(feeds.records(DEMAND_RAW))
    done = feeds.backfill("eia-us-ny,eia-us-tex")

    assert done.returncode == 0, done.stderr
    assert len(feeds.records(DEMAND_RAW)) == before


def test_raw_answers_are_kept_by_their_hash_and_without_the_key(feeds: Feeds) -> None:
    rows = feeds.rows("SELECT url, status, encode(sha256, 'hex'), served_at FROM gateway.feed_answers")
    files = {p.name for p in (feeds.servers.layout.state / "feeds" / "raw" / "eia").rglob("*.gz")}

    assert files == {f"{digest}.gz" for _, _, digest, _ in rows}
    assert all("api_key=REDACTED" in url and status == 200 for url, status, _, _ in rows)
    assert {served_at.year for *_, served_at in rows} == {2023}, "the provider's clock, as it was recorded"


def test_following_says_of_each_source_where_it_stands(feeds: Feeds) -> None:
    process = feeds.start("ingestion_gateway.feeds", "--only", "eia-us-ny,entsoe-de-load")

    def states() -> dict[str, str]:
        answer = feeds.ask(feeds.port, "/api/v1/feeds")
        return {s["source_id"]: s["outcome"] for s in answer["sources"]} if isinstance(answer, dict) else {}

    expected = {"eia-us-ny": "well", "entsoe-de-load": "key"}
    eventually(lambda: states() == expected, 60, "both sources were tried")
    assert feeds.ask(feeds.port, "/readyz")["ready"] is True
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
