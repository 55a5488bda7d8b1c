"""The nine figures of the demand design, under its names.

Three are counted where predictions are made. Six are read from the tables that the monitors write, so
that they are there whichever process did the work, and after a restart.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from forecast_service.store.demand_state import DemandState, DemandStateReader
from gridseal.errors import UnavailableError
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
LATENCY_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
DEMAND_MWH = tuple(range(5_000, 45_000, 5_000))
READ_EVERY_S = 15.0


class DemandMetrics:
    """The nine."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter("prediction_requests_total", "Predictions asked for", registry=registry)
        self.latency = Histogram(
            "prediction_latency_seconds", "Time to answer /predict", buckets=LATENCY_S, registry=registry
        )
        self.predicted = Histogram(
            "predicted_demand_mwh", "Predicted demand of an hour", buckets=DEMAND_MWH, registry=registry
        )
        self._mae = Gauge("model_mae_mwh", "Mean absolute error on recent actuals", registry=registry)
        self._mape = Gauge("model_mape_percent", "Mean absolute percentage error on recent actuals", registry=registry)
        self._share = Gauge("drift_share", "Share of drifted features at the last check", registry=registry)
        self._drifted = Gauge("drift_detected", "1 where the last check found drift", registry=registry)
        self._freshness = Gauge("data_freshness_hours", "Age of the newest demand", registry=registry)
        self._retrains = Counter("retrain_triggered_total", "Trainings that were started", registry=registry)
        self._known_retrains = 0
        for unknown in (self._mae, self._mape, self._share, self._freshness):
            unknown.set(float("nan"))

    def show(self, state: DemandState) -> None:
        """Take what the tables say. What they do not say stays not a number: 0 would look like a good figure."""
        self._mae.set(_number(state.mae_mwh))
        self._mape.set(_number(state.mape_percent))
        self._share.set(_number(state.drift_share))
        self._drifted.set(bool(state.drift_detected))
        self._freshness.set(_number(state.freshness_h))
        self._retrains.inc(max(state.retrains - self._known_retrains, 0))
        self._known_retrains = max(state.retrains, self._known_retrains)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


class DemandMetricsLoop:
    """Reads the tables now and then."""

    def __init__(self, reader: DemandStateReader, metrics: DemandMetrics, now: Callable[[], datetime]) -> None:
        self._reader, self._metrics, self._now = reader, metrics, now

    async def run(self) -> None:
        """Read until cancelled; what was read last stands while the database is away."""
        while True:
            try:
                self._metrics.show(await self._reader.read(self._now()))
            except UnavailableError as error:
                log.warning("demand_state_unread", detail=str(error))
            await asyncio.sleep(READ_EVERY_S)
