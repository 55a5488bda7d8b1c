"""The OPC-UA source on a real server that runs as a process of its own and can be killed."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edge_agent.opcua.collector import Collector
from edge_agent.opcua.metrics import OpcuaMetrics
from edge_agent.opcua.nodes import NodeList
from edge_agent.opcua.resolve import Limits
from edge_agent.opcua.security import Security
from edge_agent.opcua.session import OpcuaSession, Timing, quiet_library
from edge_agent.opcua.source import OpcuaSource
from edge_agent.packing import PackedReading
from gridseal.errors import ConfigError, UnavailableError
from gridseal.runtime.metrics import new_registry

from .plant import Plant, a_node_list, make_application_certificate

PERIOD_MS = 1_000


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quiet_library()


@pytest.fixture(scope="module")
def one_plant() -> Iterator[Plant]:
    server = Plant(20)
    yield server
    server.kill()


@pytest.fixture
def plant(one_plant: Plant) -> Plant:
    """Up, whatever the test before did to it; starting one takes seconds."""
    if not one_plant.up():
        one_plant.kill()
        one_plant.start()
    return one_plant


class Reader:
    """Collector, session and source around one node list."""

    def __init__(self, content: dict[str, Any], security: Security | None = None, **timing: float) -> None:
        self.list = NodeList.model_validate(content)
        self.metrics = OpcuaMetrics(new_registry())
        self.collector = Collector(self.list.nodes, PERIOD_MS, self.metrics)
        patience = Timing(**({"keepalive_s": 0.5, "watchdog_s": 1.0} | timing))
        self.session = OpcuaSession(self.list, security or Security(), self.collector, self.metrics, patience)
        self.source = OpcuaSource(self.session)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.source.run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def until(self, condition: Callable[[], bool], within_s: float = 40.0) -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, f"did not come within {within_s} s; {self.source.why_down}"
            await asyncio.sleep(0.02)

    async def next_period(self) -> list[PackedReading]:
        """The readings of a whole period that begins after now."""
        start_ms = (int(time.time() * 1_000) // PERIOD_MS + 1) * PERIOD_MS
        await self.until(lambda: time.time() * 1_000 > start_ms + PERIOD_MS + 400)
        return [reading for part in self.collector.close(start_ms).values() for reading in part]

    def samples(self) -> float:
        return float(self.metrics.samples._value.get())

    def gaps(self, reason: str) -> float:
        return float(self.metrics.gaps.labels(reason=reason)._value.get())


async def test_values_come_with_their_sources_time_and_quality(plant: Plant) -> None:
    reader = Reader(a_node_list(plant, 3))
    async with reader.running():
        await reader.until(lambda: reader.samples() >= 3)
        plant.write(0, 5.0)
        plant.write(1, 7.0, status=0x40920000)
        plant.write(2, 9.0, status=0x808C0000)
        await reader.until(lambda: reader.samples() >= 6)

        readings = await reader.next_period()

    # A bad value without a number (asyncua's server leaves it out) is no reading.
    assert [(r.value, r.quality) for r in readings] == [(5.0, "good"), (7.0, "suspect")]
    assert reader.metrics.periods.labels(quality="empty")._value.get() == 1
    assert reader.metrics.by_status.labels(code="0x808C0000")._value.get() == 1


async def test_an_overflow_is_a_gap(plant: Plant) -> None:
    reader = Reader(a_node_list(plant, 2))
    async with reader.running():
        await reader.until(lambda: reader.samples() >= 2)
        # asyncua's server drops the oldest without a word; other servers set this bit on what is left.
        plant.write(0, 5.0, status=0x0480)
        await reader.until(lambda: reader.gaps("server_overflow") == 1)

    assert reader.metrics.by_status.labels(code="0x00000000")._value.get() == 0


async def test_every_node_of_one_interval_is_in_one_subscription(plant: Plant) -> None:
    content = a_node_list(plant, 20)
    for node in content["nodes"][15:]:
        node["publishing_ms"] = 200
    reader = Reader(content)
    async with reader.running():
        await reader.until(lambda: reader.session.subscribed == 20)

        assert sorted(len(s.indexes) for s in reader.session._by_id.values()) == [5, 15]


async def test_a_killed_server_is_found_again_though_its_namespaces_moved(plant: Plant) -> None:
    reader = Reader(a_node_list(plant, 20))
    async with reader.running():
        await reader.until(lambda: reader.session.subscribed == 20 and reader.samples() >= 20)
        plant.kill()
        await reader.until(lambda: reader.session.subscribed == 0)
        with pytest.raises(UnavailableError):
            await reader.source.require()
        lost_at = await reader.next_period()
        # Two more namespaces: "ns=2" is another one now.
        plant.start(other_namespaces=2)
        await reader.until(lambda: reader.session.subscribed == 20)
        plant.write(3, 42.0)
        await reader.until(lambda: reader.samples() >= 41)
        readings = await reader.next_period()

    assert lost_at == []
    assert [r.value for r in readings] == [0.0] * 3 + [42.0] + [0.0] * 16
    assert {r.quality for r in readings} == {"good"}
    assert reader.gaps("connection") >= 1


async def test_a_server_that_hangs_is_noticed(plant: Plant) -> None:
    reader = Reader(a_node_list(plant, 5), request_s=2.0)
    async with reader.running():
        await reader.until(lambda: reader.session.subscribed == 5)
        plant.send(signal.SIGSTOP)
        await reader.until(lambda: reader.session.subscribed == 0)
        plant.send(signal.SIGCONT)
        await reader.until(lambda: reader.session.subscribed == 5)


async def test_a_subscription_that_fell_silent_is_made_anew(plant: Plant) -> None:
    reader = Reader(a_node_list(plant, 5))
    async with reader.running():
        await reader.until(lambda: reader.session.subscribed == 5)
        for own in reader.session._by_id.values():
            own.silent_after_s = 0.0
        await reader.until(lambda: reader.metrics.connects._value.get() == 2 and reader.session.subscribed == 5)

    assert "fell silent" in reader.source.why_down


async def test_nodes_that_are_not_there_or_mean_another_unit_do_not_stop_the_others() -> None:
    plant = Plant(4, units={"0": "MAW", "1": "MTS"})
    plant.start()
    content = a_node_list(plant, 5)
    content["nodes"][2]["node"] = "nsu=urn:nobody;s=P2"
    reader = Reader(content)
    try:
        async with reader.running():
            # P0 says megawatt where the list says watt, P2's namespace and P4 do not exist.
            await reader.until(lambda: reader.session.subscribed == 2)
    finally:
        plant.kill()

    assert reader.metrics.nodes.labels(state="refused")._value.get() == 1
    assert reader.metrics.nodes.labels(state="unresolved")._value.get() == 2


async def test_a_connection_is_encrypted_with_certificates_on_both_sides(tmp_path: Path) -> None:
    make_application_certificate(tmp_path, "plant", "urn:gridseal:test:plant")
    make_application_certificate(tmp_path, "agent", "urn:gridseal:edge-agent")
    make_application_certificate(tmp_path, "stranger", "urn:gridseal:test:plant")
    plant = Plant(5, tls=str(tmp_path))
    plant.start()

    def security(server: str) -> Security:
        files = (tmp_path / "agent.der", tmp_path / "agent.pem", tmp_path / server)
        return Security("sign_and_encrypt", *files)

    try:
        reader = Reader(a_node_list(plant, 5), security("plant.der"))
        async with reader.running():
            await reader.until(lambda: reader.samples() >= 5)
        for refused in (Security(), security("stranger.der")):
            with pytest.raises(UnavailableError):
                await Reader(a_node_list(plant, 5), refused, request_s=3.0).session.hold()
    finally:
        plant.kill()


def test_security_without_its_files_or_a_password_in_the_clear_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="EDGE_AGENT_OPCUA_CERTIFICATE"):
        Security("sign").check()
    with pytest.raises(ConfigError, match="EDGE_AGENT_OPCUA_PASSWORD"):
        Security(password="x").check()


@pytest.mark.timeout(240)
async def test_three_thousand_nodes_once_a_second() -> None:
    plant = Plant(3_000, hz=1)
    plant.start()
    reader = Reader(a_node_list(plant, 3_000), keepalive_s=5.0, watchdog_s=5.0)
    calls: list[int] = []
    try:
        async with reader.running():
            await reader.until(lambda: reader.session.subscribed == 3_000, 60)
            await reader.until(lambda: reader.samples() >= 9_000, 60)
            calls += [len(own.indexes) for own in reader.session._by_id.values()]
            start_ms = (int(time.time() * 1_000) // PERIOD_MS + 1) * PERIOD_MS
            await reader.until(lambda: time.time() * 1_000 > start_ms + 3 * PERIOD_MS, 60)
            closed = reader.collector.close(start_ms)
    finally:
        plant.kill()

    readings = [reading for part in closed.values() for reading in part]
    assert calls == [3_000]
    assert Limits().monitored_items == 1_000
    assert len(readings) == 3_000
    assert {reading.quality for reading in readings} == {"good"}
    # Each value is the moment it was written: a mean over a second lies within the two seconds up to its end.
    means = [r.value for r in readings if r.quantity not in ("wind_direction",)]
    assert all(start_ms / 1_000 - 1.5 < mean < start_ms / 1_000 + 1.0 for mean in means)
    assert reader.gaps("sequence") == reader.gaps("own_queue") == 0
