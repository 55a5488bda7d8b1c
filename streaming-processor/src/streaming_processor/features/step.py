"""Vectors follow windows: noted durably when a window changes, computed apart from the batches."""

import asyncio
import time
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Histogram

from gridseal.errors import UnavailableError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger
from gridseal.wire.features import FeatureVector
from gridseal.wire.windows import Window
from streaming_processor.arrays import Mask
from streaming_processor.features.entities import Entity, Lane, entities_of
from streaming_processor.features.groups import FeatureGroup
from streaming_processor.features.plan import Moments, Plan, Work
from streaming_processor.features.ports import FeatureStore, OutlookHistory, VectorPublisher, WindowHistory
from streaming_processor.features.store.due import DueWindows
from streaming_processor.features.store.energy_tables import EnergyTables
from streaming_processor.features.store.vector_table import PostgresVectors
from streaming_processor.features.vectors import outlooks_of, vectors_of
from streaming_processor.reference import Reference
from streaming_processor.window_states import WindowStates

log = get_logger(__name__)
_IDLE_S: Final = 0.25
_FORGET_EVERY_S: Final = 3_600.0


class Pictures(Protocol):
    """The newest picture of the catalog."""

    def current(self) -> Reference:
        """The newest picture."""
        ...


class Plans:
    """The plan for the newest picture of the catalog, made anew when it changes."""

    def __init__(self, catalog: Pictures, groups: Sequence[FeatureGroup]) -> None:
        self._catalog = catalog
        self.groups = tuple(groups)
        self._made: tuple[Reference, Plan] | None = None

    def current(self) -> Plan:
        """The plan."""
        reference = self._catalog.current()
        made = self._made
        if made is None or made[0] is not reference:
            series = (plan.series for plan in reference.plans)
            made = (reference, Plan(entities_of(series, reference.sites, self.groups)))
            self._made = made
        return made[1]


class VectorStep:
    """Called with changed windows: puts those that vectors are made of on the list."""

    def __init__(self, plans: Plans, due: DueWindows, grace_s: int) -> None:
        self._plans = plans
        self._due = due
        self._grace = timedelta(seconds=grace_s)
        self._waiting: dict[Lane, int] = {}
        """The open window of each lane that is on the list for its end."""
        self._numbered: tuple[Reference, Plan, Mask, list[Lane]] | None = None

    def follow(self, windows: Sequence[Window], now: datetime) -> None:
        """Note windows; the same again does no harm.

        A complete window is due at once, an incomplete one when its end is ``grace`` ago: until
        then the rest of it, and the weather beside it, may come.

        Raises:
            UnavailableError: PostgreSQL does not answer.
        """
        noted: dict[tuple[Lane, int], datetime] = {}
        for window in self._that_matter(windows, now):
            lane, start_s = Lane(window.series_id, window.width_s), int(window.window_start.timestamp())
            open_until = window.window_start + timedelta(seconds=window.width_s) + self._grace
            is_open = not window.complete and open_until > now
            if is_open and self._waiting.get(lane) == start_s:
                continue
            if is_open:
                self._waiting[lane] = start_s
            noted[lane, start_s] = open_until if is_open else now
        self._due.add([(lane, start_s, due_at) for (lane, start_s), due_at in noted.items()])

    def _that_matter(self, windows: Sequence[Window], now: datetime) -> Iterable[Window]:
        """Of thousands of columns only those become objects that vectors are made of, and that are not noted yet."""
        plan = self._plans.current()
        if not isinstance(windows, WindowStates):
            return (w for w in windows if Lane(w.series_id, w.width_s) in plan.lanes)
        reference = windows.reference
        if self._numbered is None or self._numbered[0] is not reference or self._numbered[1] is not plan:
            widths = reference.lanes.width_s.tolist()
            lanes = [Lane(s, w) for s, w in zip(reference.lane_series, widths, strict=True)]
            self._numbered = (reference, plan, np.array([lane in plan.lanes for lane in lanes], bool), lanes)
        _, _, matters, lanes = self._numbered
        here = np.flatnonzero(matters[windows.lane])
        still_open = windows.window_start + windows.width_s + int(self._grace.total_seconds()) > now.timestamp()
        may_wait = still_open & (windows.covered_s < windows.expected_s)
        return (
            windows[i]
            for i in here.tolist()
            if not may_wait[i] or self._waiting.get(lanes[windows.lane[i]]) != windows.window_start[i]
        )


class VectorWorker:
    """Works off the list: compute, keep, tell, take off. A crash in between repeats, which does no harm."""

    def __init__(
        self,
        *,
        plans: Plans,
        due: DueWindows,
        history: WindowHistory,
        store: PostgresVectors,
        hot: FeatureStore,
        energy: EnergyTables,
        publisher: VectorPublisher,
        clock: Clock,
        registry: CollectorRegistry,
        windows_at_once: int,
        retry_s: float,
        outlooks: OutlookHistory | None = None,
    ) -> None:
        """``outlooks``: None where no provider of forecasts is followed."""
        self._plans = plans
        self._outlooks = outlooks
        self._due = due
        self._history = history
        self._store = store
        self._hot = hot
        self._energy = energy
        self._publisher = publisher
        self._clock = clock
        self._windows_at_once = windows_at_once
        self._retry_s = retry_s
        self._made = Counter(
            "gridseal_stream_vectors_total", "Feature vectors told, new and corrected", ["group"], registry=registry
        )
        self._seconds = Histogram(
            "gridseal_stream_vectors_seconds", "From a list of windows to vectors told", registry=registry
        )

    def work_off(self) -> int:
        """Do what is due, one portion; how many windows that were.

        Raises:
            UnavailableError: A server does not answer. What is on the list stays there.
        """
        now = self._clock.now()
        due = self._due.take(now, self._windows_at_once)
        if not due:
            return 0
        began = time.monotonic()
        work = self._plans.current().work_for(due, self._existing)
        tracks = self._history.read(work.spans())
        vectors = [
            vector
            for entity, issues in work.issues.items()
            for vector in vectors_of(
                entity,
                tracks,
                np.array(sorted(issues), np.int64),
                now,
                outlooks_of(self._outlooks, entity, min(issues), max(issues)),
            )
        ]
        told = self._store.put(vectors)
        self._energy.put([v for v in told if v.group in self._demand_groups(work)], work.demand, work.weather, tracks)
        self._hot.put(told)
        self._publisher.vectors(told)
        self._due.done(due)
        self._count(told)
        self._seconds.observe(time.monotonic() - began)
        return len(due)

    async def run(self) -> None:
        """Until cancelled.

        Raises:
            UnavailableError: A server was gone for longer than ``retry_s``.
        """
        failing_since: float | None = None
        forgot = time.monotonic()
        while True:
            try:
                done = await asyncio.to_thread(self.work_off)
                failing_since = None
                if time.monotonic() - forgot > _FORGET_EVERY_S:
                    forgot = time.monotonic()
                    log.info("vectors_forgotten", rows=await asyncio.to_thread(self._store.forget, self._clock.now()))
            except UnavailableError as error:
                failing_since = failing_since or time.monotonic()
                if time.monotonic() - failing_since > self._retry_s:
                    raise
                log.warning("server_gone_trying_again", error=str(error))
                done = 0
            if not done:
                await asyncio.sleep(_IDLE_S)

    def _existing(self, moments: Moments) -> Moments:
        """In order of time there are none: one short query says so."""
        entities = list(moments)
        newest = self._store.newest_issue_s([(e.group, e.series_id, e.horizons_s[0]) for e in entities])
        found: dict[Entity, Collection[int]] = {}
        for entity in entities:
            last = newest.get((entity.group.name, entity.series_id), 0)
            before = sorted(moment for moment in moments[entity] if moment <= last)
            if before:
                found[entity] = self._store.issued(entity.group, entity.series_id, entity.horizons_s[0], before)
        return {entity: issued for entity, issued in found.items() if issued}

    def _demand_groups(self, work: Work) -> set[str]:
        return {entity.group.name for entity in work.issues if entity.group.family == "demand"}

    def _count(self, told: Sequence[FeatureVector]) -> None:
        for vector in told:
            self._made.labels(vector.group).inc()
