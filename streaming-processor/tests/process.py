"""The whole stream as a process, on servers of the test's own."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import redis
from confluent_kafka import Consumer, Producer, TopicPartition

from gridseal.wire.catalog import CatalogMessage, CatalogRecord
from gridseal.wire.codec import encode
from gridseal.wire.telemetry import Telemetry
from gridseal.wire.topics import ASSETS_CHANGED, FEATURES_WINDOWS
from local_stack.scratch import free_port
from local_stack.scratch_servers import ScratchServers, eventually

TOPIC = "telemetry.meter"


class StreamProcess:
    """``python -m streaming_processor`` with a checkpoint of its own."""

    def __init__(self, servers: ScratchServers, checkpoint: Path, **settings: str) -> None:
        self.port = free_port()
        self.log = servers.layout.logs / f"stream-{self.port}.log"
        own = {
            "STREAMING_PROCESSOR_CHECKPOINT_DIR": str(checkpoint),
            "STREAMING_PROCESSOR_METRICS_PORT": str(self.port),
            "STREAMING_PROCESSOR_JARS_DIR": str(servers.layout.tools / "jars" / "spark"),
            "STREAMING_PROCESSOR_LIVE_S": "400000000",
            "STREAMING_PROCESSOR_RECENT_S": "400000000",
        }
        environment = servers.environment() | {"PYTHONPATH": os.environ.get("PYTHONPATH", "")} | own | settings
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "streaming_processor"]
            self.process = subprocess.Popen(
                command, env=environment, cwd=servers.layout.root, stdout=log, stderr=log, start_new_session=True
            )

    def status(self) -> dict[str, Any]:
        """Empty while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/status", timeout=5) as answer:
                content: dict[str, Any] = json.load(answer)
                return content
        except OSError:
            return {}

    def until_ready(self) -> "StreamProcess":
        eventually(lambda: self.status() or self._ended(), 120, "the stream answers")
        assert self.process.poll() is None, self.log.read_text()[-2_000:]
        return self

    def wait(self, within_s: float = 120) -> int:
        return self.process.wait(within_s)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        return self.wait()

    def _ended(self) -> bool:
        return self.process.poll() is not None


class World:
    """Kafka's writing side and the stores, as a test sees them."""

    def __init__(self, servers: ScratchServers) -> None:
        self.servers = servers
        self._producer = Producer({"bootstrap.servers": servers.bootstrap, "log_level": 2})
        self.redis = redis.Redis(port=servers.ports.redis, decode_responses=True)

    def close(self) -> None:
        self.redis.close()

    def catalog(self, *records: CatalogRecord) -> None:
        for record in records:
            self._producer.produce(ASSETS_CHANGED, encode(CatalogMessage(revision=1, item=record)), key=record.key)
        assert self._producer.flush(30) == 0

    def send(self, messages: Sequence[Telemetry], partition: int = 0) -> None:
        for m in messages:
            self._producer.produce(TOPIC, encode(m), key=m.device_id, partition=partition)
        assert self._producer.flush(30) == 0

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.servers.dsn) as connection:
            return connection.execute(query.encode()).fetchall()

    def one(self, query: str) -> Any:
        return self.ask(query)[0][0]

    def told(self) -> dict[tuple[str, int, str], dict[str, Any]]:
        """The highest version of each window on Kafka."""
        consumer = Consumer({"bootstrap.servers": self.servers.bootstrap, "group.id": "test", "log_level": 2})
        newest: dict[tuple[str, int, str], dict[str, Any]] = {}
        try:
            ends = {p: consumer.get_watermark_offsets(TopicPartition(FEATURES_WINDOWS, p))[1] for p in (0, 1)}
            consumer.assign([TopicPartition(FEATURES_WINDOWS, p, 0) for p in ends])
            left = sum(ends.values())
            while left:
                record = consumer.poll(30)
                assert record is not None
                assert not record.error()
                window = json.loads(record.value() or b"")
                place = (window["series_id"], window["width_s"], window["window_start"])
                if window["version"] >= newest.get(place, window)["version"]:
                    newest[place] = window
                left -= 1
        finally:
            consumer.close()
        return newest
