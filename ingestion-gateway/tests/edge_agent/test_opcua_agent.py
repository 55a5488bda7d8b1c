"""``python -m edge_agent opcua`` between a real OPC-UA server and a real Mosquitto, each of the three killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .broker import Broker, Counterpart, until
from .plant import QUANTITIES, Plant, a_node_list

NODES = 2 * len(QUANTITIES)
DEVICES = ("unit-0", "unit-1")


class OpcuaAgent:
    """The agent as a process, reporting every second."""

    def __init__(self, folder: Path, broker: Broker, content: dict[str, Any], **changes: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.log = folder / "agent.log"
        (folder / "nodes.yaml").write_text(yaml.safe_dump(content))
        own = {
            "GRIDSEAL_MQTT_PORT": str(broker.port),
            "GRIDSEAL_STATE_DIR": str(folder / "state"),
            "EDGE_AGENT_TLS_DIR": str(broker.tls),
            "EDGE_AGENT_STATUS_PORT": str(self.port),
            "EDGE_AGENT_RECEIPT_TIMEOUT_S": "2",
            "EDGE_AGENT_OPCUA_NODES": str(folder / "nodes.yaml"),
            "EDGE_AGENT_OPCUA_REPORT_PERIOD_S": "1",
            "EDGE_AGENT_OPCUA_GRACE_S": "0.5",
        }
        foreign = ("GRIDSEAL_", "EDGE_AGENT_", "DEMO_DAYS")
        self._environment = {n: v for n, v in os.environ.items() if not n.startswith(foreign)} | own | changes
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "edge_agent", "opcua"]
            self.process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=30)

    def status(self) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/status", timeout=5) as answer:
                content: dict[str, Any] = json.load(answer)
                return content
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return {"opcua": {"connected": False}, "totals": {"queue_depth": -1}}

    def connected(self) -> bool:
        return bool(self.status()["opcua"]["connected"])


@pytest.fixture
def plant() -> Iterator[Plant]:
    server = Plant(NODES)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    server = Broker(tmp_path, DEVICES)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def agent(tmp_path: Path, broker: Broker, plant: Plant) -> Iterator[OpcuaAgent]:
    process = OpcuaAgent(tmp_path, broker, a_node_list(plant, NODES))
    process.start()
    yield process
    if process.process is not None and process.process.poll() is None:
        process.stop(signal.SIGKILL)


def periods(counterpart: Counterpart) -> dict[int, dict[tuple[str, str], float]]:
    """What has arrived, by the start of its period."""
    found: dict[int, dict[tuple[str, str], float]] = {}
    for (device_id, quantity, start_ms), value in list(counterpart.readings.items()):
        found.setdefault(start_ms, {})[(device_id, quantity)] = round(value, 6)
    return found


def wait_for_whole_periods(counterpart: Counterpart, count: int) -> None:
    """So many more periods with all their readings."""

    def whole() -> int:
        return sum(len(readings) == NODES for readings in periods(counterpart).values())

    before = whole()
    until(lambda: whole() >= before + count, 60, f"{count} whole periods")


@pytest.mark.timeout(240)
def test_readings_arrive_whoever_is_killed_in_between(agent: OpcuaAgent, broker: Broker, plant: Plant) -> None:
    counterpart = Counterpart(broker)
    try:
        until(agent.connected, 60, "the subscription")
        for number in range(NODES):
            plant.write(number, 1_000.0 + number)
        wait_for_whole_periods(counterpart, 2)

        broker.kill()
        until(lambda: agent.status()["totals"]["queue_depth"] >= 4, 60, "messages kept on disk")
        broker.start()
        wait_for_whole_periods(counterpart, 4)

        agent.stop(signal.SIGKILL)
        agent.start()
        until(agent.connected, 60, "the subscription")
        wait_for_whole_periods(counterpart, 2)

        plant.kill()
        until(lambda: not agent.connected(), 60, "the loss")
        plant.start(other_namespaces=1)
        until(agent.connected, 60, "the subscription")
        wait_for_whole_periods(counterpart, 2)

        assert agent.stop() == 0
        until(lambda: len(counterpart.traces) == len(counterpart.copies), 10, "the rest")
    finally:
        counterpart.stop()
    found = periods(counterpart)
    first = min(start_ms for start_ms, readings in found.items() if set(readings.values()) == expected_values())
    # From then on each value is the number that was written, or the zero of the server that started afresh.
    for start_ms, readings in found.items():
        if start_ms >= first and len(readings) == NODES:
            assert set(readings.values()) in (expected_values(), {0.0})


def expected_values() -> set[float]:
    """Degrees go round; everything else arrives as it was written, to the precision of a mean."""
    return {
        (1_000.0 + number) % 360.0 if QUANTITIES[number % len(QUANTITIES)] == "wind_direction" else 1_000.0 + number
        for number in range(NODES)
    }


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"EDGE_AGENT_OPCUA_REPORT_PERIOD_S": "7"}, "must divide a day"),
        ({"EDGE_AGENT_OPCUA_GRACE_S": "0"}, "at least the longest publishing interval"),
        ({"GRIDSEAL_TIME_SCALE": "60"}, "a plant's clock is the real one"),
        ({"EDGE_AGENT_OPCUA_NODES": "/nowhere.yaml"}, "cannot be read"),
        ({"EDGE_AGENT_OPCUA_SECURITY": "sign"}, "EDGE_AGENT_OPCUA_CERTIFICATE must name a file"),
    ],
)
def test_a_wrong_setting_is_one_sentence_and_exit_2(
    tmp_path: Path, broker: Broker, setting: dict[str, str], says: str
) -> None:
    nowhere = Plant(1)
    process = OpcuaAgent(tmp_path, broker, a_node_list(nowhere, 1), **setting)
    process.start()
    assert process.process is not None

    assert process.process.wait(60) == 2
    assert says in process.log.read_text()
    assert "Traceback" not in process.log.read_text()
