"""Which measured values count for a slot. Pure.

The rule anybody can repeat: the periods of power that the committed benchmark forecast, where the whole period was
measured. It depends on no forecaster's answer. A series is scaled by its capacity; one without is scaled by the
largest mean power that a whole period of the year before the slot had.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gridseal.notary.score import ActualLeaf
from gridseal.wire.forecasts import ForecastRun

LOOK_BACK = timedelta(days=364)
MILLI = 1_000


@dataclass(frozen=True, slots=True)
class Target:
    """One period of one series. ``target_start`` is Unix seconds."""

    series_id: str
    target_start: int
    resolution_s: int


def targets_of(benchmark: ForecastRun) -> list[Target]:
    """The periods that count, in the order of series and time."""
    return [
        Target(one.series_id, int(point.target_start.timestamp()), one.resolution_s)
        for one in sorted(benchmark.series, key=lambda s: s.series_id)
        if one.unit == "W"
        for point in one.points
    ]


def over_at(targets: Iterable[Target]) -> datetime:
    """When the last period has ended.

    Raises:
        ValueError: There is none.
    """
    last = max(t.target_start + t.resolution_s for t in targets)
    return datetime.fromtimestamp(last, UTC)


def measured(
    targets: Iterable[Target],
    windows: Mapping[tuple[str, int], int],
    capacities_w: Mapping[str, int],
    largest_milli: Mapping[str, int],
) -> list[ActualLeaf]:
    """The set to propose: periods that were measured in full, of series with a scale.

    Args:
        targets: What counts.
        windows: Mean of each complete window, by series and start.
        capacities_w: What the catalog says, for the series that have one.
        largest_milli: Largest absolute mean of the look-back, for series without a capacity.
    """
    found = []
    for target in targets:
        value = windows.get((target.series_id, target.target_start))
        scale = capacities_w.get(target.series_id, 0) * MILLI or largest_milli.get(target.series_id, 0)
        if value is not None and scale > 0:
            found.append(ActualLeaf(target.series_id, target.target_start, target.resolution_s, value, scale))
    return found
