"""A chart is drawn in the periods of the forecast, also where its series is measured more finely."""

from typing import Any

from forecast_service.catalog import Catalog
from forecast_service.live.snapshots import snapshots
from gridseal.runtime.clock import SystemClock
from gridseal.wire.catalog import Series
from gridseal.wire.live import Filter

from .builders import a_product, a_record, a_series


class Views:
    """Remembers which series it was asked for."""

    asked: list[Series]

    async def latest(self, series: list[Series], *_: object, products: dict[str, str]) -> list[Any]:
        self.asked = series
        return []


def a_catalog(**changes: Any) -> Catalog:
    catalog = Catalog()
    for item in (a_series(resolution_s=300), a_product(product_id="es-t6", **changes)):
        catalog.apply(*a_record(item))
    return catalog


async def test_a_snapshot_reads_actuals_in_the_periods_of_the_product() -> None:
    views: Any = Views()
    reader = snapshots(views, views, a_catalog(resolution_s=3_600), SystemClock())["forecasts"]

    assert await reader(Filter()) == []
    assert [s.resolution_s for s in views.asked] == [3_600]


def test_without_a_resolution_of_its_own_a_product_keeps_that_of_the_series() -> None:
    catalog = a_catalog()

    assert catalog.as_forecast(a_series(resolution_s=300), "es-t6").resolution_s == 300
    assert catalog.as_forecast(a_series(resolution_s=300), "gone").resolution_s == 300
