"""Messages with defaults, for tests."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from forecast_service.ports import SeriesHistory
from gridseal.wire.catalog import CatalogMessage, Product, Series, SeriesInput, Site
from gridseal.wire.codec import encode

SLOT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def a_series(series_id: str = "home-01/net", **changes: Any) -> Series:
    given = {
        "tenant_id": "demo", "series_id": series_id, "site_id": series_id.split("/")[0], "name": series_id,
        "kind": "home_net", "unit": "W", "resolution_s": 3600, "issue_every_s": 3600, "direction": "into_grid",
        "inputs": (SeriesInput(device_id="home-01-meter", quantity="active_power"),),
    }  # fmt: skip
    return Series.model_validate(given | changes)


def a_product(**changes: Any) -> Product:
    given = {
        "product_id": "site-6h", "name": "Next 6 hours", "kinds": ("home_net", "pv"), "horizon_s": 21_600,
        "slot_s": 900, "levels_bps": (500, 5_000, 9_500), "model_family": "global-lstm",
    }  # fmt: skip
    return Product.model_validate(given | changes)


def a_site(site_id: str = "home-01") -> Site:
    return Site(
        tenant_id="demo", site_id=site_id, name=site_id, region_id="us-ca-fontana", timezone="America/Los_Angeles",
        latitude=34.09, longitude=-117.43, attribution="test data",
    )  # fmt: skip


def a_record(item: Product | Series | Site) -> tuple[str, bytes]:
    return item.key, encode(CatalogMessage(revision=1, item=item))


def a_history(series: Series, values: list[float], until: datetime = SLOT) -> SeriesHistory:
    start_s = int(until.timestamp()) - len(values) * series.resolution_s
    return SeriesHistory(series, start_s, np.array(values, dtype=np.float64))
