"""Rolling figures of what was issued. S3's names are shown by the API, which reads them from the same tables."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Gauge

from forecast_service.store.performance import Rolling


class RollingGauges:
    """What the last performance check found, by product, kind and model."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str) -> Gauge:
            return Gauge(name, f"{text}, last 7 days", ["product", "kind", "model"], registry=registry)

        self._pinball = gauge("gridseal_rolling_pinball_ratio", "Mean pinball loss over the range of the series")
        self._covered = gauge("gridseal_rolling_coverage_90_ratio", "Share of outcomes between 0.05 and 0.95")
        self._error = gauge("gridseal_rolling_mae_watts", "Mean absolute error of the median")

    def show(self, figures: Sequence[Rolling]) -> None:
        """A look has ended; what is no longer served is forgotten."""
        for gauge in (self._pinball, self._covered, self._error):
            gauge.clear()
        for f in figures:
            labels = (f.product_id, f.kind, f.model)
            self._pinball.labels(*labels).set(f.pinball_ratio)
            self._error.labels(*labels).set(f.mae)
            if f.coverage_90 is not None:
                self._covered.labels(*labels).set(f.coverage_90)
