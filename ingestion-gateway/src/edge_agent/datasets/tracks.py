"""What a loader returns: the records of one device, in UTC, in the units the device speaks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from gridseal.wire.units import UNITS

DAY_S: Final = 86_400

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Channel:
    """One quantity of a device, in the device's unit."""

    quantity: str
    unit: str


@dataclass(frozen=True, slots=True)
class Track:
    """Records of one device, ordered by period start.

    ``values[i, c]`` speaks for channel ``c`` over ``[starts_s[i], starts_s[i] + period_s)``.
    NaN is no reading. Equal starts are duplicates of the source and stay.
    """

    device_id: str
    period_s: int
    channels: tuple[Channel, ...]
    starts_s: Ints
    values: Floats
    left_out: int = 0
    """Source rows whose stamp names no moment, or two, and that therefore cannot be sent."""

    def shifted(self, days: int) -> "Track":
        """The same track ``days`` later."""
        return replace(self, starts_s=self.starts_s + days * DAY_S)


def make_track(
    device_id: str, period_s: int, columns: Mapping[Channel, npt.ArrayLike], starts_s: Ints, left_out: int = 0
) -> Track:
    """Order by time and round to a thousandth of the base unit.

    The rounding takes away binary noise only (no source is finer), so that every reader gets the
    same whole number of thousandths whichever way it computes.
    """
    order = np.argsort(starts_s, kind="stable")
    values = np.column_stack([_rounded(channel, column) for channel, column in columns.items()])
    return Track(device_id, period_s, tuple(columns), starts_s[order], values[order], left_out)


def _rounded(channel: Channel, column: npt.ArrayLike) -> Floats:
    decimals = 3 + len(str(int(UNITS[channel.quantity][channel.unit]))) - 1
    rounded = np.round(np.asarray(column, dtype=np.float64), decimals) + 0.0
    return np.asarray(rounded, dtype=np.float64)
