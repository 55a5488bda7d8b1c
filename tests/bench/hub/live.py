"""How long a run takes from its storing to every client, and what stalled clients cost the others.

``BENCH_CLIENTS`` connections from one process to a hub in another, every one subscribed to all forecasts. A run has 20
series; the time is from the moment a view is handed to the hub until its frame has arrived in the clients' process. A
second round stalls every tenth client: it stops reading and its connection fills. The peer of the first figure is one
process that writes the same bytes to as many sockets and does nothing else (``_floor``): what the machine costs. The
hub's processor time stands beside the times, because it says the same on a busy machine.
"""

import asyncio
import json
import os
import statistics
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

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
    floor = asyncio.run(_round("_floor", stalled=0))
    well = asyncio.run(_round("_server", stalled=0))
    sick = asyncio.run(_round("_server", stalled=CLIENTS // 10))
    for part in (50, 99):
        yield Figure(
            f"hub_p{part}_ms", _percentile(well.times, part), "ms", "less", 250 if part == 99 else None,
            "bare sockets", _percentile(floor.times, part), RUNS,
        )  # fmt: skip
    yield Figure(
        "hub_p99_tenth_stalled_ms", _percentile(sick.times, 99), "ms", "less", 1.1 * _percentile(well.times, 99),
        "nobody stalled", _percentile(well.times, 99), RUNS,
    )  # fmt: skip
    yield Figure("hub_cpu_ms_a_run", well.cpu_ms, "ms", "less", None, "bare sockets", floor.cpu_ms, RUNS)
    yield Figure("hub_memory_growth_ratio", well.memory_ratio, "", "less", 1.1, runs=RUNS)
    yield Figure("hub_memory_growth_tenth_stalled_ratio", sick.memory_ratio, "", "less", 1.5, runs=RUNS)


@dataclass(frozen=True, slots=True)
class Round:
    """What one server did."""

    times: list[float]
    """Milliseconds of every frame of every client that reads."""
    cpu_ms: float
    """Processor time of the server, a run."""
    memory_ratio: float
    """Resident memory at the end over that at the start."""


async def _round(server: str, stalled: int) -> Round:
    port = free_port()
    async with _process(f"tests.bench.hub.{server}", str(port)) as hub:
        await _until_open(port)
        address = f"ws://127.0.0.1:{port}"
        async with _process("tests.bench.hub._clients", address, str(CLIENTS), str(stalled)) as clients:
            await _line(clients)
            await _run(hub, clients, 0)
            process = psutil.Process(hub.pid)
            memory, cpu = process.memory_info().rss, sum(process.cpu_times()[:2])
            times = [ms for n in range(1, RUNS + 1) for ms in await _run(hub, clients, n)]
            cpu_ms = (sum(process.cpu_times()[:2]) - cpu) * 1_000 / RUNS
            return Round(times, cpu_ms, process.memory_info().rss / memory)


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
