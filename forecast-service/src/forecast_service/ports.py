"""What forecasting needs from outside and what its parts promise each other.

Arrays of one series are on a regular UTC grid of its ``resolution_s``: element ``i`` speaks for the
period that starts at ``start_s + i * resolution_s``. Values are in the base unit (W), in the
series' own direction; NaN is "no complete window". Nothing later than the issue slot is inside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gridseal.wire.catalog import Product, Series, SeriesKind
from gridseal.wire.forecasts import WeatherLabel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SeriesHistory:
    """Complete windows of one series. ``start_s`` is Unix seconds of element 0."""

    series: Series
    start_s: int
    values: Floats
    """``(N,)`` W."""

    @property
    def end_s(self) -> int:
        """Unix seconds at which the last element's period ends."""
        return self.start_s + len(self.values) * self.series.resolution_s


@dataclass(frozen=True, slots=True)
class QuantileForecast:
    """One series, all target periods of one slot."""

    series_id: str
    first_target_s: int
    """Unix seconds: slot + resolution."""
    values_milli: NDArray[np.int64]
    """``(H, Q)`` thousandths of the base unit, non-decreasing along Q."""
    model: str
    """``lstm``, ``reference``, ``analogue``, ``stored`` or a model family's own name."""
    rung: int
    data_age_s: int
    weather: WeatherLabel = "none"
    weather_age_s: int | None = None
    """Seconds since the weather run, where ``weather`` is ``forecast``."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """Calibration offsets of one run, fixed before it is made: whoever makes it again takes the same."""

    levels_bps: tuple[int, ...] = ()
    offsets: Mapping[str, Floats] = field(default_factory=dict)
    """Per group (``calibration.live.group_of``) ``(B, Q)`` in band widths, at B knots along the horizon."""


@dataclass(frozen=True, slots=True)
class StoredForecast:
    """What an earlier run said about one series."""

    series_id: str
    kind: SeriesKind
    slot_s: int
    """Unix seconds of the run's slot."""
    first_target_s: int
    resolution_s: int
    levels_bps: tuple[int, ...]
    values_milli: NDArray[np.int64]
    """``(H, Q)``, non-decreasing along Q."""
    data_age_s: int


class HistoryStore(Protocol):
    """Reads complete windows from the telemetry store."""

    def load(self, series: Sequence[Series], start: datetime, until: datetime) -> list[SeriesHistory]:
        """Windows of each series with ``start <= window_start`` and ``window_end <= until``, as one grid each."""
        ...


class Forecaster(Protocol):
    """Turns histories into quantiles. The same object serves and is scored in the gate."""

    @property
    def name(self) -> str:
        """Registered model name, or ``analogue``."""
        ...

    @property
    def version(self) -> str:
        """Version under that name."""
        ...

    @property
    def model_hash(self) -> str:
        """0x-prefixed SHA-256 of the artefact."""
        ...

    @property
    def history_s(self) -> int:
        """Seconds of history that ``forecast`` wants before the slot."""
        ...

    def forecast(
        self, histories: Sequence[SeriesHistory], slot: datetime, horizon_s: int, levels_bps: Sequence[int]
    ) -> list[QuantileForecast]:
        """One forecast per history, in the same order; a series without any data is left out."""
        ...


class ChampionSource(Protocol):
    """Finds the model that serves. ``inference.ChampionLoader`` is one."""

    def poll(self) -> Forecaster | None:
        """The champion, or none while there is none. Returns the same object until the alias moves.

        Raises:
            UnavailableError: The registry does not answer; the caller keeps what it has.
        """
        ...


class CalibrationPins(Protocol):
    """Fixes what a run is calibrated with before it is computed."""

    def pin(self, product: Product, slot: datetime) -> Pinned:
        """The offsets of a slot's run: those fixed before, else the newest learned.

        Raises:
            UnavailableError: The store does not answer.
        """
        ...


class LastForecasts(Protocol):
    """Finds what was forecast last, for rung 4."""

    def last(
        self, product_id: str, series: Sequence[Series], slot: datetime, as_at: datetime
    ) -> Mapping[str, StoredForecast]:
        """Per series, its newest forecast of rung 0 to 3 by a run of an earlier slot issued by ``as_at``.

        Raises:
            UnavailableError: The store does not answer.
        """
        ...
