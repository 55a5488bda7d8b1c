"""An alert on a real Kafka reaches a real HTTP server: by the scheduler as it runs, once, and after it was away."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from gridseal.wire.alerts import Alert
from gridseal.wire.codec import encode
from gridseal.wire.topics import ALERTS
from local_stack.scratch import free_port
from local_stack.scratch_servers import ScratchServers, eventually
from local_stack.servers.topics import ensure_topics

from .insight_world import an_alert
from .receiver import Receiver, receiving

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]
NAMES = ("kafka", "postgres", "redis")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScratchServers]:
    found = ScratchServers(tmp_path_factory.mktemp("notify"))
    try:
        found.start(*NAMES)
        yield found
    finally:
        found.stop()


def scheduler(servers: ScratchServers, targets: Path) -> "subprocess.Popen[bytes]":
    told = {
        "FORECAST_NOTIFY_FILE": str(targets), "FORECAST_NOTIFY_NETWORKS": "127.0.0.0/8", "FORECAST_TRAIN": "false",
        "FORECAST_ROLLBACK": "false", "FORECAST_CALIBRATE": "false", "FORECAST_SCHEDULER_PORT": str(free_port()),
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }  # fmt: skip
    with (servers.layout.logs / "scheduler.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "forecast_service", "scheduler"],
            env=servers.environment() | told, cwd=servers.layout.root, stdout=log, stderr=log,
        )  # fmt: skip


def about(n: int) -> Alert:
    """Each about a meter of its own: what is found of one again and again is folded."""
    return an_alert(n, subject=f"home-0{n}-meter", title=f"stuck {n}")


def publish(servers: ScratchServers, n: int) -> None:
    producer = Producer({"bootstrap.servers": servers.bootstrap, "log_level": 2})
    alert = about(n)
    producer.produce(ALERTS, encode(alert), key=alert.alert_id)
    assert producer.flush(30) == 0


def keys(receiver: Receiver) -> list[str]:
    return [headers["webhook-id"] for _, headers, _ in receiver.taken]


async def test_an_alert_on_kafka_is_told_once_and_none_is_missed(servers: ScratchServers, tmp_path: Path) -> None:
    await ensure_topics(servers.bootstrap)
    with receiving() as receiver:
        file = tmp_path / "targets.json"
        target = {"name": "desk", "shape": "generic", "url": receiver.url, "secret": "s" * 24, "least": "info"}
        file.write_text(json.dumps([target]))
        process = scheduler(servers, file)
        try:
            _until_told(servers, receiver)
            publish(servers, 1)  # once more: it was told of already
            process.terminate()
            process.wait(60)
            publish(servers, 2)  # while nobody listens
            assert keys(receiver) == ["alert:a1"]
            process = scheduler(servers, file)
            eventually(lambda: len(receiver.taken) > 1, 120, "the second alert")
            await asyncio.sleep(3)  # for one too many
        finally:
            process.kill()
            process.wait(30)

    assert keys(receiver) == ["alert:a1", "alert:a2"]
    told = json.loads(receiver.taken[1][2])
    assert told["data"]["title"] == "stuck 2"
    assert receiver.taken[1][1]["webhook-signature"].startswith("v1,")


def _until_told(servers: ScratchServers, receiver: Receiver) -> None:
    """It hears from when it joined its group on, which no one outside sees: the same alert again until it is heard."""
    deadline = time.monotonic() + 150
    while not receiver.taken:
        publish(servers, 1)
        time.sleep(1)
        log = servers.layout.logs / "scheduler.log"
        assert time.monotonic() < deadline, log.read_text()[-3_000:]
