"""Runs all processes of the stack: in dependency order up, in the reverse order down."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import IO

from local_stack.child import Child, Roll, Say
from local_stack.errors import StackError
from local_stack.spec import ProcessSpec

Publish = Callable[["Supervisor"], None]
"""Called whenever the state of a process changes."""


class Supervisor:
    """The processes of one stack."""

    def __init__(
        self, specs: Sequence[ProcessSpec], *, logs: Path, env: Mapping[str, str], say: Say, publish: Publish
    ) -> None:
        names = {spec.name for spec in specs}
        for spec in specs:
            if strangers := sorted(set(spec.needs) - names):
                raise StackError(f"{spec.name} needs {strangers[0]}, which is not in the list of processes")
        self.phase = "starting"
        self.began = time.time()
        self._say = say
        self._publish = publish
        self._guard_pipe: IO[bytes] | None = None
        self._roll = Roll(self._tell_guard)
        self._env, self._logs = env, logs
        self.children = {spec.name: self._child(spec) for spec in specs}

    def _child(self, spec: ProcessSpec) -> Child:
        return Child(
            spec,
            log=self._logs / f"{spec.name}.log",
            env=self._env,
            say=self._say,
            roll=self._roll,
            changed=lambda: self._publish(self),
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Start everything, say when all is up, and stop it when ``stop`` is set.

        Raises:
            StackError: An essential process will not come up; everything else was stopped.
        """
        async with self._guard():
            tasks = [asyncio.create_task(c.run(self._needs(c))) for c in self.children.values()]
            up = asyncio.create_task(self._announce())
            asked = asyncio.create_task(stop.wait())
            try:
                await self._until_asked_or_failed(asked, tasks)
            finally:
                up.cancel()
                asked.cancel()
                await self._stop_all()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, up, asked, return_exceptions=True)
                self._enter("stopped")

    async def _until_asked_or_failed(self, asked: asyncio.Task[bool], tasks: Sequence[asyncio.Task[None]]) -> None:
        running = set(tasks)
        while not asked.done():
            done, _ = await asyncio.wait([asked, *running], return_when=asyncio.FIRST_COMPLETED)
            for task in done & running:
                running.discard(task)
                task.result()

    def _needs(self, child: Child) -> list[asyncio.Event]:
        return [self.children[name].ready for name in child.spec.needs]

    async def _announce(self) -> None:
        for child in self.children.values():
            await child.ready.wait()
        self._say("stack", f"all {len(self.children)} processes answer after {time.time() - self.began:.0f} s")
        self._enter("ready")

    async def _stop_all(self) -> None:
        self._enter("stopping")
        users: dict[str, set[str]] = {name: set() for name in self.children}
        for name, child in self.children.items():
            for need in child.spec.needs:
                users[need].add(name)
        order = TopologicalSorter(users)
        order.prepare()
        while order.is_active():
            ready = order.get_ready()
            await asyncio.gather(*(self.children[name].stop() for name in ready))
            order.done(*ready)

    def _enter(self, phase: str) -> None:
        self.phase = phase
        self._publish(self)

    def _tell_guard(self, line: str) -> None:
        if self._guard_pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._guard_pipe.fileno(), line.encode())

    @contextlib.asynccontextmanager
    async def _guard(self) -> AsyncIterator[None]:
        guard = subprocess.Popen(  # noqa: ASYNC220 - starts at once, and its pipe must stay a plain file
            [sys.executable, "-m", "local_stack.guard"], stdin=subprocess.PIPE, start_new_session=True
        )
        self._guard_pipe = guard.stdin
        try:
            yield
        finally:
            if guard.stdin is not None:
                guard.stdin.close()
            await asyncio.to_thread(guard.wait)


def stop_on_signals(stop: asyncio.Event) -> None:
    """SIGINT, SIGTERM and a closed terminal all mean: stop cleanly."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
