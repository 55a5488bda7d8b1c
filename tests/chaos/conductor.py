"""Carries out a plan on the running stack and writes down everything it does."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from local_stack.child import Child
from local_stack.supervisor import Supervisor
from tests.chaos.journal import Journal, read_journal
from tests.chaos.load import LoadOptions, device
from tests.chaos.plan import Fault, Plan, Step
from tests.chaos.processes import state_of
from tests.chaos.recovery import Recovery, Watch
from tests.chaos.run_files import RunFiles

READY_WITHIN_S = 240.0
MOVES_WITHIN_S = 180.0
POINT_WITHIN_S = 20.0
"""After the armed process has become healthy."""
DRAINED_WITHIN_S = 240.0
TICK_S = 0.02
Tell = Callable[[str], None]


class StuckError(Exception):
    """The path did not move again, or did not drain: that is a finding, not a failure of the harness."""


class Conductor:
    """A companion of the stack: see ``local_stack.stack.run_stack``."""

    def __init__(
        self,
        plan: Plan,
        options: LoadOptions,
        files: RunFiles,
        dsn: str,
        bootstrap: str,
        tell: Tell,
        controls: frozenset[str] = frozenset(),
    ) -> None:
        self._table = "telemetry.appended" if "stream" in controls else "telemetry.readings"
        self._plan, self._options, self._files = plan, options, files
        self._dsn, self._bootstrap, self._tell = dsn, bootstrap, tell
        self._journal = Journal(files.faults)
        self._watch = Watch(dsn, [device(number).device_id for number in range(options.devices)], self._table)
        self._supervisor: Supervisor | None = None
        self._recoveries: dict[int, Recovery] = {}
        self._done, self.kills = progress_of(files)
        self.stuck = ""

    async def run(self, supervisor: Supervisor, stop: asyncio.Event) -> None:
        """The whole run, from the first message to the checker's verdict."""
        self._supervisor = supervisor
        self._journal.write("plan", done=self._done, **self._plan.as_record())
        await self._until(lambda: supervisor.phase == "ready", READY_WITHIN_S, "the stack did not come up")
        watching = asyncio.create_task(self._watch.run())
        try:
            await self._warm_up()
            await self._steps()
        except StuckError as error:
            self.stuck = str(error)
            self._tell(f"stuck: {error}")
        finally:
            try:
                await self._drain()
            except StuckError as error:
                self.stuck = self.stuck or str(error)
                self._tell(f"stuck: {error}")
            watching.cancel()
            for number, recovery in self._recoveries.items():
                self._journal.write("all-devices", step=number, all_s=recovery.all_s)
        await self._check()
        stop.set()

    async def _warm_up(self) -> None:
        start = Recovery.begin()
        self._watch.follow(start)
        # A run that goes on where it was cut off does not owe the messages of the time between.
        made = int(self._agent().get("made", 0))
        self._files.go.write_text(str(time.time() - made / self._options.messages_per_s))
        self._journal.write("load-begins", made=made)
        await self._moves(start, "the first message")
        self._tell(f"first message queryable after {start.first_s:.1f} s; {len(self._plan.steps)} steps of faults")

    async def _steps(self) -> None:
        began = time.monotonic()
        for number, step in enumerate(self._plan.steps, 1):
            if number <= self._done:
                continue
            if time.monotonic() - began > self._plan.tier.bound_s:
                self._journal.write("bound-reached", steps=number - 1)
                self._tell(f"time is up after {number - 1} of {len(self._plan.steps)} steps")
                return
            recovery = self._recoveries[number] = await self._hit(step)
            await self._moves(recovery, f"step {number} ({', '.join(map(str, step.faults))})")
            self._journal_recovery(number, step, recovery)
            await self._all_back(step)
            took = "" if recovery.first_s is None else f"{recovery.first_s:6.2f} s"
            self._tell(f"{number:4d}  {took}  {self.kills:4d} kills  {' + '.join(map(str, step.faults))}")
            await asyncio.sleep(step.pause_s)

    async def _hit(self, step: Step) -> Recovery:
        recovery = Recovery.begin()
        for fault in step.faults:
            if fault.action == "failpoint":
                recovery = await self._at_failpoint(fault) or recovery
            elif fault.action == "freeze":
                await self._freeze(fault)
                recovery = Recovery.begin()
            else:
                await self._kill(fault)
        self._watch.follow(recovery)
        return recovery

    async def _kill(self, fault: Fault) -> None:
        pid = await self._living(fault.target)
        self._journal.write("fault", target=fault.target, action="kill", pid=pid)
        os.kill(pid, signal.SIGKILL)
        self.kills += 1

    async def _freeze(self, fault: Fault) -> None:
        root = psutil.Process(await self._living(fault.target))
        frozen = [root, *root.children(recursive=True)]
        self._journal.write("fault", target=fault.target, action="freeze", seconds=fault.seconds, pid=root.pid)
        _signal_all(frozen, signal.SIGSTOP)
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            _signal_all(frozen, signal.SIGCONT)
            self._journal.write("thaw", target=fault.target)

    async def _at_failpoint(self, fault: Fault) -> Recovery | None:
        """Kill it, let it come back armed, and wait until it dies where it was told to."""
        self._files.armed(fault.target).write_text(f"{fault.point}=kill@{fault.passes}")
        before = await self._living(fault.target)
        await self._kill(fault)
        child = self._child(fault.target)
        deadline = time.monotonic() + MOVES_WITHIN_S
        armed = 0
        while time.monotonic() < deadline:
            pid = child.pid
            if pid is not None and pid != before:
                armed = armed or pid
            if armed and pid != armed:
                self.kills += 1
                self._journal.write("fault", target=fault.target, action="failpoint", point=fault.point, pid=armed)
                return Recovery.begin()
            if armed and child.state == "healthy":
                deadline = min(deadline, time.monotonic() + POINT_WITHIN_S)
            await asyncio.sleep(TICK_S)
        self._journal.write("not-reached", target=fault.target, point=fault.point)
        return None

    async def _moves(self, recovery: Recovery, what: str) -> None:
        try:
            async with asyncio.timeout(MOVES_WITHIN_S):
                await recovery.moved.wait()
        except TimeoutError:
            raise StuckError(f"nothing sent after {what} was queryable within {MOVES_WITHIN_S:.0f} s") from None

    async def _all_back(self, step: Step) -> None:
        names = {fault.target for fault in step.faults}
        await self._until(
            lambda: all(self._child(name).state == "healthy" for name in names),
            MOVES_WITHIN_S,
            f"{', '.join(sorted(names))} did not become healthy",
        )

    async def _drain(self) -> None:
        """Let everything that was made arrive; then the strangers once more, with nobody being killed."""
        self._files.enough.touch()
        self._journal.write("faults-end", kills=self.kills)
        self._tell(f"{self.kills} kills; waiting for every message to be receipted")
        await self._until(lambda: bool(self._agent().get("finished")), self._load_left_s(), "the queue did not drain")
        self._files.calm.touch()
        self._journal.write("calm")

    def _load_left_s(self) -> float:
        left = self._options.messages - int(self._agent().get("made", 0))
        return DRAINED_WITHIN_S + max(0.0, left / self._options.messages_per_s)

    async def _check(self) -> None:
        argv = [sys.executable, "-m", "tests.chaos.check", str(self._files.folder)]
        argv += ["--dsn", self._dsn, "--kafka", self._bootstrap, "--table", self._table]
        process = await asyncio.create_subprocess_exec(*argv, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL)
        await process.wait()

    def _journal_recovery(self, number: int, step: Step, recovery: Recovery) -> None:
        self._journal.write(
            "recovery",
            step=number,
            targets=[fault.target for fault in step.faults],
            actions=[fault.action for fault in step.faults],
            fault_at=recovery.at,
            first_s=recovery.first_s,
        )

    def _child(self, name: str) -> Child:
        assert self._supervisor is not None
        return self._supervisor.children[name]

    def _agent(self) -> dict[str, Any]:
        try:
            found = json.loads(self._files.agent.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    async def _living(self, name: str) -> int:
        """The pid of a process, once it runs."""
        child = self._child(name)
        await self._until(
            lambda: child.pid is not None and state_of(child.pid) not in ("", "Z"), 60.0, f"{name} does not run"
        )
        assert child.pid is not None
        return child.pid

    async def _until(self, there: Callable[[], bool], within_s: float, otherwise: str) -> None:
        deadline = time.monotonic() + within_s
        while not there():
            if time.monotonic() > deadline:
                raise StuckError(f"{otherwise} within {within_s:.0f} s")
            await asyncio.sleep(TICK_S)


def progress_of(files: RunFiles) -> tuple[int, int]:
    """Steps done and processes killed by earlier parts of this run."""
    lines = list(read_journal(files.faults))
    done = max((line["step"] for line in lines if line["kind"] == "recovery"), default=0)
    kills = sum(line["kind"] == "fault" and line["action"] in ("kill", "failpoint") for line in lines)
    return done, kills


def _signal_all(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue
