"""From changed windows to the vectors that they change."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from streaming_processor.features.entities import Entity, Lane
from streaming_processor.features.ports import DueWindow
from streaming_processor.features.vectors import reach_of

Moments = Mapping[Entity, Collection[int]]
Existing = Callable[[Moments], Moments]
"""Those of the moments at which a series has vectors already."""


@dataclass(frozen=True, slots=True)
class Weather:
    """Where a weather lane counts."""

    quantity: str
    entities: tuple[Entity, ...]


@dataclass(slots=True)
class Work:
    """Moments of issue for each series, and what of the past they read."""

    issues: dict[Entity, set[int]] = field(default_factory=dict)
    demand: list[tuple[Lane, int]] = field(default_factory=list)
    """Hours of demand that changed."""
    weather: list[tuple[Lane, int, str]] = field(default_factory=list)
    """Weather windows that changed, with their quantity."""

    def spans(self) -> dict[Lane, list[tuple[int, int]]]:
        """Windows to read, as half-open spans of seconds."""
        wanted: dict[Lane, list[tuple[int, int]]] = {}
        for entity, issues in self.issues.items():
            for lane in entity.lanes:
                reach = reach_of(entity, lane)
                spans = wanted.setdefault(lane, [])
                for issue in issues:
                    spans.append((issue - reach.span_s, issue))
                    spans += [(issue + o, issue + o + lane.width_s) for o in reach.offsets_s]
        for lane, start in [*self.demand, *((lane, start) for lane, start, _ in self.weather)]:
            wanted.setdefault(lane, []).append((start, start + lane.width_s))
        return wanted


class Plan:
    """Who reads which windows, for one picture of the catalog."""

    def __init__(self, entities: Iterable[Entity]) -> None:
        self.entities = tuple(entities)
        self._own: dict[Lane, list[Entity]] = {}
        readers: dict[Lane, list[Entity]] = {}
        quantities: dict[Lane, str] = {}
        for entity in self.entities:
            self._own.setdefault(entity.lane, []).append(entity)
            for quantity, lane in entity.weather:
                quantities[lane] = quantity
                readers.setdefault(lane, []).append(entity)
        self._weather = {lane: Weather(quantities[lane], tuple(readers[lane])) for lane in readers}
        self.lanes = frozenset(self._own) | frozenset(self._weather)
        """Lanes whose changes matter."""

    def work_for(self, due: Iterable[DueWindow], existing: Existing) -> Work:
        """Vectors that the windows in ``due`` bring about, or correct.

        The end of a window is a moment of issue. Vectors of later moments that read it are computed
        again if they exist; those that do not exist yet will read it when their turn comes.
        """
        work = Work()
        later: dict[Entity, set[int]] = {}
        for window in due:
            lane, start = window.lane, window.start_s
            end = start + lane.width_s
            for entity in self._own.get(lane, ()):
                work.issues.setdefault(entity, set()).add(end)
                later.setdefault(entity, set()).update(moment for moment in _readers(entity, start) if moment > end)
                if entity.group.family == "demand":
                    work.demand.append((lane, start))
            if lane in self._weather:
                weather = self._weather[lane]
                work.weather.append((lane, start, weather.quantity))
                for entity in weather.entities:
                    width, fresh = entity.lane.width_s, entity.group.freshness_s
                    later.setdefault(entity, set()).update(range(end + -end % width, end + fresh + 1, width))
        for entity, found in existing(later).items():
            work.issues.setdefault(entity, set()).update(found)
        return work


def _readers(entity: Entity, start_s: int) -> Iterable[int]:
    """Moments of issue whose vectors read the window of the series itself that starts at ``start_s``."""
    width, reach = entity.lane.width_s, reach_of(entity, entity.lane)
    yield from range(start_s + width, start_s + reach.span_s + 1, width)
    yield from (start_s - offset for offset in reach.offsets_s)
