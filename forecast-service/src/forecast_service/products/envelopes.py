"""What the plants of a question can do in the periods asked for. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from forecast_service.physics.limits import Limits, limits_of
from forecast_service.products.plan import delivery_of
from gridseal.wire.catalog import Product, Series, Site


def envelopes_of(
    product: Product, series: Sequence[Series], slot: datetime, sites: Mapping[str, Site]
) -> dict[str, Limits]:
    """Per series that a plant or the sun limits."""
    out = {}
    for one in series:
        delivery = delivery_of(product, one.resolution_s, slot)
        found = limits_of(one, sites.get(one.site_id), delivery.first_s, delivery.periods)
        if found is not None:
            out[one.series_id] = found
    return out
