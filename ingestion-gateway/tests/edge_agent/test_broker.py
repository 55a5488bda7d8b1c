"""The whole agent as a process, on a real Mosquitto with mutual TLS, killed in several ways."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from edge_agent.fleet import fleet
from gridseal.identity.ed25519 import SigningKey
from gridseal.identity.receipt_keys import KEY_FILE

from .broker import Broker, Counterpart, until
from .conftest import WHEELS

ORIGIN = "2026-06-01T00:00:00Z"


class AgentProcess:
    """``python -m edge_agent`` with a history of two days and a clock that runs 600 times faster."""

    def __init__(self, folder: Path, broker: Broker, cache: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.log = folder / "agent.log"
        own = {
            "GRIDSEAL_MQTT_PORT": str(broker.port),
            "GRIDSEAL_STATE_DIR": str(folder / "state"),
            "GRIDSEAL_TIME_SCALE": "600",
            "GRIDSEAL_TIME_ORIGIN": ORIGIN,
            "GRIDSEAL_TIME_ANCHOR": datetime.now(UTC).isoformat(),
            "EDGE_AGENT_TLS_DIR": str(broker.tls),
            "EDGE_AGENT_WHEEL_DIR": str(WHEELS),
            "EDGE_AGENT_CACHE_DIR": str(cache),
            "EDGE_AGENT_STATUS_PORT": str(self.port),
            "EDGE_AGENT_MESSAGE_READINGS": "50",
            "EDGE_AGENT_RECEIPT_TIMEOUT_S": "2",
            "DEMO_DAYS": "2",
        }
        foreign = ("GRIDSEAL_", "EDGE_AGENT_", "DEMO_DAYS")
        self._environment = {n: v for n, v in os.environ.items() if not n.startswith(foreign)} | own
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "edge_agent", "replay"]
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(timeout=30)

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def status(self) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/status", timeout=5) as answer:
                content: dict[str, Any] = json.load(answer)
                return content
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return {"caught_up": False, "totals": {"messages_enqueued": 0, "messages_delivered": 0, "queue_depth": -1}}

    def expected(self, until_iso: str, out: Path) -> dict[tuple[str, int], int]:
        """How many readings each device and period should have."""
        command = [sys.executable, "-m", "edge_agent", "expected", "--until", until_iso, "--out", str(out)]
        subprocess.run(command, env=self._environment, check=True, capture_output=True)
        counts: dict[tuple[str, int], int] = {}
        for row in pq.read_table(out).to_pylist():
            key = (row["device_id"], int(row["period_start"].timestamp() * 1_000))
            counts[key] = counts.get(key, 0) + 1
        return counts


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    server = Broker(tmp_path, [device.device_id for device in fleet("demo")])
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def agent(tmp_path: Path, broker: Broker, cache: Path) -> Iterator[AgentProcess]:
    process = AgentProcess(tmp_path, broker, cache)
    process.start()
    yield process
    if process.running():
        process.stop(signal.SIGKILL)


def assert_complete(agent: AgentProcess, counterpart: Counterpart, folder: Path) -> None:
    """Everything that is due up to six hours after the origin arrived, and nothing else."""
    moment = "2026-06-01T06:00:00Z"
    until(lambda: agent.status().get("domain_now", "") > "2026-06-01T06:30:00Z", 300, "domain time")
    until(lambda: bool(agent.status()["caught_up"]), 300, "caught up")
    expected = agent.expected(moment, folder / "expected.parquet")
    end_ms = int(datetime.fromisoformat(moment).timestamp() * 1_000)

    def got() -> dict[tuple[str, int], int]:
        counts: dict[tuple[str, int], int] = {}
        for device_id, _, start_ms in list(counterpart.readings):
            if start_ms < end_ms:
                counts[(device_id, start_ms)] = counts.get((device_id, start_ms), 0) + 1
        return counts

    until(lambda: len(got()) >= len(expected), 30, "the readings")
    assert got() == expected
    assert len(expected) > 3_000


@pytest.mark.timeout(600)
def test_a_killed_agent_goes_on_and_no_reading_is_lost(agent: AgentProcess, broker: Broker, tmp_path: Path) -> None:
    counterpart = Counterpart(broker)
    try:
        for share in (10, 40):
            until(lambda share=share: len(counterpart.copies) > share, 300, "messages")
            agent.stop(signal.SIGKILL)
            agent.start()
        assert_complete(agent, counterpart, tmp_path)
        assert agent.stop() == 0
        assert len(counterpart.traces) == len(counterpart.copies)
    finally:
        counterpart.stop()


@pytest.mark.timeout(600)
def test_a_killed_broker_that_forgets_everything_loses_no_reading(
    agent: AgentProcess, broker: Broker, tmp_path: Path
) -> None:
    counterpart = Counterpart(broker, silent=True)
    try:
        # Acknowledged by the broker, taken by nobody who keeps it, never receipted.
        until(lambda: len(counterpart.copies) > 20, 300, "messages")
        broker.kill()
        counterpart.silent = False
        broker.start()
        assert_complete(agent, counterpart, tmp_path)
    finally:
        counterpart.stop()


@pytest.mark.timeout(600)
def test_messages_for_nobody_are_kept_until_somebody_listens(
    agent: AgentProcess, broker: Broker, tmp_path: Path
) -> None:
    until(lambda: agent.status()["totals"]["messages_enqueued"] > 40, 300, "messages")
    assert agent.status()["totals"]["messages_delivered"] == 0

    counterpart = Counterpart(broker)
    try:
        assert_complete(agent, counterpart, tmp_path)
        assert agent.status()["totals"]["queue_depth"] >= 0
    finally:
        counterpart.stop()


@pytest.mark.timeout(600)
def test_receipts_of_another_key_are_counted_and_take_nothing(
    agent: AgentProcess, broker: Broker, tmp_path: Path
) -> None:
    forger = Counterpart(broker, key=SigningKey.new())
    try:
        until(lambda: agent.status()["totals"].get("receipts_refused", 0) > 20, 300, "forged receipts")
        totals = agent.status()["totals"]
        assert (totals["messages_delivered"], totals["messages_refused"]) == (0, 0)
        assert totals["queue_depth"] == totals["messages_enqueued"]

        forger.key = SigningKey.read(broker.folder / "keys" / KEY_FILE, "the gateway's")
        assert_complete(agent, forger, tmp_path)
    finally:
        forger.stop()


def test_a_missing_certificate_is_one_sentence_and_exit_2(tmp_path: Path, broker: Broker, cache: Path) -> None:
    process = AgentProcess(tmp_path, broker, cache)
    (broker.tls / "devices" / "home-03-pv.crt").unlink()
    process.start()

    until(lambda: not process.running(), 300, "the end")

    assert process.stop() == 2
    assert "certificate of home-03-pv cannot be used" in process.log.read_text()
    assert "Traceback" not in process.log.read_text()
