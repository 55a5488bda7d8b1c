"""One closed or corrected window of one series, on ``features.windows`` and in Redis.

A window covers ``[window_start, window_start + width_s)`` UTC. ``weighted_sum`` is the sum over its
readings of value × seconds, in thousandths of the base unit times seconds: an integer, so late data
and reruns give the same bits. A late reading raises ``version`` and the window is sent again.
"""

from typing import Annotated, Literal

from pydantic import Field

from gridseal.wire.fields import Message, SeriesId, UtcTime


class Window(Message):
    """The state of one window after a change."""

    schema_: Annotated[Literal["window/1"], Field(alias="schema")] = "window/1"
    series_id: SeriesId
    width_s: Annotated[int, Field(gt=0)]
    window_start: UtcTime
    mean_milli: int
    """Mean over the covered time, rounded half to even; for a sum of inputs the sum of their means."""
    weighted_sum: int
    covered_s: Annotated[int, Field(ge=0)]
    """Seconds with data, added over the inputs."""
    expected_s: Annotated[int, Field(gt=0)]
    """``width_s`` × number of inputs; the window is complete when ``covered_s`` equals it."""
    count: Annotated[int, Field(gt=0)]
    min_milli: int
    max_milli: int
    version: Annotated[int, Field(ge=1)]
    sent_at_ms: int
    """Newest ``sent_at_ms`` of the readings in this change: wall clock, for latency only."""

    @property
    def complete(self) -> bool:
        """All of the window is covered by data of every input."""
        return self.covered_s >= self.expected_s
