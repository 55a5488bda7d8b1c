"""What Prometheus is told about rounds."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class RoundMetrics:
    """Counters of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.steps = Counter("gridseal_round_steps_total", "Steps asked of the chain", ["step"], registry=registry)
        self.ended = Counter("gridseal_rounds_total", "Rounds that ended", ["state"], registry=registry)
        self.open = Gauge("gridseal_rounds_open", "Rounds that are due and not ended", registry=registry)
        self.failed = Counter(
            "gridseal_round_calls_failed_total", "Calls that the chain refused", ["step"], registry=registry
        )
