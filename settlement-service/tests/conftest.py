"""Runs with sensible values, and the settled form of one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gridseal.notary.batch import tree_of
from gridseal.wire.codec import encode
from gridseal.wire.forecasts import ForecastRun, Point, SeriesForecast, run_id
from settlement_service.sealing import Sealing

SLOT = datetime(2026, 6, 1, tzinfo=UTC)
SECRET = b"\x05" * 32


def a_run(*, slot: datetime = SLOT, version: int = 1, series: int = 2, **changes: Any) -> ForecastRun:
    first = slot + timedelta(hours=1)
    points = tuple(
        Point(target_start=first + timedelta(hours=i), values_milli=(1_000 * i, 1_000 * i + 5, 1_000 * i + 9))
        for i in range(3)
    )
    fields: dict[str, Any] = {
        "run_id": run_id("site-6h", slot, "1", version),
        "tenant_id": "demo",
        "product_id": "site-6h",
        "region_id": "us-ca-fontana",
        "slot": slot,
        "version": version,
        "issued_at": slot + timedelta(seconds=60),
        "delivery_start": first,
        "gate_closure": first,
        "levels_bps": (1000, 5000, 9000),
        "model_name": "analogue",
        "model_version": "1",
        "model_hash": "0x" + "11" * 32,
        "feature_hash": "0x" + "22" * 32,
        "series": tuple(
            SeriesForecast(
                series_id=f"home-{number:02d}/net",
                unit="W",
                resolution_s=3600,
                model="analogue",
                rung=3,
                data_age_s=0,
                points=points,
            )
            for number in range(series)
        ),
    }
    return ForecastRun(**(fields | changes))


def a_sealing(run: ForecastRun | None = None) -> Sealing:
    issued = run or a_run()
    return Sealing(
        run_id=issued.run_id,
        product_id=issued.product_id,
        slot=issued.slot,
        version=issued.version,
        gate_closure=int(issued.gate_closure.timestamp()),
        root="0x" + tree_of(issued, SECRET).root.hex(),
        state="built",
        secret=SECRET,
        document=encode(issued),
        received_at=datetime(2026, 11, 1, tzinfo=UTC),
    )


@pytest.fixture
def make_run() -> Callable[..., ForecastRun]:
    return a_run


@pytest.fixture
def make_sealing() -> Callable[..., Sealing]:
    return a_sealing
