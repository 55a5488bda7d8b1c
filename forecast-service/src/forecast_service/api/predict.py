"""``/predict``, ``/health``, ``/reload-model``: the routes of the demand design, as it names them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, field_validator

from forecast_service.api.demand_metrics import DemandMetrics
from forecast_service.api.prediction_log import PredictionLog
from forecast_service.store.energy import Prediction
from forecast_service.tabular.serving import DemandChampion
from forecast_service.tabular.table import FEATURES
from gridseal.errors import UnavailableError
from gridseal.http.moments import Moment
from gridseal.runtime.clock import floor_to
from gridseal.wire.fields import UtcTime

Flag = Annotated[int, Field(ge=0, le=1)]
HOUR_S = 3_600
NO_MODEL = "no demand model serves yet: train one with 'python -m forecast_service train-demand'"


class PredictRequest(BaseModel):
    """What is known of the hour to predict. Energy in MWh, temperature in °C; calendar in the region's local time."""

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        json_schema_extra={
            "examples": [
                {
                    "temperature": 21.5, "apparent_temperature": 21.0, "humidity": 60, "wind_speed": 3.2,
                    "cloud_cover": 40, "solar_radiation": 350, "precipitation": 0, "hour_of_day": 14,
                    "day_of_week": 2, "month": 6, "is_weekend": 0, "is_holiday": 0, "demand_lag_1h": 18250,
                    "demand_lag_24h": 17900, "demand_lag_168h": 18100, "demand_rolling_mean_24h": 17050,
                    "demand_rolling_std_24h": 1450, "temp_squared": 462.25, "cooling_degree_hours": 3.2,
                    "heating_degree_hours": 0,
                }
            ]
        },
    )  # fmt: skip

    temperature: float
    apparent_temperature: float
    humidity: Annotated[float, Field(ge=0, le=110)]
    wind_speed: Annotated[float, Field(ge=0)]
    cloud_cover: Annotated[float, Field(ge=0, le=100)]
    solar_radiation: float
    precipitation: Annotated[float, Field(ge=0)]
    hour_of_day: Annotated[int, Field(ge=0, le=23)]
    day_of_week: Annotated[int, Field(ge=0, le=6)]
    """0 is Monday."""
    month: Annotated[int, Field(ge=1, le=12)]
    is_weekend: Flag
    is_holiday: Flag
    demand_lag_1h: float
    demand_lag_24h: float
    demand_lag_168h: float
    demand_rolling_mean_24h: float
    demand_rolling_std_24h: Annotated[float, Field(ge=0)]
    temp_squared: float
    cooling_degree_hours: Annotated[float, Field(ge=0)]
    heating_degree_hours: Annotated[float, Field(ge=0)]
    timestamp: Moment | None = None
    """Start of the hour to predict. Left out: the hour that begins next."""

    @field_validator(*FEATURES, mode="before")
    @classmethod
    def _only_numbers(cls, value: object) -> object:
        if isinstance(value, bool | str):
            raise ValueError("a number is wanted")
        return value


class PredictResponse(BaseModel):
    """One predicted hour."""

    predicted_demand_mwh: float
    """Rounded to two decimals."""
    predicted_demand_wh: int
    """The same in whole watt-hours: a home's hour is nothing in two decimals of a MWh."""
    model_version: str
    timestamp: UtcTime
    """Start of the hour that the prediction is about."""


class HealthResponse(BaseModel):
    """Whether predictions can be had."""

    status: Literal["ok"] = "ok"
    model_loaded: bool


class ReloadResponse(BaseModel):
    """What serves after looking again."""

    status: Literal["reloaded", "unchanged"]
    model_version: str | None


@dataclass(frozen=True, slots=True)
class DemandParts:
    """What the routes work with."""

    champion: DemandChampion
    log: PredictionLog
    metrics: DemandMetrics


def predict_routes(parts: DemandParts, now: Callable[[], datetime]) -> APIRouter:
    """The three routes."""
    router = APIRouter(tags=["demand"])

    @router.post("/predict", operation_id="predict")
    async def predict(request: PredictRequest) -> PredictResponse:
        """Demand of one hour from its twenty features. Every prediction is logged with them."""
        parts.metrics.requests.inc()
        with parts.metrics.latency.time():
            serving = parts.champion.serving
            if serving is None:
                raise UnavailableError(NO_MODEL)
            at = now()
            features = request.model_dump(include=set(FEATURES))
            demand = serving.predict([float(features[name]) for name in FEATURES])
            target = floor_to(request.timestamp or at + timedelta(seconds=HOUR_S), HOUR_S).astimezone(UTC)
        parts.metrics.predicted.observe(demand)
        version, respondent = serving.version, serving.saved.respondent
        parts.log.note(Prediction(target, respondent, demand, version, at, features))
        return PredictResponse(
            predicted_demand_mwh=round(demand, 2),
            predicted_demand_wh=round(demand * 1_000_000),
            model_version=version,
            timestamp=target,
        )

    @router.get("/health", operation_id="health")
    async def health() -> HealthResponse:
        """Whether the service turns, and whether a demand model is loaded."""
        return HealthResponse(model_loaded=parts.champion.serving is not None)

    @router.post("/reload-model", operation_id="reloadModel")
    async def reload_model() -> ReloadResponse:
        """Take the registry's champion now; requests go on being answered by the old one until it is loaded."""
        changed = await parts.champion.reload(again=True)
        serving = parts.champion.serving
        return ReloadResponse(
            status="reloaded" if changed else "unchanged", model_version=serving.version if serving else None
        )

    return router
