"""Figures of the feeds. Sources are records of a catalog, so their ids are a bounded label."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class FeedMetrics:
    """Requests, records, refusals, freshness."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "gridseal_feed_requests_total",
            "Requests to providers: answered, again, gave_up, refused",
            ["provider", "outcome"],
            registry=registry,
        )
        self.records = Counter(
            "gridseal_feed_records_total",
            "Records passed on to Kafka: new, revised",
            ["source", "outcome"],
            registry=registry,
        )
        self.unchanged = Counter(
            "gridseal_feed_unchanged_total", "Values seen again as they were", ["source"], registry=registry
        )
        self.left_out = Counter(
            "gridseal_feed_left_out_total", "Values not passed on, by reason", ["source", "reason"], registry=registry
        )
        self.failures = Counter(
            "gridseal_feed_failures_total",
            "Pulls that ended early: key, unavailable, malformed, failed",
            ["source", "outcome"],
            registry=registry,
        )
        self.up = Gauge("gridseal_feed_up", "1 after a pull that went well", ["source"], registry=registry)
        self.freshness = Gauge(
            "gridseal_feed_freshness_seconds",
            "Domain age of the newest value, from the end of its period",
            ["source"],
            registry=registry,
        )
        self.clock_skew = Gauge(
            "gridseal_feed_clock_skew_seconds",
            "Wall clock here less the provider's own, at its last answer",
            ["provider"],
            registry=registry,
        )
