"""What asset-service counts."""

from prometheus_client import CollectorRegistry, Counter


class CatalogMetrics:
    """Counters of the catalog."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.published = Counter(
            "gridseal_catalog_published_total",
            "Records acknowledged by Kafka on assets.changed",
            ["outcome"],
            registry=registry,
        )
