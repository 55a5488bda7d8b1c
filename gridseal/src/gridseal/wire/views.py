"""What forecast-service shows to people and SDKs: the same shapes in REST answers and WebSocket data.

Values are in the unit that stands beside them, as whole thousandths (``*_milli``), as everywhere.
"""

from typing import Annotated, Literal

from pydantic import Field

from gridseal.wire.alerts import Alert
from gridseal.wire.catalog import Product
from gridseal.wire.fields import Message, SeriesId, UtcTime
from gridseal.wire.forecasts import Point, Rung, Seal, WeatherLabel


class ActualPoint(Message):
    """A measured window. A period without data has no entry: a gap is a gap, never zero."""

    period_start: UtcTime
    mean_milli: int
    complete: bool
    version: int


class SeriesFacts(Message):
    """What stands still of a forecast series: what its values mean, and which product speaks about it."""

    series_id: SeriesId
    site_id: str
    name: str
    kind: str
    unit: str
    direction: Literal["into_grid", "from_grid", "none"]
    capacity_w: int | None
    resolution_s: int
    product_id: str


class IssuedRun(Message):
    """How one run came about, as one of its series sees it."""

    run_id: str
    slot: UtcTime
    issued_at: UtcTime
    delivery_start: UtcTime
    gate_closure: UtcTime
    levels_bps: tuple[int, ...]
    model: str
    model_version: str
    rung: Rung
    data_age_s: int


class SeriesForecastView(IssuedRun, SeriesFacts):
    """The newest run of one series with what was measured before and since, for a fan chart."""

    weather: WeatherLabel = "none"
    drift_milli: int | None = None
    """As in ``gridseal.wire.forecasts.SeriesForecast``."""
    points: tuple[Point, ...]
    actuals: tuple[ActualPoint, ...]
    """The last 24 h (or as asked), oldest first."""
    seal: Seal | None
    attribution: str = ""


class LatestForecasts(Message):
    """Answer of ``GET /api/v1/forecasts/latest``."""

    as_at: UtcTime
    items: tuple[SeriesForecastView, ...]
    next_cursor: str | None = None


class ProductState(Message):
    """One product and when it is due. ``gate_closure`` and the delivery are those of ``next_slot``."""

    product: Product
    series: int
    slot: UtcTime
    """The newest slot."""
    next_slot: UtcTime
    gate_closure: UtcTime
    delivery_start: UtcTime
    delivery_end: UtcTime


class ProductList(Message):
    """Answer of ``GET /api/v1/forecasts/products``."""

    as_at: UtcTime
    items: tuple[ProductState, ...]


class KindAccuracy(Message):
    """Scores of one model on matured forecasts of one kind, normalized by each series' range."""

    kind: str
    model: str
    forecasts: int
    """Number of (series, target period) pairs scored."""
    pinball_ratio: float
    """Mean pinball loss over the levels, divided by the range (P99 - P1) of the series."""
    coverage_90_ratio: float | None


class ForecastSummary(Message):
    """Answer of ``GET /api/v1/forecasts/summary``."""

    as_at: UtcTime
    time_scale: float
    products: int
    sites: int
    series: int
    horizon_s: int
    runs_issued: int
    runs_sealed: int
    runs_late: int
    champion: str | None
    """``name/version`` of the serving model; none while baselines serve."""
    accuracy: tuple[KindAccuracy, ...]


class AlertList(Message):
    """Answer of ``GET /api/v1/alerts/recent``."""

    as_at: UtcTime
    items: tuple[Alert, ...]
    next_cursor: str | None = None


class AssetPerformance(Message):
    """Forecast against actual of one series over a window, from asset-service."""

    series_id: SeriesId
    site_id: str
    asset_id: str | None
    name: str
    window_start: UtcTime
    window_end: UtcTime
    periods: int
    mean_actual_w: float | None
    mean_forecast_w: float | None
    mae_w: float | None
    bias_w: float | None
    deviation_ratio: float | None
    """MAE over capacity; none where the capacity is unknown or nothing matured."""
    energy_wh: float | None
    availability_ratio: Annotated[float, Field(ge=0, le=1)] | None
    """Complete windows over expected windows."""
