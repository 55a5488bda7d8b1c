"""``/api/v1/trails``: the moments of a run, from the window that it took to the block that sealed it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from forecast_service.store.trails import RunTrail, Trails
from gridseal.http.moments import Moment
from gridseal.runtime.problems import not_found


def trail_routes(trails: Trails) -> APIRouter:
    """The routes; they only read."""
    router = APIRouter(prefix="/api/v1/trails", tags=["pipeline"])

    @router.get("/runs/{run_id}", operation_id="readRunTrail")
    async def of_run(run_id: Annotated[str, Path(max_length=64)]) -> RunTrail:
        """When a run was due, sent, computed, stored, published, sealed."""
        found = await trails.of_run(run_id)
        if found is None:
            raise not_found(f"run {run_id}")
        return found

    @router.get("/windows", operation_id="readWindowTrail")
    async def of_window(
        series_id: Annotated[str, Query(max_length=127)],
        ended_by: Annotated[Moment, Query(description="End of the window, domain time")],
    ) -> RunTrail:
        """The same of the first run that could take a window."""
        found = await trails.first_after(series_id, ended_by)
        if found is None:
            raise not_found(f"a run about {series_id} since that window")
        return found

    return router
