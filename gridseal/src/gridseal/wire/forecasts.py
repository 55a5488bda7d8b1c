"""A forecast run and its seal, on ``forecasts.issued`` and ``forecasts.sealed``.

A run is one issue of one product: every series due in one slot, with all its target periods. The
run is what is sealed: one Merkle root, one signature, one transaction. Values are thousandths of
the base unit (mW), as whole numbers, in the order of ``levels_bps``; they never decrease along it.
"""

import hashlib
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gridseal.wire.fields import Address, Hex32, LevelBps, Message, SeriesId, Slug, UtcTime, format_utc

Rung = Annotated[int, Field(ge=0, le=4)]
"""0 full inputs, 1 no weather, 2 stale telemetry, 3 analogue ensemble, 4 last stored forecast."""

WeatherLabel = Literal["none", "forecast", "oracle"]
"""Weather among the inputs: none, as it was forecast before the issue, or as it was measured later (backtests only)."""

SealState = Literal["pending", "signed", "sent", "mined", "final", "late", "failed"]
"""``mined``: in a block that a reorganization may still undo; then it is ``sent`` again. ``final``: it cannot.
``late``: the gate closed before the seal was mined; the run is kept and shown as not sealed."""


class Point(Message):
    """The quantiles of one target period."""

    target_start: UtcTime
    values_milli: tuple[int, ...]


class SeriesForecast(Message):
    """All target periods of one series, in time order, without gaps."""

    series_id: SeriesId
    unit: Literal["W", "m/s", "Cel", "W/m2", "%"]
    resolution_s: Annotated[int, Field(gt=0)]
    model: str
    """What produced these numbers: ``lstm``, ``reference``, ``analogue``, ``stored`` or a model family's own name."""
    rung: Rung
    data_age_s: Annotated[int, Field(ge=0)]
    """Age of the newest complete window at issue, in domain seconds; at rung 4 of that behind the stored forecast."""
    weather: WeatherLabel | None = Field(default=None, exclude_if=lambda value: value is None)
    """Unset only in runs from before the label, which used none."""
    weather_age_s: Annotated[int, Field(ge=0)] | None = Field(default=None, exclude_if=lambda value: value is None)
    """Domain seconds since the weather run of ``weather: forecast``."""
    drift_milli: Annotated[int, Field(ge=0, le=1_000)] | None = Field(
        default=None, exclude_if=lambda value: value is None
    )
    """How far the last week lies from the four before it, thousandths of the Kolmogorov-Smirnov distance; 1000 is
    no overlap. Unset where there is too little of either."""
    points: Annotated[tuple[Point, ...], Field(min_length=1)]


class ForecastRun(Message):
    """One run. Times are domain time."""

    schema_: Annotated[Literal["forecast-run/1"], Field(alias="schema")] = "forecast-run/1"
    run_id: str
    tenant_id: Slug
    product_id: Slug
    region_id: Slug
    slot: UtcTime
    version: Annotated[int, Field(ge=1)] = 1
    issued_at: UtcTime
    delivery_start: UtcTime
    gate_closure: UtcTime
    levels_bps: Annotated[tuple[LevelBps, ...], Field(min_length=1)]
    model_name: str
    model_version: str
    model_hash: Hex32
    """SHA-256 of the model artefact; of the baseline's parameters where there is no artefact."""
    feature_hash: Hex32
    """SHA-256 over the integer inputs the run was computed from."""
    series: Annotated[tuple[SeriesForecast, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _quantiles_are_whole_and_ordered(self) -> Self:
        for series in self.series:
            for point in series.points:
                values = point.values_milli
                if len(values) != len(self.levels_bps) or list(values) != sorted(values):
                    raise ValueError("values_milli must have one value per level and never decrease")
        return self


class Seal(Message):
    """Where the seal of one run stands. Sent on every change of ``state``."""

    schema_: Annotated[Literal["seal/1"], Field(alias="schema")] = "seal/1"
    run_id: str
    product_id: Slug
    slot: UtcTime
    version: int
    state: SealState
    root: Hex32
    authority: Address
    chain_id: int
    registry: Address
    tx_hash: Hex32 | None = None
    block_number: int | None = None
    block_time: UtcTime | None = None
    detail: str = ""


def run_id(product_id: str, slot: datetime, model_version: str, version: int) -> str:
    """Deterministic id of a run: the same job twice is one run."""
    text = f"{product_id}|{format_utc(slot)}|{model_version}|{version}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]
