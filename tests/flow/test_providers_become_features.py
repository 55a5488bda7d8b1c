"""Recorded providers → feeds → Kafka → Spark → windows, S3's tables and the demand vector, on real servers."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from confluent_kafka import Producer

from asset_service.presets import load_presets
from gridseal.wire.catalog import CatalogMessage
from gridseal.wire.codec import encode
from gridseal.wire.topics import ASSETS_CHANGED
from local_stack.scratch import free_port
from local_stack.scratch_servers import ScratchServers, eventually

ASKED = os.environ.get("PROVIDERS_ON_SPARK") == "1"
pytestmark = [
    pytest.mark.servers,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not ASKED, reason="PROVIDERS_ON_SPARK=1 asks for it: it has not been run to its end yet"),
]
RECORDINGS = Path(__file__).parents[2] / "ingestion-gateway" / "tests" / "feeds" / "recordings"
DAYS = ("2023-01-01", "2023-01-02", "2023-01-03")


class Way:
    """The processes between the providers and the database."""

    def __init__(self, servers: ScratchServers) -> None:
        self.servers, self.replay_port, self.stream_port = servers, free_port(), free_port()
        self._processes: list[subprocess.Popen[bytes]] = []

    def environment(self) -> dict[str, str]:
        own = {
            "FEEDS_REPLAY_URL": f"http://127.0.0.1:{self.replay_port}",
            "FEEDS_RETRIES": "0",
            "EIA_API_KEY": "a-key-of-the-test",
            "STREAMING_PROCESSOR_FEEDS": "true",
            "STREAMING_PROCESSOR_CHECKPOINT_DIR": str(self.servers.layout.state / "checkpoint"),
            "STREAMING_PROCESSOR_METRICS_PORT": str(self.stream_port),
            "STREAMING_PROCESSOR_JARS_DIR": str(self.servers.layout.tools / "jars" / "spark"),
            "STREAMING_PROCESSOR_RECENT_S": "400000000",
        }
        path = {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        return {n: v for n, v in self.servers.environment().items() if n != "ENTSOE_TOKEN"} | path | own

    def start(self, *program: str, name: str) -> None:
        with (self.servers.layout.logs / f"{name}.log").open("ab") as log:
            command = [sys.executable, "-m", *program]
            self._processes.append(
                subprocess.Popen(command, env=self.environment(), cwd=self.servers.layout.root, stdout=log, stderr=log)
            )

    def backfill(self, only: str, day: int) -> "subprocess.CompletedProcess[str]":
        """A day, as it was recorded: a span of two would be one request, and has no recording."""
        span = ("--from", DAYS[day], "--to", DAYS[day + 1])
        command = [sys.executable, "-m", "ingestion_gateway.feeds", "backfill", *span, "--only", only]
        return subprocess.run(
            command, env=self.environment(), cwd=self.servers.layout.root, capture_output=True, text=True, check=False
        )

    def answers(self, port: int, path: str) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def catalog(self) -> None:
        producer = Producer({"bootstrap.servers": self.servers.bootstrap, "log_level": 2})
        for record in load_presets("demo", optional=("us",)):
            producer.produce(ASSETS_CHANGED, encode(CatalogMessage(revision=1, item=record)), key=record.key)
        assert producer.flush(30) == 0

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.servers.dsn, options="-c timezone=UTC") as connection:
            return connection.execute(query.encode()).fetchall()

    def count(self, table: str) -> int:
        try:
            return int(self.ask(f"SELECT count(*) FROM {table}")[0][0])
        except psycopg.errors.UndefinedTable:
            return 0

    def stop(self) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
        for process in self._processes:
            process.wait(60)


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    servers = ScratchServers(tmp_path_factory.mktemp("way") / "state")
    way = Way(servers)
    try:
        servers.start()
        way.catalog()
        recordings = ("--recordings", str(RECORDINGS), "--port", str(way.replay_port))
        way.start("ingestion_gateway.feeds.replay", *recordings, name="replay")
        way.start("streaming_processor", name="stream")
        eventually(lambda: way.answers(way.replay_port, "/nowhere/x"), 60, "the replay server answers")
        yield way
    finally:
        way.stop()
        servers.stop()


def test_recorded_demand_becomes_windows_tables_and_vectors(way: Way) -> None:
    done = way.backfill("eia-us-ny,eia-us-tex,entsoe-de-load", 0)
    assert way.backfill("eia-us-ny,eia-us-tex", 1).returncode == 0

    # The feed without its token stands still, alone, and says what to do.
    assert done.returncode == 1
    assert "entsoe-de-load: ENTSOE_TOKEN is not set. Register" in " ".join(done.stderr.split())
    assert "a-key-of-the-test" not in done.stderr
    eventually(lambda: way.count("energy_mlops.raw_demand") >= 96, 120, "two days of two regions are stored")
    assert way.ask(
        "SELECT respondent, value FROM energy_mlops.raw_demand WHERE period = '2023-01-01T00:00Z' ORDER BY 1"
    ) == way.ask(
        "SELECT series_id, value FROM telemetry.feed_demand_now WHERE period_start = '2023-01-01T00:00Z' ORDER BY 1"
    )
    hours = "telemetry.windows WHERE series_id = 'us-ny/demand' AND width_s = 3600"
    assert way.count(f"{hours} AND covered_s = 3600 AND mean_milli > 0") == 48
    eventually(lambda: way.count("energy_mlops.features WHERE respondent = 'us-ny/demand'") >= 40, 120, "vectors")
    [(lag, target)] = way.ask(
        "SELECT demand_lag_1h, demand_mwh FROM energy_mlops.features"
        " WHERE respondent = 'us-ny/demand' AND \"timestamp\" = '2023-01-02T10:00Z'"
    )
    [(before, here)] = way.ask(
        "SELECT max(value) FILTER (WHERE period = '2023-01-02T09:00Z'), max(value) FILTER (WHERE period ="
        " '2023-01-02T10:00Z') FROM energy_mlops.raw_demand WHERE respondent = 'us-ny/demand'"
    )
    assert (lag, target) == (before, here)


def test_the_same_back_fill_again_sends_and_changes_nothing(way: Way) -> None:
    before = way.ask("SELECT count(*), max(version) FROM telemetry.windows WHERE series_id LIKE 'us-%'")
    kept = way.count("telemetry.feed_demand")
    done = way.backfill("eia-us-ny,eia-us-tex", 0)

    assert done.returncode == 0, done.stderr
    assert way.ask("SELECT count(*), max(version) FROM telemetry.windows WHERE series_id LIKE 'us-%'") == before
    assert way.count("telemetry.feed_demand") == kept


def test_raw_answers_are_kept_with_hash_and_without_key(way: Way) -> None:
    rows = way.ask("SELECT url, status, octet_length(sha256) FROM gateway.feed_answers WHERE provider = 'eia'")

    assert rows
    assert {(status, size) for _, status, size in rows} == {(200, 32)}
    assert all("api_key=REDACTED" in url for url, _, _ in rows)
    files = list((way.servers.layout.state / "feeds" / "raw" / "eia").rglob("*.gz"))
    assert len(files) == len(way.ask("SELECT DISTINCT sha256 FROM gateway.feed_answers"))
