"""Prometheus figures of the agent. No label names a device."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class AgentMetrics:
    """Built in ``__main__`` and handed to the parts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.enqueued = Counter("gridseal_agent_messages_enqueued", "Messages made.", registry=registry)
        self.readings = Counter("gridseal_agent_readings_enqueued", "Readings made.", registry=registry)
        self.sent = Counter("gridseal_agent_messages_sent", "Messages published for the first time.", registry=registry)
        self.resent = Counter("gridseal_agent_messages_resent", "Messages published again.", registry=registry)
        self.undelivered = Counter(
            "gridseal_agent_messages_undelivered",
            "Publishes that the broker acknowledged but will give to nobody.",
            ["reason"],
            registry=registry,
        )
        self.receipted = Counter(
            "gridseal_agent_messages_receipted", "Messages that a receipt covered.", ["outcome"], registry=registry
        )
        self.readings_receipted = Counter(
            "gridseal_agent_readings_receipted", "Readings that a receipt covered.", ["outcome"], registry=registry
        )
        self.refused_reasons = Counter(
            "gridseal_agent_messages_refused", "Messages that the gateway refused.", ["reason"], registry=registry
        )
        self.receipts_refused = Counter(
            "gridseal_agent_receipts_refused",
            "Receipts that are not the gateway's, or not what they should be.",
            ["reason"],
            registry=registry,
        )
        self.disk_full = Gauge(
            "gridseal_agent_disk_full", "1 while nothing can be written to the queue.", registry=registry
        )
        self.queued_bytes = Gauge("gridseal_agent_queue_bytes", "Payload bytes without a receipt.", registry=registry)
        self.connected = Gauge("gridseal_agent_connected_devices", "Devices connected.", registry=registry)
        self.queued = Gauge("gridseal_agent_queue_messages", "Messages without a receipt.", registry=registry)
        self.oldest = Gauge(
            "gridseal_agent_oldest_unreceipted_seconds", "Age of the oldest of them, wall clock.", registry=registry
        )
        self.lag = Histogram(
            "gridseal_agent_due_to_sent_seconds",
            "Wall time from the end of a period to its publish, live only.",
            buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0),
            registry=registry,
        )

    def settled(self, outcome: str, messages: int, readings: int) -> None:
        """What one receipt covered."""
        if messages:
            self.receipted.labels(outcome=outcome).inc(messages)
            self.readings_receipted.labels(outcome=outcome).inc(readings)
