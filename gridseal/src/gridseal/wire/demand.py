"""One value of a demand series as its provider published it, on ``demand.raw``.

Written by the feeds of ingestion-gateway; read by streaming-processor, which turns it into readings and
windows. Keyed by ``series_id``. Value and unit are the provider's; nothing is rounded, filled or summed.

A provider corrects what it has published. A correction is a record of its own with ``revision`` + 1; the
earlier one stays where it is. Identity is ``(series_id, kind, provider, period_start, revision)``.
"""

from typing import Annotated, Literal

from pydantic import Field

from gridseal.wire.fields import Message, SeriesId, Slug, UtcTime

DemandKind = Literal["actual", "day_ahead_forecast"]
MAX_PERIOD_S = 86_400


class Demand(Message):
    """Demand of one region over ``[period_start, period_start + period_s)``; positive is drawn from the grid."""

    schema_: Annotated[Literal["demand/1"], Field(alias="schema")] = "demand/1"
    series_id: SeriesId
    region_id: Slug
    kind: DemandKind = "actual"
    """``day_ahead_forecast`` is the operator's own, shown beside ours and never an input of a window."""
    provider: Slug
    provider_code: Annotated[str, Field(min_length=1, max_length=64)]
    """What the provider calls the region or indicator: ``NYIS``, ``10Y1001A1001A82H``, ``1293``."""
    period_start: UtcTime
    period_s: Annotated[int, Field(strict=True, ge=60, le=MAX_PERIOD_S)]
    unit: Literal["MW", "MW.h", "kW", "W"]
    """UCUM. Energy is that of the period."""
    value: Annotated[float, Field(ge=-1e9, le=1e9)]
    revision: Annotated[int, Field(strict=True, ge=1)] = 1
    known_at: UtcTime
    """When the gateway had it: providers do not say when they published a value."""
    provider_updated_at: UtcTime | None = None
    """What the provider's own clock says of its last change, where it says anything."""
