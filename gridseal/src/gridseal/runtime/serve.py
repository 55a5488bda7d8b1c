"""Run all parts of a process in one task group: one failing part ends the process.

SIGTERM and SIGINT cancel the parts; each finishes what is in hand and closes. There is no restart
inside a process: the supervisor (``local/`` or Kubernetes) does that.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence

import uvicorn
from fastapi import FastAPI

from gridseal.errors import ConfigError, GridsealError
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
Part = Callable[[], Coroutine[None, None, None]]


class _QuietServer(uvicorn.Server):
    """uvicorn without its own signal handlers: the process has one place for signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def http_part(app: FastAPI, host: str, port: int) -> Part:
    """Serve ``app`` until cancelled."""

    async def run() -> None:
        config = uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False, ws_max_size=65_536)
        server = _QuietServer(config)
        task = asyncio.create_task(server.serve())
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            server.should_exit = True
            await task
            raise

    return run


async def run_parts(parts: Sequence[Part]) -> None:
    """Run every part until one fails or a stop signal arrives."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(part()) for part in parts]
        waiter = group.create_task(stop.wait())
        done, _ = await asyncio.wait([*tasks, waiter], return_when=asyncio.FIRST_COMPLETED)
        for task in (*tasks, waiter):
            if task not in done:
                task.cancel()


def main(run: Callable[[], Coroutine[None, None, None]]) -> None:
    """Entry of a process: exit 2 on a wrong setting, 1 on a failed dependency, with one sentence."""
    try:
        asyncio.run(run())
    except* ConfigError as group:
        _say(group)
        sys.exit(2)
    except* GridsealError as group:
        _say(group)
        sys.exit(1)


def _say(group: BaseExceptionGroup[BaseException]) -> None:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            _say(error)
        else:
            print(f"gridseal: {error}", file=sys.stderr)
