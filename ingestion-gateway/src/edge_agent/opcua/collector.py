"""Turns samples of all nodes into readings per device and period, and counts what is wrong with them."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from edge_agent.opcua.metrics import OpcuaMetrics
from edge_agent.opcua.nodes import NodeSpec
from edge_agent.opcua.ports import NodeFacts, Sample
from edge_agent.opcua.signals import Outcome, Signal, rule_of
from edge_agent.opcua.status_codes import INFO_BITS, overflowed, quality_of
from edge_agent.opcua.units import agrees, told_unit
from edge_agent.packing import PackedReading
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
AHEAD_MS: Final = 5_000
"""A source's clock may be so much ahead of ours; beyond it the server's stamp or our clock counts."""
EXAMPLES: Final = 10
LARGEST: Final = 1e12
"""What a reading can carry."""


class Collector:
    """One signal per node. Implements ``ports.SampleListener``."""

    def __init__(self, nodes: Sequence[NodeSpec], period_ms: int, metrics: OpcuaMetrics) -> None:
        self._nodes, self._period_ms, self._metrics = nodes, period_ms, metrics
        self._signals = [Signal(period_ms, rule_of(node.quantity)) for node in nodes]
        self._ranges: list[tuple[float, float] | None] = [None] * len(nodes)
        self._told: Counter[str] = Counter()
        """How often something was logged: a few examples are enough, all are counted."""
        self._heard_ms = 0
        self._silent_after_ms = 0
        self._open: set[int] = set()

    def facts(self, index: int, facts: NodeFacts) -> bool:
        """Compare the server's unit with ours; a node whose unit is another one is refused."""
        node = self._nodes[index]
        self._ranges[index] = (
            (facts.low, facts.high)
            if facts.low is not None and facts.high is not None and facts.low < facts.high
            else None
        )
        told = None if facts.unit_id is None else told_unit(facts.unit_id, facts.unit_symbol)
        if told is None:
            return True
        same = agrees(node.quantity, node.unit, told)
        if same is None:
            self._tell("opcua_unit_not_known", node, server_unit=told)
        elif not same:
            self._tell("opcua_unit_mismatch", node, server_unit=told, configured=node.unit)
        return same is not False

    def opened(self, indexes: Sequence[int], at_ms: int, silent_after_ms: int) -> None:
        """From here on these nodes are known, once their first sample is there."""
        self._heard_ms, self._silent_after_ms = at_ms, silent_after_ms
        for index in indexes:
            self._signals[index].open(at_ms)
        self._open.update(indexes)

    def heard(self, at_ms: int) -> None:
        """The server is there."""
        self._heard_ms = at_ms

    def samples(self, samples: Iterable[Sample], received_ms: int) -> None:
        """Count each value from its source's moment on."""
        count = 0
        for index, value, status, source_at, server_at in samples:
            count += 1
            gap = False
            if status:
                gap = overflowed(status)
                self._odd_status(status, gap)
            signal = self._signals[index]
            in_time = signal.sample(
                self._moment(source_at, server_at, received_ms),
                self._number(index, value),
                quality_of(status),
                gap=gap,
            )
            if not in_time:
                self._metrics.flawed.labels(reason="late").inc()
        self._metrics.samples.inc(count)

    def lost(self) -> None:
        """Nothing is known after the last sign of life."""
        if self._open:
            self._metrics.gaps.labels(reason="connection").inc()
        for index in self._open:
            self._signals[index].lose(self._heard_ms)
        self._open.clear()

    def close(self, start_ms: int) -> dict[str, list[PackedReading]]:
        """The readings of a period that is over, by device, in the order of the node list."""
        end_ms = start_ms + self._period_ms
        if self._open and end_ms - self._heard_ms > self._silent_after_ms:
            for index in self._open:
                self._signals[index].lose(self._heard_ms)
        readings: dict[str, list[PackedReading]] = {}
        counts: Counter[str] = Counter()
        for node, signal in zip(self._nodes, self._signals, strict=True):
            outcome = signal.close(start_ms)
            counts[outcome.quality if outcome else "empty"] += 1
            if outcome is not None:
                readings.setdefault(node.device_id, []).append(self._reading(node, start_ms, outcome))
        for quality, count in counts.items():
            self._metrics.periods.labels(quality=quality).inc(count)
        return readings

    def _reading(self, node: NodeSpec, start_ms: int, outcome: Outcome) -> PackedReading:
        value = node.sign * outcome.value
        return PackedReading(node.quantity, node.unit, start_ms, self._period_ms, value, outcome.quality)

    def _moment(self, source_at: datetime | None, server_at: datetime | None, received_ms: int) -> int:
        for stamp in (source_at, server_at):
            if stamp is not None and stamp.year > 1970:
                at_ms = round((stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp() * 1_000)
                if at_ms <= received_ms + AHEAD_MS:
                    return at_ms
                self._metrics.flawed.labels(reason="ahead_of_time").inc()
        if source_at is None and server_at is None:
            self._metrics.flawed.labels(reason="no_timestamp").inc()
        return received_ms

    def _number(self, index: int, value: Any) -> float | None:
        if (
            not isinstance(value, int | float)
            or isinstance(value, bool)
            or not math.isfinite(value)
            or abs(value) > LARGEST
        ):
            if value is not None:
                self._metrics.flawed.labels(reason="not_numeric").inc()
                self._tell("opcua_value_not_numeric", self._nodes[index])
            return None
        limits = self._ranges[index]
        if limits is not None and not limits[0] <= value <= limits[1]:
            self._metrics.flawed.labels(reason="outside_range").inc()
            self._tell("opcua_value_outside_range", self._nodes[index])
        return float(value)

    def _odd_status(self, status: int, gap: bool) -> None:
        code = status & ~INFO_BITS
        if code:
            self._metrics.by_status.labels(code=f"0x{code:08X}").inc()
        if gap:
            self._metrics.gaps.labels(reason="server_overflow").inc()

    def _tell(self, event: str, node: NodeSpec, **more: str) -> None:
        self._told[event] += 1
        if self._told[event] <= EXAMPLES:
            log.warning(event, node=node.node, quantity=node.quantity, **more)
