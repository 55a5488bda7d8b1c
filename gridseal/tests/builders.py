"""Messages with sensible values; a test names only what it is about."""

from datetime import UTC, datetime, timedelta
from typing import Any

from gridseal.wire.forecasts import ForecastRun, Point, SeriesForecast, run_id

SLOT = datetime(2026, 6, 1, 12, tzinfo=UTC)
LEVELS = (500, 1000, 2500, 5000, 7500, 9000, 9500)


def a_series(series_id: str = "home-01/load", periods: int = 6, **changes: Any) -> SeriesForecast:
    step = timedelta(hours=1)
    points = tuple(
        Point(target_start=SLOT + step * (i + 1), values_milli=tuple(1_000 * (i + 1) + 10 * q for q in range(7)))
        for i in range(periods)
    )
    fields = {
        "series_id": series_id,
        "unit": "W",
        "resolution_s": 3600,
        "model": "analogue",
        "rung": 3,
        "data_age_s": 0,
    }
    return SeriesForecast(**{**fields, "points": points, **changes})


def a_run(**changes: Any) -> ForecastRun:
    fields: dict[str, Any] = {
        "run_id": run_id("site-6h", SLOT, "1", 1),
        "tenant_id": "demo",
        "product_id": "site-6h",
        "region_id": "demo",
        "slot": SLOT,
        "issued_at": SLOT + timedelta(seconds=60),
        "delivery_start": SLOT + timedelta(hours=1),
        "gate_closure": SLOT + timedelta(hours=1),
        "levels_bps": LEVELS,
        "model_name": "analogue",
        "model_version": "1",
        "model_hash": "0x" + "11" * 32,
        "feature_hash": "0x" + "22" * 32,
        "series": (a_series(), a_series("home-01/pv")),
    }
    return ForecastRun(**{**fields, **changes})
