"""Catalog records and histories with defaults."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from forecast_service.ports import SeriesHistory
from gridseal.wire.catalog import Product, Series, SeriesInput

SLOT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def a_series(series_id: str = "home-01/load", **changes: Any) -> Series:
    given = {
        "tenant_id": "demo", "series_id": series_id, "site_id": series_id.split("/")[0], "name": series_id,
        "kind": "home_load", "unit": "W", "resolution_s": 3_600, "issue_every_s": 3_600, "direction": "from_grid",
        "inputs": (SeriesInput(device_id=series_id.replace("/", "-"), quantity="active_power", sign=-1),),
    }  # fmt: skip
    return Series.model_validate(given | changes)


def a_product(**changes: Any) -> Product:
    given = {
        "product_id": "site-6h", "name": "Next 6 hours", "kinds": ("home_load", "home_pv", "home_net"),
        "horizon_s": 21_600, "slot_s": 900, "levels_bps": (500, 2_500, 5_000, 7_500, 9_500),
        "model_family": "global-lstm",
    }  # fmt: skip
    return Product.model_validate(given | changes)


def day_ahead(**changes: Any) -> Product:
    given = {
        "product_id": "de-day-ahead", "horizon_s": 86_400, "slot_s": 3_600, "resolution_s": 3_600, "profile": "da",
        "timezone": "Europe/Berlin", "issue_cron": "0 10 * * *", "delivery": "next_local_day", "gate_local": "12:00",
    }  # fmt: skip
    return a_product(**(given | changes))


def a_history(series: Series, values: list[float], until: datetime = SLOT) -> SeriesHistory:
    start_s = int(until.timestamp()) - len(values) * series.resolution_s
    return SeriesHistory(series, start_s, np.array(values, dtype=np.float64))
