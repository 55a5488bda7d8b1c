"""Silences in ``telemetry.silences``: who is silent since when, and what of it was told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
import psycopg

from streaming_processor.arrays import Ints, Mask
from streaming_processor.quality.silence import Heard, Silence
from streaming_processor.store.stored_rows import StoredDevices

_HEARD: Final = """
SELECT k.d, extract(epoch FROM max(r.period_start + make_interval(secs => r.period_s)))::bigint,
       extract(epoch FROM clock_timestamp() - max(r.stored_at))::double precision
FROM unnest(%s::int[]) k (d), telemetry.quantities q,
     LATERAL (SELECT period_start, period_s, stored_at FROM telemetry.reading_rows
              WHERE device_no = k.d AND quantity_no = q.quantity_no ORDER BY period_start DESC LIMIT 1) r
GROUP BY k.d"""
_OPEN: Final = """
INSERT INTO telemetry.silences (device_no, since, raised_at)
SELECT d, to_timestamp(s), %s FROM unnest(%s::int[], %s::bigint[]) k (d, s)
ON CONFLICT DO NOTHING"""
_CLOSE: Final = """
UPDATE telemetry.silences s SET back_at = %s, told = false
FROM unnest(%s::int[], %s::bigint[]) k (d, e)
WHERE s.device_no = k.d AND s.back_at IS NULL AND s.since < to_timestamp(k.e)"""
_UNTOLD: Final = "SELECT device_no, since, raised_at, back_at FROM telemetry.silences WHERE NOT told"
_TOLD: Final = (
    "UPDATE telemetry.silences SET told = true WHERE device_no = %s AND since = %s AND back_at IS NOT DISTINCT FROM %s"
)


def read_heard(connection: psycopg.Connection[Any], devices: StoredDevices) -> Heard:
    """When each device was last heard; without those that never stored a reading."""
    known = np.flatnonzero(devices.device_no >= 0)
    rows = connection.execute(_HEARD, (devices.device_no[known].tolist(),)).fetchall()
    position = {int(devices.device_no[i]): int(i) for i in known}
    return Heard(
        device=np.array([position[row[0]] for row in rows], np.int64),
        newest_end_s=np.array([row[1] for row in rows], np.int64),
        quiet_s=np.array([row[2] for row in rows], np.float64),
    )


def update_silences(
    connection: psycopg.Connection[Any], devices: StoredDevices, heard: Heard, silent: Mask, now: datetime
) -> None:
    """Open what is new, close what is over."""

    def columns(which: Mask) -> tuple[Sequence[int], Sequence[int]]:
        picked: Ints = np.flatnonzero(which)
        return devices.device_no[heard.device[picked]].tolist(), heard.newest_end_s[picked].tolist()

    with connection.transaction():
        connection.execute(_CLOSE, (now, *columns(~silent)))
        connection.execute(_OPEN, (now, *columns(silent)))


def untold(connection: psycopg.Connection[Any], devices: StoredDevices) -> list[tuple[int, Silence]]:
    """Silences whose state was not told yet, with the key of the device."""
    position = {int(n): i for i, n in enumerate(devices.device_no) if n >= 0}
    rows = connection.execute(_UNTOLD).fetchall()
    return [(row[0], Silence(position[row[0]], *row[1:])) for row in rows if row[0] in position]


def mark_told(connection: psycopg.Connection[Any], told: Sequence[tuple[int, Silence]]) -> None:
    """Remember that these states were told."""
    for device_no, silence in told:
        connection.execute(_TOLD, (device_no, silence.since, silence.back_at))
