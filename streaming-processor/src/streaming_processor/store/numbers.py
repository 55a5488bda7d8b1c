"""Integer keys of devices and series, and which series have to be computed anew."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import psycopg

from streaming_processor.arrays import Ints
from streaming_processor.reference import Reference

_WHOSE_DEVICES: Final = """
UPDATE devices d SET tenant_id = k.tenant_id FROM unnest(%s::text[], %s::text[]) k (device_id, tenant_id)
WHERE d.device_id = k.device_id AND d.tenant_id <> k.tenant_id"""
_WHOSE_SERIES: Final = """
UPDATE series s SET tenant_id = k.tenant_id FROM unnest(%s::text[], %s::text[]) k (series_id, tenant_id)
WHERE s.series_id = k.series_id AND s.tenant_id <> k.tenant_id"""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Keys in the database for the devices and series of one picture of the reference."""

    reference: Reference
    device_no: Ints
    """Per device of the reference."""
    series_no: Ints
    """Per series of the reference."""
    inputs: Ints
    """Per series: how many there are."""
    lane_order: Ints
    """Lanes in the order of ``lane_key``."""
    lane_key: Ints
    changed: tuple[int, ...]
    """Series (positions in the reference) whose windows do not follow their present definition."""

    def lanes_of(self, series_no: Ints, width_s: Ints) -> Ints:
        """The lane of each pair; -1 where the reference has none."""
        key = _lane_key(series_no, width_s)
        place = np.minimum(np.searchsorted(self.lane_key, key), max(len(self.lane_key) - 1, 0))
        if not len(self.lane_key):
            return np.full(len(key), -1, np.int64)
        return np.where(self.lane_key[place] == key, self.lane_order[place], -1)


def _lane_key(series_no: Ints, width_s: Ints) -> Ints:
    """One number for a series and a width; widths are far below 32 bits."""
    return (series_no << 32) | width_s


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
    units = {plan.series.series_id: plan.series.unit for plan in reference.plans}
    before = dict(connection.execute("SELECT series_id, definition FROM series").fetchall())
    stale = {name: definition for name, definition in wanted.items() if before.get(name) != definition}
    if stale:
        connection.execute(
            "INSERT INTO series (series_id, definition, unit) SELECT * FROM unnest(%s::text[], %s::text[], %s::text[])"
            " ON CONFLICT (series_id) DO UPDATE SET definition = excluded.definition, unit = excluded.unit",
            (list(stale), list(stale.values()), [units[name] for name in stale]),
        )
    _say_whose(connection, reference)
    series = dict(connection.execute("SELECT series_id, series_no FROM series").fetchall())
    series_no = np.array([series[plan.series.series_id] for plan in reference.plans], np.int64)
    lane_key = _lane_key(series_no[reference.lane_plan], reference.lanes.width_s)
    lane_order = np.argsort(lane_key)
    return Numbers(
        reference=reference,
        device_no=np.array([devices[d] for d in device_ids], np.int64),
        series_no=series_no,
        inputs=np.array([len(plan.series.inputs) for plan in reference.plans], np.int64),
        lane_order=lane_order,
        lane_key=lane_key[lane_order],
        changed=tuple(i for i, plan in enumerate(reference.plans) if plan.series.series_id in stale),
    )


def _say_whose(connection: psycopg.Connection[Any], reference: Reference) -> None:
    """The tenants of devices and series as the catalog has them now; rows that are right are not written."""
    devices = [(asset.device_id, asset.tenant_id) for asset in reference.assets]
    series = [(plan.series.series_id, plan.series.tenant_id) for plan in reference.plans]
    for statement, pairs in ((_WHOSE_DEVICES, devices), (_WHOSE_SERIES, series)):
        connection.execute(statement, ([name for name, _ in pairs], [tenant for _, tenant in pairs]))
