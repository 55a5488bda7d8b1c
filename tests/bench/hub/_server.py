"""The hub in a process of its own: publishes a run each time a line comes in on stdin."""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from forecast_service.live.endpoint import install_live
from forecast_service.live.hub import Hub
from forecast_service.live.narrow import forecast_event
from gridseal.runtime.serve import http_part

SERIES, POINTS = 20, 24


def a_view(series: int, run: int) -> dict[str, Any]:
    """As large as what a fan chart is drawn from."""
    point = {"target_start": "2026-06-01T12:00:00Z", "values_milli": [1_000_000 + n for n in range(7)]}
    return {
        "series_id": f"home-{series:02d}/net", "site_id": f"home-{series:02d}", "run_id": f"{run:032x}",
        "points": [point] * POINTS, "stored_at": time.time(),
    }  # fmt: skip


async def main(port: int) -> None:
    """Serve until stdin ends."""
    app, hub = FastAPI(), Hub({}, CollectorRegistry())
    install_live(app, hub, frozenset(), lambda: datetime.now(UTC), 1)
    task = asyncio.create_task(http_part(app, "127.0.0.1", port)())
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        for series in range(SERIES):
            hub.publish(forecast_event(a_view(series, json.loads(line))))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
