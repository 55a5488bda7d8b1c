"""``gridseal doctor``: looks at everything the stack needs and says what to do about what is not right."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import psutil

from local_stack.layout import Layout
from local_stack.ports import Ports, is_free, owner_of
from local_stack.stack import process_list
from local_stack.status import read_status

LEAST_DISK_GIB: Final = 5.0
LEAST_MEMORY_GIB: Final = 8.0
LEAST_FREE_MEMORY_GIB: Final = 6.0
GIB: Final = 2**30
SET_UP: Final = {
    "debian-python": "Debian's venv for Python",
    "debian": "Debian packages (PostgreSQL 15, Redis, Mosquitto, Java 17, Maven)",
    "uv": "uv",
    "venv": "Python environment and Node 24",
    "python": "Python packages",
    "secantus": "document server",
    "wheels": "data sets",
    "jars": "Kafka and Spark jars",
    "npm-blockchain": "npm packages of the contracts",
    "build-blockchain": "build of the contracts",
    "npm-frontend": "npm packages of the dashboard",
    "build-frontend": "build of the dashboard",
}
ASK_REGISTRY: Final = {
    "the Python package index": (("python", "wheels", "secantus"), (".local/uv/bin/pip", "index", "versions", "uv")),
    "the npm registry": (("npm-blockchain", "npm-frontend"), (".venv/bin/npm", "ping")),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``advice`` is empty when it is as it should be."""

    what: str
    found: str
    advice: str = ""


def examine(layout: Layout, ports: Ports) -> int:
    """Print every finding; 1 when there is something to do."""
    troubles = 0
    for finding in findings(layout, ports):
        mark = "TO DO" if finding.advice else "ok   "
        print(
            f"{mark} {finding.what}: {finding.found}" + (f" -> {finding.advice}" if finding.advice else ""), flush=True
        )
        troubles += bool(finding.advice)
    print(
        f"{troubles} thing{'s' if troubles != 1 else ''} to do"
        if troubles
        else "nothing to do: make demo, or gridseal up"
    )
    return 1 if troubles else 0


def findings(layout: Layout, ports: Ports) -> Iterator[Finding]:
    """Everything, the quick things first."""
    yield _disk(layout)
    yield _memory(running=read_status(layout) is not None)
    yield from _ports(layout, ports)
    missing = _missing(layout)
    for name, title in SET_UP.items():
        yield (
            Finding(title, "missing or older than the checkout", "make setup")
            if name in missing
            else Finding(title, "in place")
        )
    if missing:
        yield from _registries(layout, missing)
    yield from _processes(layout)


def _disk(layout: Layout) -> Finding:
    free = shutil.disk_usage(layout.root).free / GIB
    advice = f"free some: {LEAST_DISK_GIB:g} GiB are needed" if free < LEAST_DISK_GIB else ""
    return Finding("disk", f"{free:.1f} GiB free at {layout.root}", advice)


def _memory(*, running: bool) -> Finding:
    memory = psutil.virtual_memory()
    total, free = memory.total / GIB, memory.available / GIB
    advice = ""
    if total < LEAST_MEMORY_GIB:
        advice = f"the stack is made for {LEAST_MEMORY_GIB:g} GiB; it may be killed here"
    elif free < LEAST_FREE_MEMORY_GIB and not running:
        advice = f"end something: the stack takes up to {LEAST_FREE_MEMORY_GIB:g} GiB"
    return Finding("memory", f"{free:.1f} of {total:.1f} GiB available", advice)


def _ports(layout: Layout, ports: Ports) -> Iterator[Finding]:
    wanted = [(s.name, p) for s in process_list(layout, ports, servers_only=False) for p in s.ports]
    if read_status(layout) is not None:
        yield Finding("ports", f"{len(wanted)} ports from {ports.base} on belong to the running stack")
        return
    taken = [(name, port) for name, port in wanted if not is_free(port)]
    for name, port in taken:
        advice = "stop it, or choose other ports with GRIDSEAL_PORT_BASE"
        yield Finding(f"port {port} of {name}", f"taken by {owner_of(port)}", advice)
    if not taken:
        yield Finding("ports", f"all {len(wanted)} ports from {ports.base} on are free")


def _missing(layout: Layout) -> set[str]:
    asked = subprocess.run(
        [str(layout.root / "local" / "bootstrap" / "run.sh"), "--missing"],
        capture_output=True,
        text=True,
        cwd=layout.root,
        check=False,
    )
    return set(asked.stdout.split())


def _registries(layout: Layout, missing: set[str]) -> Iterator[Finding]:
    env = {**os.environ, "PATH": f"{layout.venv / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    for registry, (steps, command) in ASK_REGISTRY.items():
        program = layout.root / command[0]
        if not missing.intersection(steps) or not program.exists():
            continue
        try:
            asked = subprocess.run(
                [str(program), *command[1:]], capture_output=True, env=env, cwd=layout.root, check=False, timeout=30
            )
            answers = asked.returncode == 0
        except subprocess.TimeoutExpired:
            answers = False
        advice = "" if answers else "check connection, proxy and certificates"
        yield Finding(registry, "answers" if answers else "does not answer", advice)


def _processes(layout: Layout) -> Iterator[Finding]:
    status = read_status(layout)
    if status is None:
        yield Finding("stack", "not running")
        return
    for row in status.processes:
        if row.state in {"restarting", "failed"}:
            yield Finding(row.name, f"{row.state} {row.note}".strip(), f"see {row.log}")
    yield Finding("stack", f"{status.phase}, pid {status.pid}, Python {sys.version.split()[0]}")
