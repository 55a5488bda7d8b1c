"""One market price as its provider published it, on ``market.raw``.

Written by the feeds of ingestion-gateway. Keyed by ``series_id``. A correction is a record of its own with
``revision`` + 1. Prices may be negative.
"""

from typing import Annotated, Literal

from pydantic import Field

from gridseal.wire.fields import Message, SeriesId, Slug, UtcTime


class MarketPrice(Message):
    """Price of energy delivered in ``[period_start, period_start + period_s)``."""

    schema_: Annotated[Literal["market/1"], Field(alias="schema")] = "market/1"
    series_id: SeriesId
    region_id: Slug
    market: Literal["day_ahead", "retail"]
    auction: Annotated[str, Field(max_length=16)] = ""
    """Where a zone has several auctions of one kind: ``1`` is SDAC. Prices of two auctions are never mixed."""
    provider: Slug
    provider_code: Annotated[str, Field(min_length=1, max_length=64)]
    period_start: UtcTime
    period_s: Annotated[int, Field(strict=True, ge=60, le=86_400)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    per: Literal["MW.h", "kW.h"] = "MW.h"
    """UCUM unit of the energy that the price is for."""
    value: Annotated[float, Field(ge=-1e6, le=1e6)]
    revision: Annotated[int, Field(strict=True, ge=1)] = 1
    known_at: UtcTime
    provider_updated_at: UtcTime | None = None
