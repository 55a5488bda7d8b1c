"""The hub in a process of its own: publishes a run each time a line comes in on stdin."""

import asyncio
import json
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from forecast_service.live.endpoint import install_live
from forecast_service.live.hub import Hub
from forecast_service.live.narrow import forecast_event
from gridseal.runtime.serve import http_part

SERIES, POINTS = 20, 24


def a_view(series: int, run: int) -> dict[str, Any]:
    """As large as what a fan chart is drawn from, and no two values alike: forecasts compress no worse than this."""
    noise = random.Random(f"{series} {run}")
    start = datetime(2026, 6, 1, 12, tzinfo=UTC)
    points = [
        {
            "target_start": f"{start + timedelta(minutes=15 * n):%Y-%m-%dT%H:%M:%SZ}",
            "values_milli": sorted(noise.randrange(500_000, 5_000_000) for _ in range(7)),
        }
        for n in range(POINTS)
    ]
    return {
        "series_id": f"home-{series:02d}/net", "site_id": f"home-{series:02d}", "run_id": f"{run:032x}",
        "points": points,
    }  # fmt: skip


async def main(port: int) -> None:
    """Serve until stdin ends."""
    app, hub = FastAPI(), Hub({}, CollectorRegistry())
    install_live(app, hub, frozenset(), lambda: datetime.now(UTC), 1)
    task = asyncio.create_task(http_part(app, "127.0.0.1", port)())
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        views = [a_view(series, json.loads(line)) for series in range(SERIES)]
        for view in views:
            hub.publish(forecast_event(view | {"stored_at": time.time()}))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
