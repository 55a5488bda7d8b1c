"""How long a run takes from its storing to every client, and what stalled clients cost the others.

``BENCH_CLIENTS`` connections from this process to a hub in another, every one subscribed to all forecasts. A run has 20
series; the time is from the moment a view is handed to the hub until its frame has arrived here, so what this process
needs to read it counts too. A second round stalls every tenth client: it stops reading and its connection fills.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack

import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from gridseal.wire.live import SUBPROTOCOL
from local_stack.scratch import free_port
from tests.bench.figures import Figure
from tests.bench.hub._server import SERIES

CLIENTS = int(os.environ.get("BENCH_CLIENTS", "1000"))
RUNS = int(os.environ.get("BENCH_RUNS", "20"))
EVERY_S = float(os.environ.get("BENCH_EVERY_S", "5"))
WAIT_S = 120


def measure() -> Iterator[Figure]:
    """All clients well, then a tenth of them stalled."""
    well, memory = asyncio.run(_round(stalled=0))
    sick, memory_sick = asyncio.run(_round(stalled=CLIENTS // 10))
    yield Figure("hub_p50_ms", _percentile(well, 50), "ms", "less", runs=RUNS)
    yield Figure("hub_p99_ms", _percentile(well, 99), "ms", "less", 250, runs=RUNS)
    yield Figure(
        "hub_p99_tenth_stalled_ms", _percentile(sick, 99), "ms", "less", 1.1 * _percentile(well, 99),
        "nobody stalled", _percentile(well, 99), RUNS,
    )  # fmt: skip
    yield Figure("hub_memory_growth_ratio", memory, "", "less", 1.1, runs=RUNS)
    yield Figure("hub_memory_growth_tenth_stalled_ratio", memory_sick, "", "less", 1.5, runs=RUNS)


async def _round(stalled: int) -> tuple[list[float], float]:
    """Milliseconds of every frame of every client that reads, and resident memory at the end over that at the start."""
    port = free_port()
    server = subprocess.Popen(  # noqa: ASYNC220 - nothing waits for it here
        [sys.executable, "-m", "tests.bench.hub._server", str(port)], stdin=subprocess.PIPE, text=True
    )
    try:
        async with AsyncExitStack() as stack:
            await _until_open(port)
            clients = [await stack.enter_async_context(_connected(port)) for _ in range(CLIENTS)]
            for client in clients:
                await client.send(json.dumps({"type": "subscribe", "id": "s", "channel": "forecasts"}))
            for client in clients:
                await _snapshot(client)
            for client in clients[:stalled]:
                client.transport.pause_reading()
            reading = clients[stalled:]
            await _run(server, reading, 0)
            before = psutil.Process(server.pid).memory_info().rss
            times = [ms for n in range(1, RUNS + 1) for ms in await _run(server, reading, n)]
            after = psutil.Process(server.pid).memory_info().rss
            for client in clients:
                client.transport.abort()
        return times, after / before
    finally:
        server.kill()
        server.wait()


async def _run(server: subprocess.Popen[str], clients: list[ClientConnection], run: int) -> list[float]:
    assert server.stdin is not None
    readers = [asyncio.create_task(_frames(client)) for client in clients]
    print(run, file=server.stdin, flush=True)
    async with asyncio.timeout(WAIT_S):
        times = [ms for found in await asyncio.gather(*readers) for ms in found]
    await asyncio.sleep(EVERY_S)
    return times


async def _frames(client: ClientConnection) -> list[float]:
    times: list[float] = []
    while len(times) < SERIES:
        text = await client.recv()
        at = time.time()
        frame = json.loads(text)
        if frame["type"] == "delta":
            times.append((at - frame["data"]["stored_at"]) * 1_000)
    return times


async def _snapshot(client: ClientConnection) -> None:
    while json.loads(await client.recv())["type"] != "snapshot":
        pass


def _connected(port: int) -> connect:
    return connect(
        f"ws://127.0.0.1:{port}/ws/forecasts", subprotocols=[Subprotocol(SUBPROTOCOL)], compression=None,
        open_timeout=60, ping_interval=None, max_queue=None,
    )  # fmt: skip


async def _until_open(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            return


def _percentile(values: list[float], part: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[part - 1]
