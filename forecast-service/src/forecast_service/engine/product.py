"""A product of the catalog as a task of the engine, and its training from telemetry."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from forecast_service.backtest.ports import TableSeries, Task
from forecast_service.engine.fit import Fitted, Options, fit_engine
from forecast_service.engine.model import Place
from forecast_service.ports import SeriesHistory
from forecast_service.products.plan import delivery_of, slot_after
from gridseal.wire.catalog import Product

YEAR = timedelta(days=366)


def task_of(product: Product, resolution_s: int, now: datetime) -> Task:
    """Leads and periods that cover every run of the coming year: local days have 23 to 25 hours.

    Args:
        product: Whose levels and delivery.
        resolution_s: Seconds a period.
        now: From when on.
    """
    levels = tuple(product.levels_bps)
    if product.delivery != "next_local_day":
        return Task(levels, 1, product.horizon_s // resolution_s)
    first, last, slot = 2**31, 0, slot_after(product, now)
    while slot < now + YEAR:
        delivery = delivery_of(product, resolution_s, slot)
        first = min(first, delivery.skipped + 1)
        last = max(last, delivery.skipped + 1 + delivery.periods)
        slot = slot_after(product, slot)
    return Task(levels, first, last - first)


def table_of(history: SeriesHistory, place: Place) -> TableSeries:
    """Telemetry as the engine reads it: no covariates, the calendar of a place."""
    return TableSeries(
        series_id=history.series.series_id,
        start_s=history.start_s,
        resolution_s=history.series.resolution_s,
        target=history.values,
        zone=place.zone,
        country=place.country,
        subdivision=place.subdivision,
        kind=history.series.kind,
    )


def fit_product(
    product: Product,
    histories: Sequence[SeriesHistory],
    places: Mapping[str, Place],
    until: datetime,
    options: Options | None = None,
) -> Fitted:
    """Train an engine for one product.

    Args:
        product: What is asked for.
        histories: Of its series, all at one resolution: that of the product.
        places: By series id; UTC without holidays for others.
        until: Nothing later is learnt from.
        options: How much work it may be.

    Raises:
        ConfigError: There is no series, or their resolutions differ.
    """
    tables = [table_of(one, places.get(one.series.series_id, Place(product.timezone or "UTC"))) for one in histories]
    resolution_s = tables[0].resolution_s if tables else product.resolution_s or 3_600
    return fit_engine(tables, task_of(product, resolution_s, until), int(until.timestamp()), options or Options())
