"""Beside the batches: which devices fell silent, and the rules over what has settled."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
from prometheus_client import CollectorRegistry, Counter, Gauge

from gridseal.errors import UnavailableError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger
from gridseal.wire.alerts import Alert
from streaming_processor.ports import AlertStore, Catalog, Publisher
from streaming_processor.quality.rules import RuleSet
from streaming_processor.quality.settled import check
from streaming_processor.quality.silence import allowed_s, is_silent, silence_alert
from streaming_processor.reference import Reference
from streaming_processor.store.silences import mark_told, read_heard, untold, update_silences
from streaming_processor.store.stored_rows import stored_devices

log = get_logger(__name__)
_STEP: Final = timedelta(days=1)
_PRUNE_EVERY_S: Final = 3_600.0
_TRIES: Final = 20


class QualityWatch:
    """One round after the other, each over a connection of its own."""

    def __init__(
        self,
        *,
        dsn: str,
        catalog: Catalog,
        alerts: AlertStore,
        publisher: Publisher,
        clock: Clock,
        rules: RuleSet,
        registry: CollectorRegistry,
        every_s: float,
        lateness_s: int,
        keep_days: int,
        grace_s: float = 10.0,
    ) -> None:
        self._dsn = dsn
        self._catalog = catalog
        self._alerts = alerts
        self._publisher = publisher
        self._clock = clock
        self._rules = rules
        self._every_s = every_s
        self._lateness = timedelta(seconds=lateness_s)
        self._keep = timedelta(days=keep_days)
        self._grace_s = grace_s
        self._pruned_at = float("-inf")
        self._silent = Gauge("gridseal_quality_silent_devices", "Devices that are silent now", registry=registry)
        self._found = Counter(
            "gridseal_quality_settled_hits_total", "Readings that only the settled check found", ["rule"],
            registry=registry,
        )  # fmt: skip

    async def run(self) -> None:
        """Until cancelled.

        Raises:
            UnavailableError: A server is gone for more than a few rounds.
        """
        failures = 0
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await asyncio.to_thread(self.round)
                failures = 0
            except (psycopg.OperationalError, UnavailableError) as error:
                failures += 1
                if failures > _TRIES:
                    raise UnavailableError(f"the quality watch cannot work: {type(error).__name__}") from error

    def round(self) -> None:
        """Look once."""
        reference, now = self._catalog.current(), self._clock.now()
        if not reference.assets:
            return
        with psycopg.connect(self._dsn, autocommit=True, connect_timeout=5) as connection:
            connection.execute("SET TIME ZONE 'UTC'")
            self._silences(connection, reference, now)
            self._settled(connection, reference, now)
            if time.monotonic() - self._pruned_at > _PRUNE_EVERY_S:
                connection.execute("SELECT telemetry.drop_quality_before(%s)", (now - self._keep,))
                self._pruned_at = time.monotonic()

    def _silences(self, connection: psycopg.Connection[Any], reference: Reference, now: datetime) -> None:
        rules = self._rules.of_kind("freshness")
        if not rules:
            return
        devices = stored_devices(connection, reference)
        heard = read_heard(connection, devices)
        speed = 1 / self._clock.wall_seconds(timedelta(seconds=1))
        silent = is_silent(heard, allowed_s(rules[0], reference), int(now.timestamp()), speed, self._grace_s)
        update_silences(connection, devices, heard, silent, now.replace(microsecond=0))
        news = untold(connection, devices)
        self._tell([silence_alert(silence, rules[0], reference) for _, silence in news])
        mark_told(connection, news)
        self._silent.set(int(silent.sum()))

    def _settled(self, connection: psycopg.Connection[Any], reference: Reference, now: datetime) -> None:
        """The next span whose readings have all come, as far as anyone can know."""
        until = datetime.fromtimestamp((now - self._lateness).timestamp() // 3_600 * 3_600, UTC)
        row = connection.execute("SELECT up_to FROM telemetry.quality_checked").fetchone()
        start: datetime = row[0] if row else until - _STEP
        until = min(until, start + _STEP)
        if until <= start:
            return
        counts, alerts = check(
            connection, reference, int(start.timestamp()), int(until.timestamp()), self._rules, now
        )  # fmt: skip
        # Told before the span counts as checked: after a crash in between it is told again, under the same ids.
        self._tell(alerts)
        connection.execute(
            "INSERT INTO telemetry.quality_checked (up_to) VALUES (%s)"
            " ON CONFLICT (one) DO UPDATE SET up_to = greatest(quality_checked.up_to, excluded.up_to)",
            (until,),
        )
        for rule, count in counts.items():
            self._found.labels(rule).inc(count)
        if counts:
            log.info("settled_span_checked", since=start.isoformat(), until=until.isoformat(), hits=counts)

    def _tell(self, alerts: Sequence[Alert]) -> None:
        self._alerts.put(alerts)
        self._publisher.alerts(alerts)
