"""One feature vector of one series for one horizon, on ``features.vectors`` and in Redis.

Written by streaming-processor when a window closes or is corrected; read by whoever forecasts. A
vector issued at T holds only what was known at T: windows that had ended, and weather that had been
measured or published. What could not be known is null, what was filled in is named in ``imputed``.
"""

from typing import Annotated, Literal

from pydantic import Field

from gridseal.wire.fields import Message, SeriesId, Slug, UtcTime

Value = Annotated[bool, Field(strict=True)] | Annotated[int, Field(strict=True)] | float | None


class FeatureVector(Message):
    """Keyed by group, region, series and horizon; ``issued_at`` is the event time."""

    schema_: Annotated[Literal["feature-vector/1"], Field(alias="schema")] = "feature-vector/1"
    group: Slug
    group_version: Annotated[int, Field(ge=1)]
    """Names, units and formulas of the values: docs/feature-store.md."""
    region_id: Slug
    series_id: SeriesId
    horizon_s: Annotated[int, Field(gt=0)]
    """From ``issued_at`` to the end of the target period."""
    issued_at: UtcTime
    """The end of the newest window that may be in here; no window that ends later is."""
    target_start: UtcTime
    target_end: UtcTime
    values: dict[str, Value]
    imputed: dict[str, str]
    """Values that were filled in, by name, and the rule that filled them."""
    ages_s: dict[str, int | None]
    """Part (``own``, ``weather``) → seconds from the end of its newest data to ``issued_at``; null where there is none
    that is fresh enough."""
    version: Annotated[int, Field(ge=1)]
    """Rises when late data changes a value."""
    available_at: UtcTime
    """Domain time at which this version came into being. Reads ``as at`` a moment see none that came later."""
