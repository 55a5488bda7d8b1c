"""``/api/v1/models``, ``/api/v1/drift``: what models did, what they were trained on, whether their data drifted."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Query
from pydantic import BaseModel

from forecast_service.api.lifecycle import Name
from forecast_service.catalog import Catalog
from forecast_service.inference.trainings import PastTraining
from forecast_service.insight.errors import ROLLING, histogram, rolling_mae
from forecast_service.store.demand_state import DemandState
from forecast_service.store.model_views import Check, ModelViews, Outcome, Seen
from gridseal.http.moments import Moment
from gridseal.runtime.problems import not_found
from gridseal.wire.fields import UtcTime

MOST_HOURS = 31 * 24


class Trainings(Protocol):
    """``inference.trainings.TrainingHistory`` is one."""

    def read(self, model: str, limit: int) -> list[PastTraining]:
        """Newest first; may raise ``UnavailableError``."""
        ...


class DemandReader(Protocol):
    """``store.demand_state.DemandStateReader`` is one."""

    async def read(self, now: datetime) -> DemandState:
        """As of ``now``; may raise ``UnavailableError``."""
        ...


class ModelName(BaseModel):
    """A model and what it serves."""

    model: str
    product_id: str | None
    """None: the demand model of ``/predict``."""
    name: str
    unit: Literal["W", "MWh"]


class DemandFigures(BaseModel):
    """The demand model over 168 h; null where nobody knows yet."""

    mae_mwh: float | None
    mape_percent: float | None
    freshness_h: float | None
    trainings: int


class ModelList(BaseModel):
    """Answer of ``GET /api/v1/models``."""

    as_at: UtcTime
    items: list[ModelName]
    demand: DemandFigures


class OutcomeView(BaseModel):
    """One period, with the rolling mean absolute error that ends with it."""

    period_start: UtcTime
    actual: float
    predicted: float
    model: str
    rolling_mae: float
    rolling_periods: int


class ErrorHistogram(BaseModel):
    """``counts[i]`` errors lie between ``edges[i]`` and ``edges[i + 1]``."""

    edges: list[float]
    counts: list[int]


class ModelPerformance(BaseModel):
    """Answer of ``GET /api/v1/models/{model}/performance``."""

    as_at: UtcTime
    model: str
    product_id: str | None
    unit: Literal["W", "MWh"]
    series_id: str | None
    """None: nothing has matured."""
    series: list[Seen]
    rolling_s: int
    items: list[OutcomeView]
    mae: float | None
    rmse: float | None
    bias: float | None
    errors: ErrorHistogram


class TrainingList(BaseModel):
    """Answer of ``GET /api/v1/models/{model}/trainings``, newest first."""

    model: str
    items: list[PastTraining]


class DriftCheck(BaseModel):
    """One check."""

    checked_at: UtcTime
    detected: bool
    share_ratio: float
    drifted: int
    judged: int
    triggered_retrain: bool


class DriftState(BaseModel):
    """Answer of ``GET /api/v1/drift``: checks newest first, features of the newest."""

    threshold_ratio: float
    items: list[DriftCheck]
    features: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ModelInsight:
    """What the routes work with."""

    views: ModelViews
    trainings: Trainings
    demand: DemandReader
    names: Callable[[Catalog], Sequence[ModelName]]
    drift_threshold: float


def model_insight_routes(parts: ModelInsight, catalog: Catalog, now: Callable[[], datetime]) -> APIRouter:
    """The routes; they only read."""
    router = APIRouter(tags=["models"])

    @router.get("/api/v1/models", operation_id="listModels")
    async def models() -> ModelList:
        """Every model that serves a product, and the demand model."""
        at = now()
        state = await parts.demand.read(at)
        demand = DemandFigures(
            mae_mwh=state.mae_mwh, mape_percent=state.mape_percent, freshness_h=state.freshness_h,
            trainings=state.retrains,
        )  # fmt: skip
        return ModelList(as_at=at, items=list(parts.names(catalog)), demand=demand)

    @router.get("/api/v1/models/{model}/performance", operation_id="modelPerformance")
    async def performance(
        model: Name, series_id: Annotated[str | None, Query(max_length=127)] = None,
        hours: Annotated[int, Query(ge=1, le=MOST_HOURS)] = 168, as_at: Moment | None = None,
    ) -> ModelPerformance:  # fmt: skip
        """Served median against what came, its errors in 50 bins, and the mean absolute error over 168 h."""
        known = next((one for one in parts.names(catalog) if one.model == model), None)
        if known is None:
            raise not_found(f"model {model}")
        until = as_at or now()
        since = until - timedelta(hours=hours)
        seen = await parts.views.series(known.product_id, since - ROLLING, until)
        chosen = series_id or max(seen, key=lambda one: one.forecasts).series_id if seen or series_id else None
        found: list[Outcome] = []
        if chosen is not None:
            found = await parts.views.outcomes(known.product_id, chosen, since - ROLLING, until, 1_000)
        return _performance(known, until, since, chosen, seen, found)

    @router.get("/api/v1/models/{model}/trainings", operation_id="listTrainings")
    async def trainings(model: Name, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> TrainingList:
        """Past trainings with their figures, parameters and what the gate said."""
        return TrainingList(model=model, items=await asyncio.to_thread(parts.trainings.read, model, limit))

    @router.get("/api/v1/drift", operation_id="driftState")
    async def drift(limit: Annotated[int, Query(ge=1, le=500)] = 100) -> DriftState:
        """Share of drifted features over the last checks, and every feature of the newest."""
        checks = await parts.views.checks(limit)
        features = checks[0].details if checks else {}
        items = [_check(one) for one in checks]
        return DriftState(threshold_ratio=parts.drift_threshold, items=items, features=features)

    return router


def _performance(
    known: ModelName, until: datetime, since: datetime, chosen: str | None, seen: list[Seen], found: list[Outcome]
) -> ModelPerformance:
    errors = [one.predicted - one.actual for one in found]
    rolling = rolling_mae([one.target_start for one in found], errors)
    shown = [
        (one, error, mae)
        for one, error, mae in zip(found, errors, rolling, strict=True)
        if one.target_start >= since
    ]  # fmt: skip
    own = [error for _, error, _ in shown]
    return ModelPerformance(
        as_at=until, model=known.model, product_id=known.product_id, unit=known.unit, series_id=chosen, series=seen,
        rolling_s=int(ROLLING.total_seconds()),
        items=[
            OutcomeView(
                period_start=one.target_start, actual=one.actual, predicted=one.predicted, model=one.model,
                rolling_mae=mae, rolling_periods=n,
            )
            for one, _, (mae, n) in shown
        ],
        mae=sum(map(abs, own)) / len(own) if own else None,
        rmse=(sum(e * e for e in own) / len(own)) ** 0.5 if own else None,
        bias=sum(own) / len(own) if own else None,
        errors=ErrorHistogram(**asdict(histogram(own))),
    )  # fmt: skip


def _check(one: Check) -> DriftCheck:
    return DriftCheck(
        checked_at=one.checked_at, detected=one.detected, share_ratio=one.share, drifted=one.drifted,
        judged=one.judged, triggered_retrain=one.triggered_retrain,
    )  # fmt: skip
