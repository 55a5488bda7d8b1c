"""Figures of the worker process."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS = (0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2, 3, 5, 8, 15, 30)


class WorkerMetrics:
    """Seconds per stage, runs by outcome, series by rung."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._stage = Histogram(
            "gridseal_forecast_stage_seconds", "Wall time per stage", ["stage"], buckets=_BUCKETS, registry=registry
        )
        self.runs = Counter(
            "gridseal_forecast_runs_total", "Jobs by outcome", ["product", "outcome"], registry=registry
        )
        self.series = Counter("gridseal_forecast_series_total", "Series forecast", ["model", "rung"], registry=registry)
        self.published = Counter("gridseal_forecast_published_total", "Runs that Kafka has", registry=registry)
        self.fallbacks = Counter(
            "gridseal_forecast_fallbacks_total", "Runs by the baseline because the champion failed", registry=registry
        )
        self.blind = Counter(
            "gridseal_forecast_blind_total", "Runs without telemetry because it could not be read", registry=registry
        )
        self.incoherent = Counter(
            "gridseal_forecast_incoherent_total", "Runs whose forecasts could not be made to add up", registry=registry
        )
        self.seals = Counter("gridseal_forecast_seals_total", "Seal states taken", ["state"], registry=registry)
        self.seals_refused = Counter(
            "gridseal_forecast_seals_refused_total", "Seals not of the contract", registry=registry
        )
        self.champion = Gauge(
            "gridseal_forecast_champion_ratio",
            "1 while a champion serves a product, 0 while the baseline",
            ["product"],
            registry=registry,
        )

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure one stage."""
        start = perf_counter()
        try:
            yield
        finally:
            self._stage.labels(name).observe(perf_counter() - start)
