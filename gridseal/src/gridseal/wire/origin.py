"""What a run was computed from, as forecast-service tells it and settlement-service puts it into proof files."""

from typing import Annotated, Any, Final

from pydantic import Field

from gridseal.wire.fields import Hex32, Message, SeriesId, Slug, UtcTime

MOST_INPUTS: Final = 2_500_000
"""Bytes of inputs that a proof file takes with it: as base64, beside a day of leaves, it stays below its 4 MiB."""


class InputSeries(Message):
    """One of the series that a run was computed from."""

    series_id: SeriesId
    first: UtcTime
    """Start of the first period."""
    resolution_s: Annotated[int, Field(gt=0)]
    periods: Annotated[int, Field(ge=0)]
    measured: Annotated[int, Field(ge=0)]
    """Periods with a complete window."""
    devices: tuple[Slug, ...]


class RunOrigin(Message):
    """What a run was computed from, as it was kept: answer of forecast-service."""

    run_id: str
    feature_hash: Hex32
    """As it stands in the run: SHA-256 of the inputs."""
    input_bytes: int
    complete: bool
    """Whether what was kept has that hash. Not so where a series fell back to an earlier forecast (rung 4)."""
    series: tuple[InputSeries, ...]
    inputs: str | None = None
    """The bytes themselves, where they are complete and not too many for a proof file."""
    receipts: tuple[dict[str, Any], ...] = ()
    receipt_keys: tuple[str, ...] = ()
