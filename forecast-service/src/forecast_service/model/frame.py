"""Columns of a panel, over a whole history for training or around one slot for serving."""

from dataclasses import dataclass

from forecast_service.model.columns import AsOf, Positions, as_of, positions, stacked, with_groups
from forecast_service.model.grid import DAY_S
from forecast_service.model.panel import Panel

ENCODER_STEPS = 48
HISTORY_DAYS = 31
"""Reach of the columns: four weeks before a target, or the envelope of the day before stale telemetry."""


@dataclass(frozen=True)
class Frame:
    """Columns of a panel with the positions they start at."""

    panel: Panel
    positions: Positions
    positions_first: int
    as_of: AsOf
    as_of_first: int


def whole_frame(panel: Panel, horizon: int) -> Frame:
    """Columns for every slot of the history, one series at a time to stay small in memory."""
    steps = panel.values.shape[-1]
    rows = [panel.row(k) for k in range(len(panel.series))]
    columns = [positions(row, 0, steps + horizon + 1) for row in rows]
    known = [as_of(row, own, 0, 0, steps + 1) for row, own in zip(rows, columns, strict=True)]
    return Frame(panel, stacked(columns), 0, with_groups(panel, stacked(known)), 0)


def slot_frame(panel: Panel, slot: int, horizon: int) -> Frame:
    """Columns that the samples of one slot read, and no more."""
    first = slot - max(panel.max_stale + panel.per_day + 1, ENCODER_STEPS)
    as_of_first = slot - panel.max_stale
    columns = positions(panel, first, slot + 1 + horizon)
    known = as_of(panel, columns, first, as_of_first, slot + 1)
    return Frame(panel, columns, first, with_groups(panel, known), as_of_first)


def history_s() -> int:
    """Seconds of history before a slot that its columns read."""
    return HISTORY_DAYS * DAY_S
