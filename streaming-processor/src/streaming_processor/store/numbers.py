"""Integer keys of devices and series, and which series have to be computed anew."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg

from streaming_processor.arrays import Ints
from streaming_processor.reference import Reference


@dataclass(frozen=True, slots=True)
class Numbers:
    """Keys in the database for the devices and series of one picture of the reference."""

    reference: Reference
    device_no: Ints
    """Per device of the reference."""
    series_no: Ints
    """Per series of the reference."""
    changed: tuple[int, ...]
    """Series (positions in the reference) whose windows do not follow their present definition."""


def assign_numbers(connection: psycopg.Connection[Any], reference: Reference) -> Numbers:
    """Find or make the keys; definitions are brought up to date, so act on ``changed`` in the same transaction."""
    device_ids = [asset.device_id for asset in reference.assets]
    connection.execute(
        "INSERT INTO devices (device_id) SELECT unnest(%s::text[]) EXCEPT SELECT device_id FROM devices"
        " ON CONFLICT DO NOTHING",
        (device_ids,),
    )
    devices = dict(connection.execute("SELECT device_id, device_no FROM devices").fetchall())
    wanted = {plan.series.series_id: plan.definition for plan in reference.plans}
    before = dict(connection.execute("SELECT series_id, definition FROM series").fetchall())
    stale = [name for name, definition in wanted.items() if before.get(name) != definition]
    if stale:
        connection.execute(
            "INSERT INTO series (series_id, definition) SELECT * FROM unnest(%s::text[], %s::text[])"
            " ON CONFLICT (series_id) DO UPDATE SET definition = excluded.definition",
            (stale, [wanted[name] for name in stale]),
        )
    series = dict(connection.execute("SELECT series_id, series_no FROM series").fetchall())
    return Numbers(
        reference=reference,
        device_no=np.array([devices[d] for d in device_ids], np.int64),
        series_no=np.array([series[plan.series.series_id] for plan in reference.plans], np.int64),
        changed=tuple(i for i, plan in enumerate(reference.plans) if plan.series.series_id in set(stale)),
    )
