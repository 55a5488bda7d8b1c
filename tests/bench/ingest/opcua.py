"""OPC-UA notifications taken, beside asyncua's own client on the same server in the same run.

A real server in a process of its own writes every node at its rate with the moment as its source's time. The
agent's side goes as far as the sample being counted in its period; the peer's ends where asyncua calls the
handler that its documentation shows. ``BENCH_OPCUA_SECONDS`` and ``BENCH_OPCUA_RUNS`` shorten a run.
"""

import asyncio
import contextlib
import importlib.util
import logging
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asyncua.client.client import Client

from edge_agent.opcua.collector import Collector
from edge_agent.opcua.metrics import OpcuaMetrics
from edge_agent.opcua.nodes import NodeList
from edge_agent.opcua.ports import Sample
from edge_agent.opcua.security import Security
from edge_agent.opcua.session import OpcuaSession
from gridseal.runtime.metrics import new_registry
from tests.bench.figures import ROOT, Figure

NODES = 3_000
HZ = 2.0
SECONDS = float(os.environ.get("BENCH_OPCUA_SECONDS", "20"))
RUNS = int(os.environ.get("BENCH_OPCUA_RUNS", "3"))
GOAL_PER_S, GOAL_P95_MS = 5_000.0, 500.0
PUBLISHING_MS = 100.0


@dataclass
class Run:
    """One measured stretch."""

    lags_ms: list[float] = field(default_factory=list)
    wall_s: float = 0.0
    cpu_s: float = 0.0

    @property
    def per_s(self) -> float:
        return len(self.lags_ms) / self.wall_s

    @property
    def p95_ms(self) -> float:
        return sorted(self.lags_ms)[int(0.95 * len(self.lags_ms))]

    @property
    def cpu_us(self) -> float:
        return 1e6 * self.cpu_s / len(self.lags_ms)


def measure() -> Iterator[Figure]:
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    plant_module = _plant_module()
    ours, theirs = [], []
    for _ in range(RUNS):
        plant = plant_module.Plant(NODES, hz=HZ)
        plant.start()
        try:
            content = plant_module.a_node_list(plant, NODES, publishing_ms=PUBLISHING_MS)
            ours.append(asyncio.run(_stretch(_agent(NodeList.model_validate(content)))))
            theirs.append(asyncio.run(_stretch(_client_alone(plant.endpoint))))
        finally:
            plant.kill()
    pairs = (
        ("opcua_notifications_per_s", "1/s", "more", GOAL_PER_S, "per_s"),
        ("opcua_p95_ms", "ms", "less", GOAL_P95_MS, "p95_ms"),
        ("opcua_cpu_us_per_notification", "µs", "less", None, "cpu_us"),
    )
    for name, unit, better, goal, what in pairs:
        value, peer = (statistics.median(getattr(run, what) for run in runs) for runs in (ours, theirs))
        yield Figure(name, value, unit, better, goal, "asyncua client alone", peer, RUNS)  # type: ignore[arg-type]


async def _stretch(side: Any) -> Run:
    """Let it run in, then measure it."""
    run = Run()
    async with side(run):
        await asyncio.sleep(2.0)
        run.lags_ms.clear()
        wall, cpu = time.monotonic(), time.process_time()
        await asyncio.sleep(SECONDS)
        run.wall_s, run.cpu_s = time.monotonic() - wall, time.process_time() - cpu
        run.lags_ms = run.lags_ms[:]
    return run


def _agent(nodes: NodeList) -> Any:
    @asynccontextmanager
    async def side(run: Run) -> AsyncIterator[None]:
        metrics = OpcuaMetrics(new_registry())
        collector = Timed(nodes, metrics, run)
        session = OpcuaSession(nodes, Security(), collector, metrics)
        task = asyncio.create_task(session.hold())
        while session.subscribed < NODES:
            await asyncio.sleep(0.05)
            if task.done():
                task.result()
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    return side


class Timed(Collector):
    """The agent's collector, and when it was done with each sample."""

    def __init__(self, nodes: NodeList, metrics: OpcuaMetrics, run: Run) -> None:
        super().__init__(nodes.nodes, 60_000, metrics)
        self._run = run

    def samples(self, samples: Iterable[Sample], received_ms: int) -> None:
        kept = list(samples)
        super().samples(kept, received_ms)
        now = time.time()
        self._run.lags_ms.extend(1_000 * (now - s.source_at.timestamp()) for s in kept if s.source_at is not None)


def _client_alone(endpoint: str) -> Any:
    class Handler:
        def __init__(self, run: Run) -> None:
            self._lags_ms = run.lags_ms

        def datachange_notification(self, node: Any, value: Any, data: Any) -> None:
            source_at = data.monitored_item.Value.SourceTimestamp
            self._lags_ms.append(1_000 * (time.time() - source_at.timestamp()))

    @asynccontextmanager
    async def side(run: Run) -> AsyncIterator[None]:
        async with Client(endpoint, timeout=30) as client:
            index = await client.get_namespace_index("urn:gridseal:plant")
            subscription = await client.create_subscription(PUBLISHING_MS, Handler(run))
            nodes = [client.get_node(f"ns={index};s=P{number}") for number in range(NODES)]
            for first in range(0, NODES, 1_000):
                await subscription.subscribe_data_change(nodes[first : first + 1_000], queuesize=10)
            yield

    return side


def _plant_module() -> Any:
    """The server that the tests use; it belongs to the ingestion gateway's tests."""
    path = Path(ROOT) / "ingestion-gateway" / "tests" / "edge_agent" / "plant.py"
    spec = importlib.util.spec_from_file_location("gridseal_test_plant", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
