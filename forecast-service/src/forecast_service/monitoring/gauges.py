"""S3's metrics of what the scheduler knows: drift, errors on recent actuals, age of the data."""

from collections.abc import Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge

from forecast_service.monitoring.drift import DriftReport
from forecast_service.store.performance import DemandErrors, Rolling


class MonitoringGauges:
    """Names without prefix are S3's, verbatim; they are unset, not zero, until something is known."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(name, text, labels, registry=registry)

        self._share = gauge("drift_share", "Share of judged features that have drifted", "dataset")
        self._detected = gauge("drift_detected", "Whether drift_share is above its limit", "dataset")
        self._mae = gauge("model_mae_mwh", "MAE of the demand model, last 7 days", "model")
        self._mape = gauge("model_mape_percent", "MAPE of the demand model, last 7 days", "model")
        self._age = gauge("data_freshness_hours", "Age of the newest feature row", "dataset")
        of = ("product", "kind", "model")
        self._pinball = gauge("gridseal_rolling_pinball_ratio", "Mean pinball loss over range, 7 days", *of)
        self._covered = gauge("gridseal_rolling_coverage_90_ratio", "Coverage of the 90 % band, 7 days", *of)
        self._error = gauge("gridseal_rolling_mae_watts", "MAE of the median, 7 days", *of)

    def drift(self, report: DriftReport) -> None:
        """A check has ended."""
        self._share.labels("demand").set(report.share)
        self._detected.labels("demand").set(report.detected)

    def performance(self, figures: Sequence[Rolling], demand: Sequence[DemandErrors]) -> None:
        """A look has ended; what is no longer served is forgotten."""
        for gauge in (self._pinball, self._covered, self._error):
            gauge.clear()
        for f in figures:
            labels = (f.product_id, f.kind, f.model)
            self._pinball.labels(*labels).set(f.pinball_ratio)
            self._error.labels(*labels).set(f.mae)
            if f.coverage_90 is not None:
                self._covered.labels(*labels).set(f.coverage_90)
        if demand:
            self._mae.labels("demand").set(demand[0].mae_mwh)
            if demand[0].mape_percent is not None:
                self._mape.labels("demand").set(demand[0].mape_percent)

    def freshness(self, newest: datetime | None, now: datetime) -> None:
        """The newest feature row starts at ``newest``."""
        if newest is not None:
            self._age.labels("demand").set((now - newest).total_seconds() / 3_600)
