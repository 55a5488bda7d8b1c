"""A forecast on request: asked for over REST, computed by a worker, never sealed.

What is sealed was issued on schedule before its gate; a request may ask for any past slot, other
levels or another horizon, and gets what the models of today make of what was measured before it.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gridseal.wire.fields import Hex32, LevelBps, Message, SeriesId, Slug, UtcTime
from gridseal.wire.forecasts import SeriesForecast

RequestState = Literal["queued", "running", "done", "failed"]
LONGEST_S = 7 * 86_400


class ForecastRequest(Message):
    """What to forecast. What is left out is taken from the product."""

    product_id: Slug
    """Whose series, model and defaults."""
    series_ids: Annotated[tuple[SeriesId, ...], Field(min_length=1, max_length=500)] | None = None
    slot: UtcTime | None = None
    """Nothing measured after it is used. Left out: the newest slot of the product."""
    horizon_s: Annotated[int, Field(gt=0, le=LONGEST_S)] | None = None
    levels_bps: Annotated[tuple[LevelBps, ...], Field(min_length=1, max_length=99)] | None = None

    @model_validator(mode="after")
    def _levels_rise(self) -> Self:
        levels = self.levels_bps
        if levels is not None and list(levels) != sorted(set(levels)):
            raise ValueError("levels_bps must rise")
        return self


class ForecastAnswer(Message):
    """What came of a request."""

    slot: UtcTime
    made_at: UtcTime
    levels_bps: tuple[int, ...]
    model_name: str
    model_version: str
    model_hash: Hex32
    feature_hash: Hex32
    series: tuple[SeriesForecast, ...]


class ForecastJob(Message):
    """A request and where it stands. ``made_at`` and ``requested_at`` are domain time."""

    job_id: str
    state: RequestState
    requested_at: UtcTime
    request: ForecastRequest
    detail: str = ""
    """Why it failed."""
    answer: ForecastAnswer | None = None
