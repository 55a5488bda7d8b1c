"""The state of many windows in columns; one of them is a ``Window`` only when somebody asks for it.

A batch of small messages touches thousands of windows. As objects they would cost more than storing
them; as columns they cost next to nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, overload

import numpy as np

from gridseal.wire.windows import Window
from streaming_processor.arrays import Ints, Mask
from streaming_processor.reference import Reference

COLUMNS: Final = (
    "lane",
    "window_start",
    "weighted_sum",
    "covered_s",
    "inputs",
    "readings",
    "min_milli",
    "max_milli",
    "mean_milli",
    "version",
    "sent_at_ms",
)


@dataclass(frozen=True, slots=True, eq=False)
class WindowStates(Sequence[Window]):
    """Windows of one picture of the reference; ``lane`` counts as it does there."""

    reference: Reference
    lane: Ints
    window_start: Ints
    weighted_sum: Ints
    covered_s: Ints
    inputs: Ints
    readings: Ints
    min_milli: Ints
    max_milli: Ints
    mean_milli: Ints
    version: Ints
    sent_at_ms: Ints

    def __len__(self) -> int:
        return len(self.lane)

    @overload
    def __getitem__(self, index: int) -> Window: ...

    @overload
    def __getitem__(self, index: slice) -> "WindowStates": ...

    def __getitem__(self, index: int | slice) -> "Window | WindowStates":
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        lane = int(self.lane[index])
        width_s = int(self.reference.lanes.width_s[lane])
        return Window(
            series_id=self.reference.lane_series[lane],
            width_s=width_s,
            window_start=datetime.fromtimestamp(int(self.window_start[index]), UTC),
            mean_milli=int(self.mean_milli[index]),
            weighted_sum=int(self.weighted_sum[index]),
            covered_s=int(self.covered_s[index]),
            expected_s=width_s * int(self.inputs[index]),
            count=int(self.readings[index]),
            min_milli=int(self.min_milli[index]),
            max_milli=int(self.max_milli[index]),
            version=int(self.version[index]),
            sent_at_ms=int(self.sent_at_ms[index]),
        )

    def __iter__(self) -> Iterator[Window]:
        return (self[i] for i in range(len(self)))

    @property
    def width_s(self) -> Ints:
        """Width of each window."""
        return self.reference.lanes.width_s[self.lane]

    @property
    def expected_s(self) -> Ints:
        """Seconds of a complete window, over its inputs."""
        return self.width_s * self.inputs

    def take(self, which: Ints | Mask) -> "WindowStates":
        """Some of them, in that order."""
        return WindowStates(self.reference, *(getattr(self, name)[which] for name in COLUMNS))


def no_windows(reference: Reference) -> WindowStates:
    """None at all."""
    none = np.empty(0, np.int64)
    return WindowStates(reference, *(none for _ in COLUMNS))


def joined(parts: Sequence[WindowStates]) -> WindowStates:
    """All of them; the parts belong to the same picture of the reference."""
    if len(parts) == 1:
        return parts[0]
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS)
    return WindowStates(parts[0].reference, *columns)


def newest_state_of_each(windows: WindowStates) -> WindowStates:
    """Of each window the highest version, ordered by lane and time."""
    order = np.lexsort((windows.version, windows.window_start, windows.lane))
    lane, start = windows.lane[order], windows.window_start[order]
    last = np.append((lane[1:] != lane[:-1]) | (start[1:] != start[:-1]), True) if len(order) else np.empty(0, bool)
    return windows.take(order[last])
