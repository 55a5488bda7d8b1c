"""Which series is the sum of which others, read from their inputs.

A series is a signed sum of device quantities. One with a single input is *bottom*; every other whose inputs
all stand behind bottom series is a signed sum of these. Sites and regions need no record of their own: a
home's net power is its PV less its consumption because the inputs say so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecast_service.model.grid import Ints
from gridseal.wire.catalog import Series

Source = tuple[str, str]


@dataclass(frozen=True)
class Hierarchy:
    """Series that hang together. N nodes, the first B of them bottom."""

    series_ids: tuple[str, ...]
    """``(N,)``."""
    sums: Ints
    """``(N, B)`` of -1, 0 and 1: each node in terms of the bottom ones; the first B rows are the unit matrix."""

    @property
    def bottom(self) -> int:
        """B."""
        return int(self.sums.shape[1])


def hierarchies(series: Sequence[Series]) -> list[Hierarchy]:
    """Groups of series that depend on each other, in a fixed order; a series alone is in none.

    Only series of one resolution and unit can add up.
    """
    out: list[Hierarchy] = []
    for key in sorted({(s.resolution_s, s.unit) for s in series}):
        same = sorted((s for s in series if (s.resolution_s, s.unit) == key), key=lambda s: s.series_id)
        out += _of_one_grid(same)
    return out


def _of_one_grid(series: Sequence[Series]) -> list[Hierarchy]:
    bottom: dict[Source, tuple[str, int]] = {}
    for one in series:
        if len(one.inputs) == 1:
            source = one.inputs[0]
            bottom.setdefault((source.device_id, source.quantity), (one.series_id, source.sign))
    made_of = {s.series_id: parts for s in series if (parts := _parts(s, bottom)) is not None}
    groups = _connected(made_of)
    return [_hierarchy(group, made_of) for group in groups if len(group) > 1]


def _parts(series: Series, bottom: Mapping[Source, tuple[str, int]]) -> dict[str, int] | None:
    """Bottom series with their signs; none where an input has no bottom series."""
    parts: dict[str, int] = {}
    for source in series.inputs:
        found = bottom.get((source.device_id, source.quantity))
        if found is None:
            return None
        parts[found[0]] = source.sign * found[1]
    return parts


def _connected(made_of: Mapping[str, Mapping[str, int]]) -> list[list[str]]:
    """Sets of series that share bottom ones, each sorted, in the order of their first member."""
    group_of: dict[str, set[str]] = {}
    for name, parts in made_of.items():
        merged = {name, *parts}
        for member in list(merged):
            merged |= group_of.get(member, set())
        for member in merged:
            group_of[member] = merged
    return sorted({tuple(sorted(group)): sorted(group) for group in group_of.values()}.values())


def _hierarchy(group: Sequence[str], made_of: Mapping[str, Mapping[str, int]]) -> Hierarchy:
    bottom = [name for name in group if made_of[name] == {name: 1}]
    nodes = [*bottom, *(name for name in group if name not in set(bottom))]
    sums = np.zeros((len(nodes), len(bottom)), dtype=np.int64)
    for row, name in enumerate(nodes):
        for part, sign in made_of[name].items():
            sums[row, bottom.index(part)] = sign
    return Hierarchy(tuple(nodes), sums)
