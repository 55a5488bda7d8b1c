"""The lake beside a real Kafka: everything once, over kills, and from its own Bronze when Kafka is gone."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from local_stack.scratch_servers import ScratchServers
from streaming_processor.kafka_topics import ensure_topics
from streaming_processor.lake.bronze import Record

from .builders import ALake, a_day, catalog, telemetry

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[ScratchServers]:
    servers = ScratchServers(tmp_path / "state")
    servers.start("kafka")
    yield servers
    servers.stop()


async def send(bootstrap: str, records: Sequence[Record]) -> None:
    await ensure_topics(bootstrap)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for r in records:
            await producer.send(r.topic, key=r.key, value=r.value, headers=list(r.headers))
        await producer.flush()


def lake_process(servers: ScratchServers, lake: ALake, *arguments: str) -> "subprocess.Popen[str]":
    environment = {
        **{n: v for n, v in os.environ.items() if not n.startswith(("GRIDSEAL_", "LAKE_"))},
        "GRIDSEAL_KAFKA_BOOTSTRAP": servers.bootstrap,
        "LAKE_URL": lake.url,
        "LAKE_FLUSH_S": "0.2",
        "LAKE_FLUSH_RECORDS": "50",
        "OMP_NUM_THREADS": "1",
    }
    argv = [sys.executable, "-m", "streaming_processor.lake", *arguments]
    return subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process: "subprocess.Popen[str]") -> str:
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return output


def content(lake: ALake) -> list[tuple[str, int, int]]:
    rows = lake.bronze.table.select('SELECT topic, partition, "offset" FROM t').to_pylist()
    return sorted((r["topic"], r["partition"], r["offset"]) for r in rows)


def until_bronze_has(lake: ALake, records: int, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 60
    while len(content(lake)) < records:
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise AssertionError(f"Bronze does not grow: {process.communicate()[0]}")


def test_history_goes_through_all_layers_once_over_kills_and_without_kafka(
    servers: ScratchServers, tmp_path: Path
) -> None:
    lake = ALake(tmp_path / "lake")
    days = [telemetry(a_day(day, device)) for day in range(3) for device in "ab"]
    asyncio.run(send(servers.bootstrap, [*catalog(), *days[0], *days[1]]))
    for part, records in enumerate(days[2:4], 1):
        with lake_process(servers, lake, "run") as running:
            until_bronze_has(lake, 5 + 48 + 24 * (part - 1), running)
            asyncio.run(send(servers.bootstrap, records))
            until_bronze_has(lake, 5 + 48 + 24 * part - 12, running)
            running.kill()
    asyncio.run(send(servers.bootstrap, [*days[4], *days[5], *days[0][:7]]))
    first = finish(lake_process(servers, lake, "backfill"))

    assert len(content(lake)) == len(set(content(lake))) == 5 + 6 * 24 + 7
    assert lake.silver.table.select("SELECT count(*) AS n FROM t").to_pylist() == [{"n": 6 * 144}]
    assert "rows of windows" in first
    servers.kill("kafka")
    again = finish(lake_process(servers, lake, "backfill"))
    assert "0 new records" in again
    assert " written, " not in again
    version = str(lake.gold.manifest("windows")["version"])
    assert lake.gold.manifest("windows")["sha256"] in finish(lake_process(servers, lake, "verify", "windows", version))


def test_a_stop_signal_ends_the_lake_in_order(servers: ScratchServers, tmp_path: Path) -> None:
    lake = ALake(tmp_path / "lake")
    asyncio.run(send(servers.bootstrap, [*catalog(), *telemetry(a_day())]))
    running = lake_process(servers, lake, "run")
    until_bronze_has(lake, 29, running)
    running.send_signal(signal.SIGTERM)
    finish(running)
