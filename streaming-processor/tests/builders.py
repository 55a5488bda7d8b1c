"""Builders with defaults for the tests of this folder."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gridseal.wire.catalog import Asset, CatalogRecord, Series, SeriesInput
from gridseal.wire.telemetry import Reading, Telemetry
from gridseal.wire.windows import Window
from streaming_processor.arrived import Arrived
from streaming_processor.deliveries import read_again
from streaming_processor.ports import BatchId, Delivery
from streaming_processor.reference import Reference, reference_from
from streaming_processor.transforms.messages import arrived_from
from streaming_processor.window_states import COLUMNS, WindowStates

START_S = 1_767_225_600
"""2026-01-01T00:00:00Z."""
NOW_S = START_S + 30 * 86_400


def an_asset(device_id: str = "turbine", **changes: Any) -> Asset:
    fields: dict[str, Any] = {
        "tenant_id": "demo",
        "site_id": "site",
        "asset_id": device_id,
        "device_id": device_id,
        "name": device_id,
        "asset_type": "wind_turbine",
        "telemetry_class": "wind",
        "quantities": ("active_power", "wind_speed", "air_temperature"),
        "native_period_s": 600,
        "rating_w": 2_000_000,
    }
    return Asset(**(fields | changes))


def a_series(name: str, *inputs: tuple[str, int], resolution_s: int = 900, quantity: str = "active_power") -> Series:
    return Series(
        tenant_id="demo",
        series_id=f"site/{name}",
        site_id="site",
        name=name,
        kind="wind",
        unit="W",
        resolution_s=resolution_s,
        issue_every_s=resolution_s,
        direction="into_grid",
        inputs=tuple(SeriesInput.model_validate({"device_id": d, "quantity": quantity, "sign": s}) for d, s in inputs),
    )


def a_reference(*records: CatalogRecord) -> Reference:
    if not records:
        records = (an_asset("a"), an_asset("b"), a_series("a", ("a", 1)), a_series("net", ("a", 1), ("b", -1)))
    return reference_from({record.key: record for record in records})


def a_reading(power_w: float = 1_000.0, start_s: int = START_S, **changes: Any) -> Reading:
    fields: dict[str, Any] = {
        "quantity": "active_power",
        "unit": "W",
        "period_start_ms": start_s * 1_000,
        "period_ms": 600_000,
        "value": power_w,
    }
    return Reading(**(fields | changes))


def a_message(*readings: Reading, device_id: str = "a", seq: int = 0, sent_at_ms: int = 1) -> Telemetry:
    return Telemetry(
        device_id=device_id, boot_id="0" * 16, seq=seq, sent_at_ms=sent_at_ms, readings=readings or (a_reading(),)
    )


def arrived_of(messages: Sequence[Telemetry]) -> Arrived:
    return arrived_from([read_again(message) for message in messages])


def a_delivery(
    messages: Sequence[Telemetry], number: int = 0, query_id: str = "query", *, full: bool = False
) -> Delivery:
    return Delivery(
        batch=BatchId(query_id, number),
        messages=len(messages),
        offsets={"telemetry.wind": {"0": (0, len(messages) - 1)}},
        arrived=arrived_of(messages),
        undecodable=(),
        full=full,
    )


def states_of(reference: Reference, *windows: Window) -> WindowStates:
    """Columns of single windows, for series and widths that the reference has."""
    widths = reference.lanes.width_s.tolist()
    lane_of = {place: n for n, place in enumerate(zip(reference.lane_series, widths, strict=True))}
    rows = [
        (
            lane_of[w.series_id, w.width_s],
            int(w.window_start.timestamp()),
            w.weighted_sum,
            w.covered_s,
            w.expected_s // w.width_s,
            w.count,
            w.min_milli,
            w.max_milli,
            w.mean_milli,
            w.version,
            w.sent_at_ms,
        )
        for w in windows
    ]
    return WindowStates(reference, *np.array(rows, np.int64).reshape(-1, len(COLUMNS)).T)
