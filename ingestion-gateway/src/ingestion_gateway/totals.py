"""What the gateway counts: Prometheus figures, and the same as totals for the report. Counted in bunches."""

import time
from bisect import bisect_left
from collections import Counter as Tally
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from ingestion_gateway.accept import Accepted, Quarantined
from ingestion_gateway.ports import Held

_ACK_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)


class _Seconds(Collector):
    """A histogram that takes many equal values at once; the library's takes one at a time."""

    def __init__(self, name: str, text: str) -> None:
        self._name, self._text = name, text
        self._counts = [0] * (len(_ACK_BUCKETS) + 1)
        self._sum = 0.0

    def observe(self, seconds: float, times: int) -> None:
        self._counts[bisect_left(_ACK_BUCKETS, seconds)] += times
        self._sum += seconds * times

    def collect(self) -> Iterator[HistogramMetricFamily]:
        buckets, total = [], 0
        for limit, count in zip((*map(str, _ACK_BUCKETS), "+Inf"), self._counts, strict=True):
            total += count
            buckets.append((limit, total))
        yield HistogramMetricFamily(self._name, self._text, buckets=buckets, sum_value=self._sum)


class GatewayTotals:
    """Counted after the effect: a message is accepted or refused once Kafka has it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.started_at = time.time()
        self.received = 0
        self.accepted = 0
        self.readings = 0
        self.receipts = 0
        self.receipts_undelivered = 0
        self.replayed = 0
        self.stalls = 0
        self.dropped_readings = 0
        self.refused: Tally[str] = Tally()
        self.quarantined: Tally[str] = Tally()
        self._in_hand: deque[Held] = deque()
        self._unsettled = 0
        self._registry = registry
        self._received = self._counter("received", "Messages taken from MQTT")
        self._accepted = self._counter("accepted", "Messages on telemetry.*")
        self._readings = self._counter("readings", "Readings on telemetry.*")
        self._receipts = self._counter("receipts", "Receipts sent")
        self._undelivered = self._counter("receipts_undelivered", "Receipts that the broker did not take with 0x00")
        self._replayed = self._counter("replayed", "Messages that Kafka had from before")
        self._stalls = self._counter("stalls", "Times the gateway came back to be sent everything again")
        self._dropped = self._counter("dropped_readings", "Readings in a dialect that the catalog does not ask for")
        self._refused = self._counter("refused", "Messages on dead-letter", "reason")
        self._quarantined = self._counter("quarantined", "Messages on quarantine", "reason")
        self._ack = _Seconds("gridseal_gateway_kafka_ack_seconds", "From MQTT to Kafka's acknowledgement")
        registry.register(self._ack)
        self._gauge("in_flight_messages", "Messages in hand, not yet in Kafka", lambda: self.in_flight)
        self._gauge("oldest_unacknowledged_seconds", "Age of the oldest of them", self.oldest_s)

    def recall(self, accepted: int, refused: Mapping[str, int], quarantined: Mapping[str, int]) -> None:
        """Start from what earlier lives brought to Kafka; Prometheus figures begin anew, as they should."""
        self.accepted += accepted
        self.refused.update(refused)
        self.quarantined.update(quarantined)
        self.received += accepted + sum(refused.values()) + sum(quarantined.values())

    @property
    def in_flight(self) -> int:
        """Messages in hand that Kafka does not have yet."""
        return self._unsettled

    def oldest_s(self) -> float:
        """Age of the oldest message in hand."""
        self._let_go()
        return time.monotonic() - self._in_hand[0].taken_at if self._in_hand else 0.0

    def in_hand(self, most: int) -> list[Held]:
        """The oldest messages in hand."""
        self._let_go()
        return [held for held, _ in zip((h for h in self._in_hand if not h.done), range(most), strict=False)]

    def took(self, bunch: Sequence[Held]) -> None:
        """Messages came from MQTT."""
        self.received += len(bunch)
        self._received.inc(len(bunch))
        self._unsettled += len(bunch)
        self._in_hand.extend(bunch)

    def settled(self, bunch: Sequence[Held]) -> None:
        """Kafka has them, now or from before; they are marked done."""
        self._unsettled -= len(bunch)
        now = time.monotonic()
        for taken_at, count in Tally([held.taken_at for held in bunch]).items():
            self._ack.observe(now - taken_at, count)
        self._let_go()

    def accept(self, messages: int, readings: int) -> None:
        """So many messages with so many readings are on their telemetry topics."""
        self.accepted += messages
        self.readings += readings
        self._accepted.inc(messages)
        self._readings.inc(readings)

    def set_aside(self, verdict: object) -> None:
        """A message is on ``dead-letter`` or on ``quarantine``."""
        if isinstance(verdict, Accepted):
            return
        reason = str(getattr(verdict, "reason", ""))
        kept, counter = (
            (self.quarantined, self._quarantined) if isinstance(verdict, Quarantined) else (self.refused, self._refused)
        )
        kept[reason] += 1
        counter.labels(reason).inc()

    def replay(self, messages: int) -> None:
        """Messages came that Kafka has from before; they were not appended again."""
        self.replayed += messages
        self._replayed.inc(messages)

    def receipt(self) -> None:
        """A receipt was handed to MQTT."""
        self.receipts += 1
        self._receipts.inc()

    def receipt_undelivered(self) -> None:
        """The broker answered a receipt with another reason code than 0x00: the device has not heard."""
        self.receipts_undelivered += 1
        self._undelivered.inc()

    def drop(self, readings: int) -> None:
        """Readings in a dialect that the catalog does not ask for were left out."""
        self.dropped_readings += readings
        self._dropped.inc(readings)

    def stalled(self) -> None:
        """Something stood still, so everything was asked for again."""
        self.stalls += 1
        self._stalls.inc()

    def _let_go(self) -> None:
        in_hand = self._in_hand
        while in_hand and in_hand[0].done:
            in_hand.popleft()

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"gridseal_gateway_{name}_total", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        Gauge(f"gridseal_gateway_{name}", text, registry=self._registry).set_function(read)
