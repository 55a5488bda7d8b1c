"""A table of the data sets: what is there, what is missing, what is odd."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from edge_agent.datasets.tracks import Channel, Floats, Track

COLDEST_CEL: Final = -50.0
STUCK_RECORDS: Final = 6
HEADER: Final = (
    "device", "quantity", "unit", "period", "rows", "first (domain)", "last (domain)",
    "no value", "holes", "twice", "left out", "below -50", "stuck", "negative",
)  # fmt: skip


def survey(tracks: Iterable[Track]) -> list[tuple[str, ...]]:
    """One line per device and quantity, header first."""
    lines: list[tuple[str, ...]] = [HEADER]
    for track in tracks:
        steps = np.diff(track.starts_s)
        holes = int((steps[steps > 0] // track.period_s - 1).sum())
        twice = int((steps == 0).sum())
        for number, channel in enumerate(track.channels):
            values = track.values[:, number]
            lines.append(
                (
                    track.device_id,
                    channel.quantity,
                    channel.unit,
                    f"{track.period_s} s",
                    str(len(values)),
                    _day(track.starts_s[0]),
                    _day(track.starts_s[-1]),
                    str(int(np.isnan(values).sum())),
                    str(holes),
                    str(twice),
                    str(track.left_out),
                    str(_cold(channel, values)),
                    str(stuck_records(values)),
                    str(int((values < 0).sum())),
                )
            )
    return lines


def stuck_records(values: Floats) -> int:
    """Records inside a run of at least six equal values that are not zero."""
    if len(values) == 0:
        return 0
    starts: npt.NDArray[np.int64] = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    lengths = np.diff(np.append(starts, len(values)))
    heads = values[starts]
    return int(lengths[(lengths >= STUCK_RECORDS) & ~np.isnan(heads) & (heads != 0)].sum())


def as_table(lines: list[tuple[str, ...]]) -> str:
    """Aligned text."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _cold(channel: Channel, values: Floats) -> int:
    return int((values < COLDEST_CEL).sum()) if channel.quantity == "air_temperature" else 0


def _day(seconds: np.int64) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%d %H:%M")
