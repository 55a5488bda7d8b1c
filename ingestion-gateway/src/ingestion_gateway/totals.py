"""What the gateway counts: Prometheus figures, and the same as totals for the report."""

import time
from collections import Counter as Tally
from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_ACK_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)


class GatewayTotals:
    """Counted after the effect: a message is accepted or refused once Kafka has it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.started_at = time.time()
        self.received = 0
        self.accepted = 0
        self.readings = 0
        self.receipts = 0
        self.replayed = 0
        self.refused: Tally[str] = Tally()
        self._unacknowledged: dict[int, float] = {}
        self._next = 0
        self._received = Counter("gridseal_gateway_received_total", "Messages taken from MQTT", registry=registry)
        self._accepted = Counter("gridseal_gateway_accepted_total", "Messages on telemetry.*", registry=registry)
        self._readings = Counter("gridseal_gateway_readings_total", "Readings on telemetry.*", registry=registry)
        self._receipts = Counter("gridseal_gateway_receipts_total", "Receipts sent", registry=registry)
        self._refused = Counter(
            "gridseal_gateway_refused_total", "Messages on dead-letter", ["reason"], registry=registry
        )
        self._replayed = Counter(
            "gridseal_gateway_replayed_total", "Messages that Kafka had from before", registry=registry
        )
        self._ack_seconds = Histogram(
            "gridseal_gateway_kafka_ack_seconds",
            "From MQTT to Kafka's acknowledgement",
            buckets=_ACK_BUCKETS,
            registry=registry,
        )
        self._gauge(registry, "in_flight_messages", "Messages in hand, not yet in Kafka", lambda: self.in_flight)
        self._gauge(registry, "oldest_unacknowledged_seconds", "Age of the oldest of them", self.oldest_s)

    def recall(self, accepted: int, refused: Mapping[str, int]) -> None:
        """Start from what earlier lives brought to Kafka; Prometheus figures begin anew, as they should."""
        self.accepted += accepted
        self.refused.update(refused)
        self.received += accepted + sum(refused.values())

    @property
    def in_flight(self) -> int:
        """Messages in hand that Kafka does not have yet."""
        return len(self._unacknowledged)

    def oldest_s(self) -> float:
        """Age of the oldest message in hand."""
        first = next(iter(self._unacknowledged.values()), None)
        return 0.0 if first is None else time.monotonic() - first

    def took(self) -> int:
        """A message came from MQTT; returns a mark for ``settled``."""
        self.received += 1
        self._received.inc()
        self._next += 1
        self._unacknowledged[self._next] = time.monotonic()
        return self._next

    def settled(self, mark: int) -> None:
        """Kafka has it."""
        self._ack_seconds.observe(time.monotonic() - self._unacknowledged.pop(mark))

    def gave_up(self, mark: int) -> None:
        """A stop came before Kafka could take it; MQTT will deliver it again."""
        del self._unacknowledged[mark]

    def accept(self, readings: int) -> None:
        """A message with so many readings is on its telemetry topic."""
        self.accepted += 1
        self.readings += readings
        self._accepted.inc()
        self._readings.inc(readings)

    def refuse(self, reason: str) -> None:
        """A message is on ``dead-letter``."""
        self.refused[reason] += 1
        self._refused.labels(reason).inc()

    def replay(self) -> None:
        """A message came that Kafka has from before; it was not appended again."""
        self.received += 1
        self._received.inc()
        self.replayed += 1
        self._replayed.inc()

    def receipt(self) -> None:
        """A receipt was handed to MQTT."""
        self.receipts += 1
        self._receipts.inc()

    def _gauge(self, registry: CollectorRegistry, name: str, text: str, read: Callable[[], float]) -> None:
        Gauge(f"gridseal_gateway_{name}", text, registry=registry).set_function(read)
