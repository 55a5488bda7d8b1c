"""Which series, which product of each and how far: what a list of forecasts is asked for. Pure."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from forecast_service.catalog import Catalog
from forecast_service.products.plan import forecast_series
from gridseal.http.moments import Moment
from gridseal.runtime.problems import not_found
from gridseal.wire.catalog import Product, Profile, Series
from gridseal.wire.views import SeriesForecastView

Chosen = list[tuple[Series, str]]
"""Series at the resolution of its forecast, and whose product, in the order of series ids."""


class Asked(BaseModel):
    """Query of the lists of forecasts."""

    model_config = ConfigDict(frozen=True)

    site_id: str | None = None
    series_id: str | None = None
    hours: Annotated[int, Field(ge=0, le=168, description="Hours of actuals before now")] = 24
    as_at: Moment | None = None
    horizon: Annotated[
        timedelta | None,
        Field(gt=timedelta(0), description="ISO 8601 duration after the slot; periods that start later are left out"),
    ] = None
    limit: Annotated[int, Field(ge=1, le=200, description="Series per page")] = 100
    cursor: str | None = None


class AskedLatest(Asked):
    """The same, of one product or of all."""

    product_id: str | None = None


def choose(catalog: Catalog, asked: Asked, product_id: str | None) -> Chosen:
    """The series of one product; of all, each with the product that speaks for it, where none is named.

    Raises:
        HTTPException: 404, there is no such product.
    """
    if product_id is None:
        known, speaking = catalog.series, catalog.speaking
        products = {p.product_id: p for p in catalog.products}
        pairs = [(known[name], products[mine]) for name, mine in sorted(speaking.items())]
        return _asked(pairs, asked)
    product = catalog.product(product_id)
    if product is None:
        raise not_found(f"product {product_id}")
    return _asked([(s, product) for s in catalog.series_of(product)], asked)


def choose_profile(catalog: Catalog, asked: Asked, profile: Profile) -> Chosen:
    """Series with a product of this shape; of several, the one with the first id."""
    found: dict[str, tuple[Series, Product]] = {}
    for product in catalog.products:
        if product.profile == profile:
            for series in catalog.series_of(product):
                found.setdefault(series.series_id, (series, product))
    return _asked([found[name] for name in sorted(found)], asked)


def within(view: SeriesForecastView, horizon: timedelta | None) -> SeriesForecastView:
    """The view with the periods that start within the horizon: of T, PT6H is T+1 to T+6."""
    if horizon is None:
        return view
    last = view.slot + horizon
    return view.model_copy(update={"points": tuple(p for p in view.points if p.target_start <= last)})


def _asked(pairs: list[tuple[Series, Product]], asked: Asked) -> Chosen:
    return [
        (forecast_series(product, [series])[0], product.product_id)
        for series, product in pairs
        if asked.site_id in (None, series.site_id) and asked.series_id in (None, series.series_id)
    ]
