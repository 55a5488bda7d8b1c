"""``/api/v1/forecasts/products``: what is forecast, for which periods, and when next."""

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter

from forecast_service.catalog import Catalog
from forecast_service.products.plan import current_slot, delivery_of, forecast_series, gate_of, slot_after
from gridseal.wire.catalog import Product
from gridseal.wire.views import ProductList, ProductState


def product_routes(catalog: Catalog, now: Callable[[], datetime]) -> APIRouter:
    """The route on this catalog."""
    router = APIRouter(prefix="/api/v1/forecasts/products", tags=["forecasts"])

    @router.get("", operation_id="forecastProducts")
    async def products() -> ProductList:
        """Every product with its newest and its next slot, and the gate and the periods of that."""
        at = now()
        return ProductList(as_at=at, items=tuple(_state(catalog, product, at) for product in catalog.products))

    return router


def _state(catalog: Catalog, product: Product, at: datetime) -> ProductState:
    series = forecast_series(product, catalog.series_of(product))
    widths = sorted({one.resolution_s for one in series}) or [product.resolution_s or product.slot_s]
    slot = slot_after(product, at)
    deliveries = [delivery_of(product, width, slot) for width in widths]
    return ProductState(
        product=product,
        series=len(series),
        slot=current_slot(product, at),
        next_slot=slot,
        gate_closure=gate_of(product, widths, slot),
        delivery_start=min(one.start for one in deliveries),
        delivery_end=max(one.end for one in deliveries),
    )
