"""The list of processes, and running them as one stack."""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from local_stack.authority import ensure_keystores
from local_stack.domain_time import FIRST_ORIGIN, SAVE_EVERY_S, DomainTime
from local_stack.environment import child_environment
from local_stack.errors import StackError
from local_stack.layout import Layout
from local_stack.ports import Ports, require_free
from local_stack.servers import kafka, mosquitto, postgres, stores
from local_stack.services import Fleet
from local_stack.spec import ProcessSpec
from local_stack.status import StackStatus, the_only_one, write_status
from local_stack.supervisor import Supervisor, stop_on_signals

Companion = Callable[[Supervisor, asyncio.Event], Awaitable[None]]
"""Runs beside the stack, for as long as it wants; it may set the event to stop everything."""
Processes = Callable[[Layout, Ports], list[ProcessSpec]]
DEFAULT_SCALE = 60.0


@dataclass(frozen=True, slots=True)
class Options:
    """What of the stack to run, and how fast its clock goes."""

    servers_only: bool = False
    processes: Processes | None = None
    """Instead of the usual list: a part of it, or one with its processes changed."""
    scale: float = field(default_factory=lambda: scale_from_environment())
    origin: datetime = FIRST_ORIGIN
    """Domain time of the first start."""


def scale_from_environment(usual: float = DEFAULT_SCALE) -> float:
    """Domain seconds per wall second, ``usual`` where nothing is said.

    Raises:
        StackError: The variable is not a number that a clock can use.
    """
    text = os.environ.get("GRIDSEAL_TIME_SCALE", str(usual))
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not 0 < scale <= 3600:
        raise StackError(f"GRIDSEAL_TIME_SCALE must be a number above 0 and up to 3600, not {text!r}")
    return scale


def process_list(layout: Layout, ports: Ports, servers_only: bool = False) -> list[ProcessSpec]:
    """Every process, servers first."""
    servers = [
        postgres.server_spec(layout, ports),
        postgres.databases_spec(layout, ports),
        stores.redis_spec(layout, ports),
        mosquitto.server_spec(layout, ports, bound_client_ids=True),
        kafka.server_spec(layout, ports),
        kafka.topics_spec(layout, ports),
        stores.mongo_spec(layout, ports),
        stores.mlflow_spec(layout, ports),
    ]
    if servers_only:
        return servers
    fleet = Fleet(layout, ports)
    return [*servers, *fleet.chain(), *fleet.services()]


async def run_stack(layout: Layout, ports: Ports, options: Options, companion: Companion | None = None) -> None:
    """Run the stack until a stop signal, or until ``companion`` asks for the end.

    Raises:
        StackError: It runs already, a port is taken, or an essential process will not come up.
    """
    layout.make()
    with the_only_one(layout):
        asked_for = options.processes
        specs = asked_for(layout, ports) if asked_for else process_list(layout, ports, options.servers_only)
        _require_built(specs)
        require_free((spec.name, port) for spec in specs for port in spec.ports)
        ensure_keystores(layout)
        clock_file = layout.run / "clock.json"
        domain = DomainTime.resume(clock_file, options.scale, options.origin)
        supervisor = Supervisor(
            specs,
            logs=layout.logs,
            env=child_environment(layout, ports, domain),
            say=_printer(),
            publish=lambda s: write_status(layout, StackStatus.of(s)),
        )
        stop = asyncio.Event()
        stop_on_signals(stop)
        beside = [asyncio.create_task(_keep_time(domain, layout))]
        if companion is not None:
            beside.append(asyncio.create_task(_accompany(companion, supervisor, stop)))
        try:
            await supervisor.run(stop)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            domain.save(clock_file)


def _require_built(specs: list[ProcessSpec]) -> None:
    for spec in specs:
        if spec.unbuilt:
            raise StackError(f"{spec.name} cannot start because {spec.unbuilt} is not built: run make setup")


async def _accompany(companion: Companion, supervisor: Supervisor, stop: asyncio.Event) -> None:
    try:
        await companion(supervisor, stop)
    finally:
        stop.set()


async def _keep_time(domain: DomainTime, layout: Layout) -> None:
    while True:
        domain.save(layout.run / "clock.json", ahead_s=SAVE_EVERY_S * 2)
        await asyncio.sleep(SAVE_EVERY_S)


def _printer() -> Callable[[str, str], None]:
    began = time.monotonic()

    def say(name: str, happened: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            print(f"{time.monotonic() - began:7.1f} s  {name:<19} {happened}", flush=True)

    return say
