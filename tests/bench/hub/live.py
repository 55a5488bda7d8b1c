"""How long a run takes from its storing to every client, and what stalled clients cost the others.

``BENCH_CLIENTS`` connections from one process to a hub in another, every one subscribed to all forecasts. A run has 20
series; the time is from the moment a view is handed to the hub until its frame has arrived in the clients' process. A
second round stalls every tenth client: it stops reading and its connection fills. The peer of the first figure is one
process that writes the same bytes to as many sockets and does nothing else (``_floor``): what the machine costs.
"""

import asyncio
import json
import os
import statistics
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import psutil

from local_stack.scratch import free_port
from tests.bench.figures import Figure
from tests.bench.hub._server import SERIES

CLIENTS = int(os.environ.get("BENCH_CLIENTS", "1000"))
RUNS = int(os.environ.get("BENCH_RUNS", "20"))
EVERY_S = float(os.environ.get("BENCH_EVERY_S", "2"))
WAIT_S = 120
LINE = 2**26


def measure() -> Iterator[Figure]:
    """The bare sockets, all clients well, then a tenth of them stalled."""
    floor, _ = asyncio.run(_round("_floor", stalled=0))
    well, memory = asyncio.run(_round("_server", stalled=0))
    sick, memory_sick = asyncio.run(_round("_server", stalled=CLIENTS // 10))
    for part in (50, 99):
        yield Figure(
            f"hub_p{part}_ms", _percentile(well, part), "ms", "less", 250 if part == 99 else None,
            "bare sockets", _percentile(floor, part), RUNS,
        )  # fmt: skip
    yield Figure(
        "hub_p99_tenth_stalled_ms", _percentile(sick, 99), "ms", "less", 1.1 * _percentile(well, 99),
        "nobody stalled", _percentile(well, 99), RUNS,
    )  # fmt: skip
    yield Figure("hub_memory_growth_ratio", memory, "", "less", 1.1, runs=RUNS)
    yield Figure("hub_memory_growth_tenth_stalled_ratio", memory_sick, "", "less", 1.5, runs=RUNS)


async def _round(server: str, stalled: int) -> tuple[list[float], float]:
    """Milliseconds of every frame of every client that reads, and resident memory at the end over that at the start."""
    port = free_port()
    async with _process(f"tests.bench.hub.{server}", str(port)) as hub:
        await _until_open(port)
        address = f"ws://127.0.0.1:{port}"
        async with _process("tests.bench.hub._clients", address, str(CLIENTS), str(stalled)) as clients:
            await _line(clients)
            await _run(hub, clients, 0)
            before = psutil.Process(hub.pid).memory_info().rss
            times = [ms for n in range(1, RUNS + 1) for ms in await _run(hub, clients, n)]
            return times, psutil.Process(hub.pid).memory_info().rss / before


async def _run(hub: Process, clients: Process, run: int) -> list[float]:
    assert hub.stdin is not None
    assert clients.stdin is not None
    hub.stdin.write(f"{run}\n".encode())
    clients.stdin.write(f"{SERIES}\n".encode())
    times: list[float] = json.loads(await _line(clients))
    await asyncio.sleep(EVERY_S)
    return times


async def _line(process: Process) -> bytes:
    assert process.stdout is not None
    async with asyncio.timeout(WAIT_S):
        line = await process.stdout.readline()
    assert line, "the process has ended"
    return line


@asynccontextmanager
async def _process(module: str, *arguments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdin=PIPE, stdout=PIPE, limit=LINE
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


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
