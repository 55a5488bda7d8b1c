"""The part of forecast-service's scheduler that takes jobs, as a process of its own: its routes and its tables.

    python forecast_jobs.py DSN PORT

What is left out needs Kafka and Redis and does the jobs; a line on stdin, the id of one, ends that job as done.
"""

import asyncio
import sys

from forecast_service.app import create_operator_app
from forecast_service.jobs.flows import STANDARD
from forecast_service.jobs.routes import Jobs, job_routes
from forecast_service.store.database import migrate, open_pool
from forecast_service.store.flow_runs import FlowRuns
from forecast_service.store.pages import Pages
from gridseal.runtime.clock import SystemClock
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.serve import http_part


async def _serve(dsn: str, port: int) -> None:
    migrate(dsn)
    pool = open_pool(dsn, 2)
    runs = FlowRuns(pool)
    runs.seed(STANDARD)
    app = create_operator_app(new_registry(), {})
    app.include_router(job_routes(Jobs(runs, Pages(pool), SystemClock())))

    async def end_jobs() -> None:
        while line := await asyncio.to_thread(sys.stdin.readline):
            await asyncio.to_thread(runs.ended, line.strip(), "done", "the new version serves")

    try:
        await asyncio.gather(http_part(app, "127.0.0.1", port)(), end_jobs())
    finally:
        pool.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
