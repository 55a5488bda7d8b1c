"""What the formulas of a group read, and where they put what they make."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from streaming_processor.arrays import Floats, Ints
from streaming_processor.features.entities import Entity, Lane
from streaming_processor.features.sync import Aligned, Outlook, align
from streaming_processor.features.tracks import Track, empty_track


@dataclass(frozen=True)
class Inputs:
    """Vectors of one series and horizon, at many moments of issue."""

    entity: Entity
    tracks: Mapping[Lane, Track]
    issue_s: Ints
    horizon_s: int
    outlooks: Mapping[str, Outlook] = field(default_factory=dict)
    """Quantity → forecasts that were published for the region."""

    @property
    def own(self) -> Track:
        """Windows of the series itself."""
        return self.tracks.get(self.entity.lane) or empty_track(self.entity.lane.width_s)

    @property
    def target_s(self) -> Ints:
        """Starts of the target periods."""
        return self.issue_s + self.horizon_s - self.entity.lane.width_s

    @cached_property
    def weather(self) -> dict[str, Aligned]:
        """Each quantity that has a source, as known at issue."""
        measured = dict(self.entity.weather)
        return {
            quantity: align(
                self.tracks.get(measured[quantity]) if quantity in measured else None,
                self.outlooks.get(quantity),
                self.target_s,
                self.issue_s,
                self.entity.group.freshness_s,
            )
            for quantity in sorted({*measured, *self.outlooks})
        }

    def weather_track(self, quantity: str) -> Track | None:
        """Windows that a quantity is taken from."""
        lane = dict(self.entity.weather).get(quantity)
        return None if lane is None else self.tracks.get(lane)

    def value(self, quantity: str) -> Floats:
        """Values of one quantity in its base unit; NaN where there is none."""
        found = self.weather.get(quantity)
        return np.full(self.issue_s.shape, np.nan) if found is None else found.value


@dataclass(slots=True)
class Columns:
    """Feature → values, NaN for null; which values a rule filled; how old each part is."""

    values: dict[str, Floats] = field(default_factory=dict)
    rules: dict[str, tuple[Ints, tuple[str, ...]]] = field(default_factory=dict)
    """Feature → code per row (0: not imputed), names of the codes."""
    ages_s: dict[str, Ints] = field(default_factory=dict)
    """Part → seconds per row, -1 for none."""


Formulas = Callable[[Inputs], Columns]
