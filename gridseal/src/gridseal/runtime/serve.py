"""Run all parts of a process in one task group: one failing part ends the process.

SIGTERM and SIGINT cancel the parts; each finishes what is in hand and closes. There is no restart
inside a process: the supervisor (``local/`` or Kubernetes) does that.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence

import uvicorn
from fastapi import FastAPI

from gridseal.access.guard import require_guard
from gridseal.errors import ConfigError, GridsealError
from gridseal.runtime.frames import FrameProtocol
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
Part = Callable[[], Coroutine[None, None, None]]


class _QuietServer(uvicorn.Server):
    """uvicorn without its own signal handlers: the process has one place for signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def http_part(app: FastAPI, host: str, port: int) -> Part:
    """Serve ``app`` until cancelled. It does not start with a route that no policy names."""

    async def run() -> None:
        require_guard(app, host)
        config = uvicorn.Config(
            app, host=host, port=port, log_level="warning", access_log=False, ws=FrameProtocol, ws_max_size=65_536
        )
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
    """Entry of a process: exit 2 on a wrong setting, 1 on a failed dependency, with one sentence.

    Not ``except*``: what is raised inside it arrives in a group, and a ``SystemExit`` in a group is a traceback.
    """
    try:
        asyncio.run(run())
    except GridsealError as error:
        sys.exit(_say([error]))
    except BaseExceptionGroup as group:
        known, unknown = group.split(GridsealError)
        code = _say(_leaves(known)) if known else 1
        if unknown:
            raise unknown from None
        sys.exit(code)


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _say(errors: Iterable[BaseException]) -> int:
    code = 1
    for error in errors:
        print(f"gridseal: {error}", file=sys.stderr)
        code = 2 if isinstance(error, ConfigError) else code
    return code
