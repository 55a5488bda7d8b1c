"""Messages with defaults, for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from forecast_service.ports import SeriesHistory
from forecast_service.store.database import Pool
from gridseal.wire.catalog import CatalogMessage, Product, Series, SeriesInput, Site
from gridseal.wire.codec import encode
from gridseal.wire.forecasts import ForecastRun, Point, Seal, SeriesForecast, run_id

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


def a_run(slot: datetime = SLOT, **changes: Any) -> ForecastRun:
    values = changes.pop("values", (1_000, 2_000, 3_000))
    series_id = changes.pop("series_id", "home-01/net")
    model = changes.pop("model", "analogue")
    made = SeriesForecast(
        series_id=series_id, unit="W", resolution_s=3600, model=model, rung=3, data_age_s=0,
        points=tuple(Point(target_start=slot + timedelta(hours=h), values_milli=values) for h in (1, 2)),
    )  # fmt: skip
    given = {
        "run_id": run_id("site-6h", slot, "1", 1), "tenant_id": "demo", "product_id": "site-6h",
        "region_id": "us-ca-fontana", "slot": slot, "issued_at": slot + timedelta(minutes=1),
        "delivery_start": slot + timedelta(hours=1), "gate_closure": slot + timedelta(hours=1),
        "levels_bps": (500, 5_000, 9_500), "model_name": model, "model_version": "1",
        "model_hash": "0x" + "1" * 64, "feature_hash": "0x" + "2" * 64, "series": (made,),
    }  # fmt: skip
    return ForecastRun.model_validate(given | changes)


def a_seal(run: ForecastRun, state: str = "mined") -> Seal:
    return Seal.model_validate(
        {
            "run_id": run.run_id,
            "product_id": run.product_id,
            "slot": run.slot,
            "version": 1,
            "state": state,
            "root": "0x" + "3" * 64,
            "authority": "0x" + "4" * 40,
            "chain_id": 31337,
            "registry": "0x" + "5" * 40,
        }
    )


def put_window(
    pool: Pool, series: Series, start: datetime, mean_milli: int, *, complete: bool = True, version: int = 1
) -> None:
    """Write one window as test data where streaming-processor writes."""
    width = series.resolution_s
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO telemetry.series (series_id, definition) VALUES (%s, 'test data') ON CONFLICT DO NOTHING",
            (series.series_id,),
        )
        connection.execute(
            "INSERT INTO telemetry.window_rows SELECT series_no, %(w)s, %(at)s, %(m)s::bigint * %(w)s, %(c)s, 1, 1,"
            " %(m)s, %(m)s, %(m)s, %(v)s, clock_timestamp() FROM telemetry.series WHERE series_id = %(id)s"
            " ON CONFLICT (series_no, width_s, window_start) DO UPDATE SET mean_milli = excluded.mean_milli,"
            " version = excluded.version, covered_s = excluded.covered_s, updated_at = excluded.updated_at",
            {
                "w": width, "at": start, "m": mean_milli, "c": width if complete else width // 2, "v": version,
                "id": series.series_id,
            },
        )  # fmt: skip
