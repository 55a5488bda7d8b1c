"""How the stream is doing: counters for Prometheus, and the figures behind ``/status``."""

import threading
import time
from collections import Counter as Tally
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from streaming_processor.arrays import Ints
from streaming_processor.ports import Committed, Delivery

_RECENT_S = 60.0
_LONGEST_MS = 120_000
_BUCKETS_S = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 15.0)


@dataclass(frozen=True, slots=True)
class LatencyRow:
    """Quantiles of the ages of some rows when they became queryable."""

    n: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    live: bool


@dataclass(frozen=True, slots=True)
class LastBatch:
    """What Spark says of its last batch."""

    lag_messages: int | None
    """Messages that Kafka had and the batch did not take; None where Spark repeated a batch without asking."""
    duration_ms: dict[str, int]
    """Spark's own stages of a trigger; ``addBatch`` is reading, parsing and everything of ours."""


def _quantiles(ages: Ints) -> tuple[float, float, float]:
    p50, p95, p99 = np.percentile(ages, (50, 95, 99))
    return float(p50), float(p95), float(p99)


class Progress:
    """Written by the batch's thread, read by the HTTP routes and the latency writer."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._lock = threading.Lock()
        self._totals: Tally[str] = Tally()
        self._refused: Tally[str] = Tally()
        self._batches = 0
        self._last_batch_ms = 0.0
        self._live: deque[tuple[float, Ints]] = deque()
        self._live_counts = np.zeros(_LONGEST_MS + 1, np.int64)
        self._all_counts = np.zeros(_LONGEST_MS + 1, np.int64)
        self._unwritten: dict[bool, list[Ints]] = {True: [], False: []}
        self._stored_at: deque[tuple[float, int]] = deque()
        self._last: LastBatch | None = None
        self.query_id = ""
        self._rows_total = Counter(
            "gridseal_stream_readings_total", "Readings by what became of them", ["outcome"], registry=registry
        )
        self._refused_total = Counter(
            "gridseal_stream_refused_total", "Readings refused", ["reason"], registry=registry
        )
        self._windows_total = Counter(
            "gridseal_stream_windows_total", "Windows touched", ["outcome"], registry=registry
        )
        self._hits_total = Counter(
            "gridseal_quality_hits_total", "Readings that a quality rule found", ["rule"], registry=registry
        )
        self._alerts_total = Counter("gridseal_stream_alerts_total", "Alerts raised or raised again", registry=registry)
        self._batch_seconds = Histogram(
            "gridseal_stream_batch_seconds",
            "From taking a batch to having told everyone",
            buckets=(0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15),
            registry=registry,
        )
        registry.register(_LatencyCollector(self))
        self._lag_gauge = Gauge("gridseal_stream_lag_messages", "Messages on Kafka not taken yet", registry=registry)

    def load(self, connection: "psycopg.Connection[Any]") -> None:
        """Start from what the ledger holds."""
        row = connection.execute(
            "SELECT sum(inserted), sum(duplicates), sum(undecodable), sum(messages), sum(late), sum(batches) FROM ("
            " SELECT inserted, duplicates, undecodable, messages, late, 1 AS batches FROM telemetry.ledger UNION ALL"
            " SELECT inserted, duplicates, undecodable, messages, late, batches FROM telemetry.ledger_removed) l"
        ).fetchone()
        reasons = connection.execute("SELECT reason, count(*) FROM telemetry.refused GROUP BY reason").fetchall()
        with self._lock:
            if row:
                names = ("stored", "duplicates", "undecodable", "messages", "late")
                self._totals = Tally({name: int(value) for name, value in zip(names, row[:5], strict=True)})
                self._batches = int(row[5])
            self._refused = Tally({str(reason): int(count) for reason, count in reasons})

    def batch_done(self, delivery: Delivery, committed: Committed, seconds: float, live: Ints, rest: Ints) -> None:
        """Count one batch. ``live`` and ``rest`` are ages of inserted rows in milliseconds."""
        inserted = len(committed.fresh)
        at = time.monotonic()
        with self._lock:
            if not committed.repeated:
                self._batches += 1
                self._totals.update(
                    stored=inserted,
                    duplicates=committed.duplicates,
                    undecodable=len(delivery.undecodable),
                    messages=delivery.messages,
                    late=committed.late,
                )
                self._refused.update(committed.refused)
            self._last_batch_ms = seconds * 1_000
            self._stored_at.append((at, inserted))
            if len(live):
                self._live.append((at, live))
                self._live_counts += np.bincount(np.minimum(live, _LONGEST_MS), minlength=_LONGEST_MS + 1)
            for ages, is_live in ((live, True), (rest, False)):
                if len(ages):
                    self._all_counts += np.bincount(np.minimum(ages, _LONGEST_MS), minlength=_LONGEST_MS + 1)
                    self._unwritten[is_live].append(ages)
        self._rows_total.labels("stored").inc(inserted)
        self._rows_total.labels("duplicate").inc(committed.duplicates)
        self._rows_total.labels("late").inc(committed.late)
        for reason, count in committed.refused.items():
            self._refused_total.labels(reason).inc(count)
        self._refused_total.labels("undecodable").inc(len(delivery.undecodable))
        self._windows_total.labels("published").inc(len(committed.recent))
        self._windows_total.labels("history").inc(committed.history)
        self._alerts_total.inc(len(committed.alerts))
        for rule, count in committed.hits.items():
            self._hits_total.labels(rule).inc(count)
        self._batch_seconds.observe(seconds)

    def set_last(self, last: LastBatch) -> None:
        """Take note of Spark's view of its last batch."""
        self._last = last
        if last.lag_messages is not None:
            self._lag_gauge.set(last.lag_messages)

    def age_counts(self) -> dict[int, int]:
        """How many readings, live or not, were queryable after so many milliseconds, since the start."""
        with self._lock:
            there = np.flatnonzero(self._all_counts)
            return dict(zip(there.tolist(), self._all_counts[there].tolist(), strict=True))

    def latency_counts(self) -> dict[int, int]:
        """How many live readings were queryable after so many milliseconds, since the start of the process."""
        with self._lock:
            there = np.flatnonzero(self._live_counts)
            return dict(zip(there.tolist(), self._live_counts[there].tolist(), strict=True))

    def take_latency(self) -> list[LatencyRow]:
        """Quantiles since the last call, live rows and others apart."""
        with self._lock:
            taken, self._unwritten = self._unwritten, {True: [], False: []}
        rows = []
        for live, parts in taken.items():
            if parts:
                ages = np.concatenate(parts)
                rows.append(LatencyRow(len(ages), *_quantiles(ages), live))
        return rows

    def status(self) -> dict[str, Any]:
        """The figures, as JSON."""
        with self._lock:
            horizon = time.monotonic() - _RECENT_S
            while self._live and self._live[0][0] < horizon:
                self._live.popleft()
            while self._stored_at and self._stored_at[0][0] < horizon:
                self._stored_at.popleft()
            recent = [ages for _, ages in self._live]
            return {
                "query_id": self.query_id,
                "messages": self._totals["messages"],
                "stored": self._totals["stored"],
                "duplicates": self._totals["duplicates"],
                "late": self._totals["late"],
                "refused": dict(self._refused) | _if_any("undecodable", self._totals["undecodable"]),
                "batches": self._batches,
                "last_batch_ms": round(self._last_batch_ms, 1),
                "lag_messages": self._last.lag_messages if self._last else None,
                "spark_ms": self._last.duration_ms if self._last else {},
                "rows_per_s": self._rate(),
                "latency_last_60_s": _summary(np.concatenate(recent)) if recent else None,
                "latency_since_catch_up": self._since_catch_up(),
            }

    def _rate(self) -> float:
        """Rows per second over the busy part of the last minute."""
        if len(self._stored_at) < 2:
            return 0.0
        span = self._stored_at[-1][0] - self._stored_at[0][0]
        return round(sum(n for _, n in list(self._stored_at)[1:]) / span, 1) if span > 0 else 0.0

    def _since_catch_up(self) -> dict[str, float] | None:
        """Quantiles to the millisecond, from counts: the memory does not grow."""
        total = int(self._live_counts.sum())
        if not total:
            return None
        up_to = np.cumsum(self._live_counts)
        p50, p95, p99 = (float(np.searchsorted(up_to, share * total)) for share in (0.5, 0.95, 0.99))
        return {"n": total, "p50_ms": p50, "p95_ms": p95, "p99_ms": p99}


class _LatencyCollector(Collector):
    """The age of live readings as a histogram, added up when asked: ``observe`` takes 3 µs for each reading."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def collect(self) -> Iterator[Metric]:
        counts = self._progress.latency_counts()
        buckets = [(str(b), float(sum(n for ms, n in counts.items() if ms <= b * 1_000))) for b in _BUCKETS_S]
        total = sum(ms * n for ms, n in counts.items()) / 1_000
        yield HistogramMetricFamily(
            "gridseal_stream_device_to_queryable_seconds",
            "Age of live readings when they could be queried",
            buckets=[*buckets, ("+Inf", float(sum(counts.values())))],
            sum_value=total,
        )


def _if_any(name: str, count: int) -> dict[str, int]:
    return {name: count} if count else {}


def _summary(ages: Ints) -> dict[str, float]:
    p50, p95, p99 = _quantiles(ages)
    return {"n": len(ages), "p50_ms": round(p50, 1), "p95_ms": round(p95, 1), "p99_ms": round(p99, 1)}
