"""The processes between recorded providers and the database, for tests: on servers of their own."""

import asyncio
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from confluent_kafka import Producer

from asset_service.presets import load_presets
from gridseal.wire.catalog import CatalogMessage, Product
from gridseal.wire.codec import encode
from gridseal.wire.topics import ASSETS_CHANGED
from local_stack.scratch import free_port
from local_stack.scratch_servers import ScratchServers
from local_stack.servers.topics import ensure_topics

RECORDINGS = Path(__file__).parents[2] / "ingestion-gateway" / "tests" / "feeds" / "recordings"
KEY = "a-key-of-the-test"


class Way:
    """Replay server, feeds, stream; the programs of forecast-service where a test starts them."""

    def __init__(self, servers: ScratchServers, sets: Path | None = None) -> None:
        self.servers, self.sets = servers, sets
        self.replay_port, self.stream_port = free_port(), free_port()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        own = {
            "FEEDS_REPLAY_URL": f"http://127.0.0.1:{self.replay_port}",
            "FEEDS_RETRIES": "0",
            "EIA_API_KEY": KEY,
            "STREAMING_PROCESSOR_FEEDS": "true",
            "STREAMING_PROCESSOR_CHECKPOINT_DIR": str(self.servers.layout.state / "checkpoint"),
            "STREAMING_PROCESSOR_METRICS_PORT": str(self.stream_port),
            "STREAMING_PROCESSOR_JARS_DIR": str(self.servers.layout.tools / "jars" / "spark"),
            "STREAMING_PROCESSOR_RECENT_S": "400000000",
        }
        path = {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        inherited = {n: v for n, v in self.servers.environment().items() if n != "ENTSOE_TOKEN"}
        return inherited | path | own | dict(more or {})

    def start(self, *program: str, name: str, more: Mapping[str, str] | None = None) -> None:
        with (self.servers.layout.logs / f"{name}.log").open("ab") as log:
            command = [sys.executable, "-m", *program]
            self._processes[name] = subprocess.Popen(
                command, env=self.environment(more), cwd=self.servers.layout.root, stdout=log, stderr=log
            )

    def start_all(self) -> None:
        """The catalog, the providers and the stream."""
        self.catalog()
        sets = () if self.sets is None else ("--sets", str(self.sets), "--sets-catalog", str(self.sets / "sets.yaml"))
        served = ("--recordings", str(RECORDINGS), "--port", str(self.replay_port), *sets)
        self.start("ingestion_gateway.feeds.replay", *served, name="replay")
        self.start("streaming_processor", name="stream")

    def log_of(self, name: str) -> str:
        return (self.servers.layout.logs / f"{name}.log").read_text(errors="replace")

    def backfill(self, only: str, begin: datetime | str, end: datetime | str) -> "subprocess.CompletedProcess[str]":
        span = ("--from", str(begin), "--to", str(end))
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

    def catalog(self, keep: Callable[[object], bool] = lambda record: not isinstance(record, Product)) -> None:
        """What the feeds feed. Without products: nothing here is asked to train the engine on a few days."""
        asyncio.run(ensure_topics(self.servers.bootstrap))
        producer = Producer({"bootstrap.servers": self.servers.bootstrap, "log_level": 2})
        for record in filter(keep, load_presets("demo", optional=("us",))):
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

    def stop(self, *names: str) -> None:
        going = [self._processes.pop(name) for name in names or tuple(self._processes)]
        for process in going:
            process.send_signal(signal.SIGTERM)
        for process in going:
            process.wait(60)
