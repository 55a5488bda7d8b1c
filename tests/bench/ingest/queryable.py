"""How old a reading is when PostgreSQL and Redis both have it, and how long a killed driver is missed.

The leg measured is Kafka → queryable: a producer with ``acks=all`` stamps ``sent_at_ms`` and sends at a
fixed rate, whatever comes of it (open loop). The leg before it, device → gateway → Kafka, is in
``gateway``. 2,000 meters, each with a series of three window widths; one reading a message; every
reading counts, taken by the product when Redis has answered after PostgreSQL's commit.
``BENCH_SECONDS`` (20) is the length of each rate, ``BENCH_WARM_SECONDS`` (40) what is sent before and not counted.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import psycopg
from confluent_kafka import Producer

from gridseal.wire.catalog import CatalogMessage
from gridseal.wire.codec import encode
from gridseal.wire.topics import ASSETS_CHANGED
from local_stack.scratch import free_port
from local_stack.scratch_servers import ScratchServers, eventually
from local_stack.servers.topics import ensure_topics
from tests.bench.figures import ROOT, Figure
from tests.bench.ingest._fleet import records

SECONDS = float(os.environ.get("BENCH_SECONDS", "20"))
WARM_SECONDS = float(os.environ.get("BENCH_WARM_SECONDS", "40"))
RATES = tuple(int(r) for r in os.environ.get("BENCH_RATES", "1000,5000,10000,20000").split(","))
GOALS = {(5_000, "p50"): 150.0, (5_000, "p99"): 400.0, (10_000, "p99"): 700.0}
DEVICES = 2_000
Counts = dict[int, int]


class Bench:
    """Servers, one stream at a time, and the numbers of messages sent so far."""

    def __init__(self, state: Path) -> None:
        self.servers = ScratchServers(state)
        self.checkpoint = state / "checkpoint"
        self.port = free_port()
        self.sent = 0
        """Numbers given out; each run of the open loop has its own."""
        self.acknowledged = 0
        self._stream: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Start the servers and say which meters there are."""
        self.servers.start()
        asyncio.run(ensure_topics(self.servers.bootstrap))
        producer = Producer({"bootstrap.servers": self.servers.bootstrap})
        for record in records(DEVICES, period_s=60):
            producer.produce(ASSETS_CHANGED, encode(CatalogMessage(revision=1, item=record)), key=record.key)
            producer.poll(0)
        producer.flush(60)

    def start(self, program: str = "streaming_processor") -> None:
        """Start the stream and wait until it takes messages."""
        own = {
            "STREAMING_PROCESSOR_CHECKPOINT_DIR": str(self.checkpoint),
            "STREAMING_PROCESSOR_METRICS_PORT": str(self.port),
            "STREAMING_PROCESSOR_JARS_DIR": str(self.servers.layout.tools / "jars" / "spark"),
            "STREAMING_PROCESSOR_LIVE_S": "864000",
        }
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        environment = self.servers.environment() | own | {"PYTHONPATH": path}
        with (self.servers.layout.logs / "stream.log").open("ab") as log:
            self._stream = subprocess.Popen(
                [sys.executable, "-m", program],
                env=environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        eventually(lambda: self.ask("/status"), 120, "the stream answers")

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the stream; with SIGKILL its JVM too."""
        if self._stream is not None:
            if number == signal.SIGKILL:
                os.killpg(self._stream.pid, number)
            else:
                self._stream.send_signal(number)
            self._stream.wait(60)
            self._stream = None

    def send(self, rate: int, seconds: float) -> "subprocess.Popen[str]":
        """Start the open loop; it ends by itself."""
        arguments = [self.servers.bootstrap, str(DEVICES), str(self.sent), str(rate), str(seconds)]
        self.sent += int(rate * seconds) + DEVICES
        return subprocess.Popen(
            [sys.executable, "-m", "tests.bench.ingest._open_loop", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, path: str) -> Any:
        """JSON of the stream; None while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return json.load(answer)
        except OSError:
            return None

    def latency(self) -> Counts:
        """Readings by age when queryable, so far."""
        return {int(ms): n for ms, n in (self.ask("/status/latency") or {}).items()}

    def stored(self) -> int:
        """Readings that PostgreSQL has."""
        with psycopg.connect(self.servers.dsn) as connection:
            row = connection.execute("SELECT coalesce(sum(inserted), 0) FROM telemetry.ledger").fetchone()
        return int(row[0]) if row else 0

    def at(self, rate: int) -> Counts:
        """Latencies of one rate: all of its readings, the tail included."""
        before, stored = self.latency(), self.stored()
        sent = self.run(rate, SECONDS)
        eventually(lambda: self.stored() - stored >= sent, 60 + 3 * SECONDS, f"{sent} readings are stored")
        after = eventually(lambda: self.latency(), 10, "the figures")
        return {ms: n - before.get(ms, 0) for ms, n in after.items() if n > before.get(ms, 0)}

    def run(self, rate: int, seconds: float) -> int:
        """The open loop to its end; how many messages Kafka has acknowledged."""
        count = int(self.send(rate, seconds).communicate()[0].split()[-1])
        self.acknowledged += count
        return count

    def warm_up(self, rate: int) -> None:
        """Until the JIT has seen the path and everything sent so far is stored."""
        self.run(rate, WARM_SECONDS)
        eventually(lambda: self.stored() >= self.acknowledged, 600, "the backlog is stored")


def measure() -> Iterator[Figure]:
    """Quantiles at each rate beside two peers at 5,000/s, and the time to recover."""
    with tempfile.TemporaryDirectory(prefix="gridseal-bench-") as folder:
        Path(folder).chmod(0o755)
        bench = Bench(Path(folder))
        try:
            bench.prepare()
            middle = 5_000 if 5_000 in RATES else RATES[0]
            plain = _plain_consumer(bench, middle)
            bench.start("tests.bench.ingest._spark_defaults")
            bench.warm_up(middle)
            untuned = bench.at(middle)
            bench.end()
            bench.start()
            bench.warm_up(middle)
            for rate in RATES:
                counts = bench.at(rate)
                for name, share in (("p50", 0.5), ("p99", 0.99)):
                    peer = ("Spark with its defaults", quantile(untuned, share)) if rate == middle else ("", None)
                    figure = f"queryable_{name}_ms_at_{rate // 1_000}k"
                    yield Figure(figure, quantile(counts, share), "ms", "less", GOALS.get((rate, name)), *peer)
                    if rate == middle:
                        peer = ("plain Python consumer, rows only", quantile(plain, share))
                        yield Figure(f"{figure}_beside_plain", quantile(counts, share), "ms", "less", None, *peer)
            yield Figure("recovery_s", _recovery(bench), "s", "less", 15.0)
        finally:
            bench.end()
            bench.servers.stop()


def quantile(counts: Counts, share: float) -> float:
    """Milliseconds below which so many readings stayed."""
    ages = sorted(counts)
    up_to = list(accumulate(counts[ms] for ms in ages))
    return float(next(ms for ms, n in zip(ages, up_to, strict=True) if n >= share * up_to[-1]))


def _plain_consumer(bench: Bench, rate: int) -> Counts:
    arguments = [bench.servers.bootstrap, bench.servers.dsn, str(bench.servers.ports.redis)]
    peer = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.ingest._plain_consumer", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert peer.stdout is not None
    peer.stdout.readline()
    bench.run(rate, 5.0)
    bench.run(rate, SECONDS)
    time.sleep(2.0)
    peer.terminate()
    counts: Counts = {int(ms): n for ms, n in json.loads(peer.communicate(timeout=60)[0].splitlines()[-1]).items()}
    return counts


def _recovery(bench: Bench) -> float:
    """From SIGKILL of driver and JVM, started again at once, to the first commit of new readings; at 1,000/s."""
    load = bench.send(1_000, 60.0)
    time.sleep(10.0)
    with psycopg.connect(bench.servers.dsn, autocommit=True) as connection:
        killed = time.time()
        bench.end(signal.SIGKILL)
        bench.start()
        row = eventually(lambda: _first_commit(connection, killed), 120, "a batch after the kill")
    load.communicate()
    return float(row) - killed


def _first_commit(connection: psycopg.Connection[Any], since: float) -> Any:
    row = connection.execute(
        "SELECT extract(epoch FROM min(committed_at)) FROM telemetry.ledger"
        " WHERE committed_at > to_timestamp(%s) AND inserted > 0",
        (since,),
    ).fetchone()
    return row[0] if row else None
