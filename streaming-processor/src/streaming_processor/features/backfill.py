"""The same vectors for stored history: computed from the windows as they are now."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

import numpy as np

from gridseal.wire.features import FeatureVector
from streaming_processor.features.entities import Entity, Lane
from streaming_processor.features.plan import Plan
from streaming_processor.features.ports import FeatureStore, OutlookHistory, WindowHistory
from streaming_processor.features.store.energy_tables import EnergyTables
from streaming_processor.features.sync import Outlook
from streaming_processor.features.tracks import Track
from streaming_processor.features.vectors import outlooks_of, reach_of, vectors_of

_AT_ONCE: Final = 500
"""Moments of issue per portion: bounds the memory."""


class Backfill:
    """Fills stores with the vectors of a span of time. What is there already and the same stays as it is."""

    def __init__(
        self,
        plan: Plan,
        history: WindowHistory,
        store: FeatureStore,
        energy: EnergyTables | None = None,
        outlooks: OutlookHistory | None = None,
    ) -> None:
        """``outlooks``: None where no provider of forecasts is followed."""
        self._outlooks = outlooks
        self._plan = plan
        self._history = history
        self._store = store
        self._energy = energy

    def run(
        self,
        begin_s: int,
        end_s: int,
        now: datetime,
        *,
        wanted: Callable[[Entity], bool] = lambda entity: True,
        told: Callable[[str, int], None] = lambda series_id, vectors: None,
    ) -> int:
        """Vectors of every window that starts in ``[begin_s, end_s)``; how many.

        Args:
            begin_s: First start, seconds since 1970.
            end_s: End of the span.
            now: Domain time: these vectors became available now, whatever they speak of.
            wanted: Which series.
            told: Called after each series with its number of vectors.
        """
        total = 0
        for entity in filter(wanted, self._plan.entities):
            tracks = self._history.read(spans_of(entity, begin_s, end_s))
            made = 0
            outlooks = outlooks_of(self._outlooks, entity, begin_s, end_s + entity.lane.width_s)
            for vectors in portions(entity, tracks, begin_s, end_s, now, outlooks):
                stored = self._store.put(vectors)
                self._keep(entity, stored, tracks)
                made += len(stored)
            told(entity.series_id, made)
            total += made
        return total

    def _keep(self, entity: Entity, vectors: list[FeatureVector], tracks: dict[Lane, Track]) -> None:
        if self._energy is None or entity.group.family != "demand":
            return
        ends = {int(v.issued_at.timestamp()) for v in vectors}
        hours = [(entity.lane, end - entity.lane.width_s) for end in sorted(ends)]
        first, last = min(ends) - entity.lane.width_s, max(ends)
        weather = [
            (lane, int(start), quantity)
            for quantity, lane in entity.weather
            for start in tracks[lane].start_s
            if first <= start < last
        ]
        self._energy.put(vectors, hours, weather, tracks)


def spans_of(entity: Entity, begin_s: int, end_s: int) -> dict[Lane, list[tuple[int, int]]]:
    """What vectors of the windows that start in ``[begin_s, end_s)`` read."""
    spans: dict[Lane, list[tuple[int, int]]] = {}
    for lane in entity.lanes:
        reach = reach_of(entity, lane)
        back = max(reach.span_s, -min(reach.offsets_s, default=0))
        spans[lane] = [(begin_s - back, end_s)]
    return spans


def portions(
    entity: Entity,
    tracks: dict[Lane, Track],
    begin_s: int,
    end_s: int,
    now: datetime,
    outlooks: Mapping[str, Outlook] | None = None,
) -> Iterator[list[FeatureVector]]:
    """Vectors issued at the end of each window of the series that starts in ``[begin_s, end_s)``."""
    starts = tracks[entity.lane].start_s
    issues = starts[(starts >= begin_s) & (starts < end_s)] + entity.lane.width_s
    for i in range(0, len(issues), _AT_ONCE):
        yield vectors_of(entity, tracks, issues[i : i + _AT_ONCE].astype(np.int64), now, outlooks)
