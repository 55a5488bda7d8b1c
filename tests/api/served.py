"""An application in a thread of its own, with its own loop: pools and locks belong to the loop that serves."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from tests.api.apps import Opened


@contextlib.contextmanager
def served(opened: Opened, dsn: str, folder: Path) -> Iterator[str]:
    """Its address."""
    ready, address, failed = threading.Event(), list[str](), list[BaseException]()
    stop: list[uvicorn.Server] = []

    async def serve() -> None:
        async with opened(dsn, folder) as app:
            server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False, lifespan="off"))
            stop.append(server)
            task = asyncio.create_task(server.serve())
            while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells nobody
                await asyncio.sleep(0.01)
            address.append(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}")
            ready.set()
            await task

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait(60)
    if failed:
        raise failed[0]
    try:
        yield address[0]
    finally:
        stop[0].should_exit = True
        thread.join(30)
