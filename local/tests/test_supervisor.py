"""The supervisor, with small real processes."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from local_stack import child as child_module
from local_stack.errors import StackError
from local_stack.health import CommandProbe
from local_stack.sessions import members
from local_stack.spec import ProcessSpec
from local_stack.supervisor import Supervisor

SLEEPER = "import time\nwhile True: time.sleep(60)"


class Story:
    """What the supervisor said, in order."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def __call__(self, name: str, happened: str) -> None:
        self.lines.append((name, happened))

    def first(self, name: str, word: str) -> int:
        return next(i for i, (n, h) in enumerate(self.lines) if n == name and h.startswith(word))


def a_process(name: str, code: str = SLEEPER, **more: object) -> ProcessSpec:
    return ProcessSpec(name=name, argv=(sys.executable, "-c", code), **more)  # type: ignore[arg-type]


def a_supervisor(tmp_path: Path, *specs: ProcessSpec) -> tuple[Supervisor, Story]:
    story = Story()
    env = {**os.environ, "FOLDER": str(tmp_path)}
    return Supervisor(specs, logs=tmp_path, env=env, say=story, publish=lambda _: None), story


async def until(condition: Callable[[], object], within_s: float = 20) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - the condition is about processes, no event tells it
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(supervisor: Supervisor) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(supervisor.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_a_process_starts_only_when_what_it_needs_is_healthy(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    store = a_process("store", probe=CommandProbe(("test", "-e", str(flag))))
    make = a_process("make", "pass", needs=("store",), oneshot=True)
    supervisor, story = a_supervisor(tmp_path, a_process("user", needs=("make",)), make, store)

    async with running(supervisor):
        await until(lambda: supervisor.children["store"].state == "starting")
        assert supervisor.children["make"].state == "waiting"
        flag.touch()
        await until(lambda: supervisor.phase == "ready")

    assert story.first("store", "healthy") < story.first("make", "started")
    assert story.first("make", "done") < story.first("user", "started")


async def test_a_killed_process_comes_back(tmp_path: Path) -> None:
    supervisor, _ = a_supervisor(tmp_path, a_process("worker"))
    worker = supervisor.children["worker"]

    async with running(supervisor):
        await until(lambda: worker.state == "healthy")
        first = worker.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: worker.state == "healthy" and worker.pid != first)

    assert worker.restarts == 1


async def test_users_stop_before_what_they_use(tmp_path: Path) -> None:
    supervisor, story = a_supervisor(
        tmp_path, a_process("store"), a_process("service", needs=("store",)), a_process("page", needs=("service",))
    )

    async with running(supervisor):
        await until(lambda: supervisor.phase == "ready")

    assert story.first("page", "stopped") < story.first("service", "stopped") < story.first("store", "stopped")


async def test_a_process_that_ignores_the_stop_is_killed(tmp_path: Path) -> None:
    deaf = "import signal, time, pathlib, os\nsignal.signal(15, signal.SIG_IGN)\n"
    deaf += "pathlib.Path(os.environ['FOLDER'], 'up').touch()\nwhile True: time.sleep(60)"
    probe = CommandProbe(("test", "-e", str(tmp_path / "up")))
    supervisor, story = a_supervisor(tmp_path, a_process("deaf", deaf, stop_s=0.2, probe=probe))
    pid = None

    async with running(supervisor):
        await until(lambda: supervisor.phase == "ready")
        pid = supervisor.children["deaf"].pid

    assert pid is not None
    assert gone(pid)
    assert story.first("deaf", "did not stop") < story.first("deaf", "stopped")


async def test_an_essential_process_that_never_comes_up_ends_the_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_module, "FIRST_BACK_OFF_S", 0.01)
    broken = a_process(
        "broken", "print('no such table'); raise SystemExit(3)", essential=True, probe=CommandProbe(("false",))
    )
    supervisor, story = a_supervisor(tmp_path, a_process("other"), broken)

    with pytest.raises(StackError, match=r"broken did not come up in 6 tries \(ended with code 3\): see .*broken.log"):
        await supervisor.run(asyncio.Event())

    assert ("broken", "| no such table") in story.lines
    assert supervisor.children["other"].state == "stopped"


async def test_what_a_process_started_ends_with_it(tmp_path: Path) -> None:
    parent = "import subprocess, sys, time, os, pathlib\n"
    parent += "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], process_group=0)\n"
    parent += "pathlib.Path(os.environ['FOLDER'], 'pid').write_text(str(p.pid))\ntime.sleep(600)"
    note = tmp_path / "pid"
    supervisor, _ = a_supervisor(tmp_path, a_process("parent", parent, probe=CommandProbe(("test", "-s", str(note)))))

    async with running(supervisor):
        await until(lambda: supervisor.phase == "ready")

    await until(lambda: gone(int(note.read_text())))


def test_an_unknown_need_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="page needs store, which is not in the list"):
        a_supervisor(tmp_path, a_process("page", needs=("store",)))


def test_a_killed_supervisor_leaves_nothing_behind(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(
        "import asyncio, json, os, sys, pathlib\n"
        "from local_stack.spec import ProcessSpec\nfrom local_stack.supervisor import Supervisor\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "child = 'import subprocess, sys, time; "
        'subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], process_group=0); time.sleep(600)\'\n'
        "spec = ProcessSpec(name='tree', argv=(sys.executable, '-c', child))\n"
        "def publish(s): (folder / 'pids').write_text(json.dumps([s.children['tree'].pid]))\n"
        "s = Supervisor([spec], logs=folder, env=dict(os.environ), say=lambda *_: None, publish=publish)\n"
        "asyncio.run(s.run(asyncio.Event()))\n"
    )
    supervisor = subprocess.Popen([sys.executable, str(script), str(tmp_path)])

    def session() -> int | None:
        try:
            pid: int | None = json.loads((tmp_path / "pids").read_text())[0]
        except (OSError, ValueError):
            return None
        return pid

    deadline = time.monotonic() + 20
    while not (session() and len(members(session() or 0)) == 2):
        assert time.monotonic() < deadline
    tree = session() or 0
    supervisor.kill()
    supervisor.wait()

    while members(tree):
        assert time.monotonic() < deadline
