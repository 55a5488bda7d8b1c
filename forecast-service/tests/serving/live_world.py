"""A hub behind a running server, as a live client meets it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from forecast_service.live.endpoint import install_live
from forecast_service.live.hub import Hub
from forecast_service.live.narrow import alert_event, forecast_event
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.serve import http_part
from gridseal.wire.live import Filter
from local_stack.scratch import free_port

from .builders import SLOT


class Served:
    """A hub behind a running server; its snapshot is what was published last of each series."""

    def __init__(self) -> None:
        self.store: dict[str, dict[str, Any]] = {}
        self.hub = Hub({"forecasts": self._snapshot}, new_registry())
        self.port = free_port()
        self.gate = asyncio.Event()
        self.gate.set()
        self.stop: Callable[[], object] = lambda: None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/forecasts"

    async def _snapshot(self, wanted: Filter) -> list[dict[str, Any]]:
        now = [v for v in self.store.values() if wanted.site_id in (None, v["site_id"])]
        await self.gate.wait()
        return now

    def forecast(self, series_id: str, number: int, filling: int = 0) -> None:
        view = {"series_id": series_id, "site_id": series_id.split("/")[0], "n": number, "filling": "x" * filling}
        self.store[series_id] = view
        self.hub.publish(forecast_event(view))

    def alert(self, number: int, filling: int = 0) -> None:
        alert = {"alert_id": str(number), "site_id": "a", "subject": "a/x", "n": number, "filling": "x" * filling}
        self.hub.publish(alert_event(alert))


@asynccontextmanager
async def running() -> AsyncIterator[Served]:
    """It takes connections while this is open."""
    made, app = Served(), FastAPI()
    install_live(app, made.hub, frozenset({"http://127.0.0.1:23000"}), lambda: SLOT, 60)
    task = asyncio.create_task(http_part(app, "127.0.0.1", made.port)())
    made.stop = task.cancel
    for _ in range(1_000):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", made.port)
            writer.close()
            break
        except OSError:
            await asyncio.sleep(0.01)
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
