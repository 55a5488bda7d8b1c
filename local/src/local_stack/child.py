"""One process of the stack, kept running: start, health, back-off, stop."""

import asyncio
import ctypes
import os
import pwd
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, Literal

from local_stack.errors import StackError
from local_stack.sessions import signal_session
from local_stack.spec import ProcessSpec

State = Literal["waiting", "starting", "healthy", "done", "restarting", "stopped", "failed"]
Say = Callable[[str, str], None]
"""Takes a process name and what happened to it."""

FIRST_BACK_OFF_S: Final = 0.5
LONGEST_BACK_OFF_S: Final = 20.0
TRIES: Final = 6
"""An essential process that fails this often in a row, never healthy, ends the stack."""
STARTING_INTERVAL_S: Final = 0.25
RUNNING_INTERVAL_S: Final = 5.0
UNANSWERED: Final = 6
"""This many unanswered questions in a row end a healthy process, for a restart."""
LOG_LIMIT_BYTES: Final = 50_000_000
TAIL_LINES: Final = 8
_PR_SET_PDEATHSIG: Final = 1


class Roll:
    """Who is alive, for the guard that cleans up after a killed supervisor."""

    def __init__(self, tell: Callable[[str], None] = lambda _: None) -> None:
        self._tell = tell

    def add(self, pid: int) -> None:
        """A session began."""
        self._tell(f"+{pid}\n")

    def remove(self, pid: int) -> None:
        """A session is over."""
        self._tell(f"-{pid}\n")


class Child:
    """Runs one spec until told to stop."""

    def __init__(
        self, spec: ProcessSpec, *, log: Path, env: Mapping[str, str], say: Say, roll: Roll, changed: Callable[[], None]
    ) -> None:
        self.spec = spec
        self.log = log
        self.ready = asyncio.Event()
        self.state: State = "waiting"
        self.pid: int | None = None
        self.since = time.time()
        self.restarts = 0
        self.failures = 0
        self.note = ""
        self._env = {**env, **spec.env}
        self._say, self._roll, self._changed = say, roll, changed
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._spawning = asyncio.Lock()

    async def run(self, needs: Sequence[asyncio.Event]) -> None:
        """Wait for what it needs, then keep it running.

        Raises:
            StackError: It is essential and will not come up.
        """
        for need in needs:
            await need.wait()
        back_off = FIRST_BACK_OFF_S
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self._once()
            if self._stopping.is_set() or self.state == "done":
                return
            if time.monotonic() - started > self.spec.good_run_s:
                back_off = FIRST_BACK_OFF_S
            self._give_up_or_count(code)
            self.restarts += 1
            self._become("restarting", f"{_ending(code)}; starts again in {back_off:.1f} s")
            await self._pause(back_off)
            back_off = min(back_off * 2, LONGEST_BACK_OFF_S)

    async def stop(self) -> None:
        """Ask it to end, insist after ``stop_s``, and end whatever it left behind."""
        self._stopping.set()
        async with self._spawning:
            process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(self.spec.stop_signal)
        try:
            async with asyncio.timeout(self.spec.stop_s):
                await process.wait()
        except TimeoutError:
            self._say(self.spec.name, f"did not stop in {self.spec.stop_s:.0f} s: killed")
            signal_session(process.pid, signal.SIGKILL)
            await process.wait()
        signal_session(process.pid, signal.SIGKILL)
        self._become("stopped", "stopped")

    async def _once(self) -> int:
        try:
            async with self._spawning:
                if self._stopping.is_set():
                    return 0
                if self.spec.prepare is not None:
                    await asyncio.to_thread(self.spec.prepare)
                process = self._process = await self._spawn()
        except (OSError, StackError) as error:
            if self.spec.essential:
                raise StackError(f"{self.spec.name} cannot start: {error}") from error
            self.note = str(error)
            return 127
        self.pid, self.since = process.pid, time.time()
        self._roll.add(process.pid)
        self._become("starting", f"started, pid {process.pid}")
        watcher = None if self.spec.oneshot else asyncio.create_task(self._watch(process))
        code = await process.wait()
        if watcher is not None:
            watcher.cancel()
        signal_session(process.pid, signal.SIGKILL)
        self._roll.remove(process.pid)
        self.pid = None
        if self.spec.oneshot and code == 0:
            self.failures = 0
            self._become("done", f"done in {time.time() - self.since:.1f} s")
            self.ready.set()
        return code

    async def _spawn(self) -> asyncio.subprocess.Process:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        account = pwd.getpwnam(self.spec.user) if self.spec.user else None
        with self.log.open("ab", buffering=0) as out:
            return await asyncio.create_subprocess_exec(
                *self.spec.argv,
                cwd=self.spec.cwd,
                env=self._env if account is None else {**self._env, "HOME": account.pw_dir},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=partial(_prepare_child, self.spec.nice),
                user=None if account is None else account.pw_uid,
                group=None if account is None else account.pw_gid,
                extra_groups=None if account is None else [],
            )

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        deadline = time.monotonic() + self.spec.start_s
        while not await self._answers():
            if time.monotonic() > deadline:
                self._say(self.spec.name, f"did not answer within {self.spec.start_s:.0f} s: killed")
                signal_session(process.pid, signal.SIGKILL)
                return
            await asyncio.sleep(STARTING_INTERVAL_S)
        self.failures = 0
        self.note = ""
        self._become("healthy", f"healthy after {time.time() - self.since:.1f} s")
        self.ready.set()
        unanswered = 0
        while unanswered < UNANSWERED:
            await asyncio.sleep(RUNNING_INTERVAL_S)
            unanswered = 0 if await self._answers() else unanswered + 1
        self._say(self.spec.name, f"did not answer {UNANSWERED} times: killed")
        signal_session(process.pid, signal.SIGKILL)

    async def _answers(self) -> bool:
        return self.spec.probe is None or await self.spec.probe.answers()

    def _give_up_or_count(self, code: int) -> None:
        self.failures += 1
        if self.failures < TRIES or not self.spec.essential:
            return
        self._become("failed", f"{_ending(code)}; given up")
        for line in _tail(self.log):
            self._say(self.spec.name, f"| {line}")
        raise StackError(f"{self.spec.name} did not come up in {TRIES} tries ({_ending(code)}): see {self.log}")

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    def _become(self, state: State, happened: str) -> None:
        self.state = state
        self._say(self.spec.name, happened if not (state == "restarting" and self.note) else f"{self.note}; {happened}")
        self._changed()


def _ending(code: int) -> str:
    return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def _tail(log: Path) -> list[str]:
    try:
        return log.read_text(errors="replace")[-4000:].splitlines()[-TAIL_LINES:]
    except OSError:
        return []


def _prepare_child(nice: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.umask(0o022)
    os.nice(nice)
