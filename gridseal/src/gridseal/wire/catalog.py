"""What exists: sites, assets, series and products, on the compacted topic ``assets.changed``.

Owned by asset-service. The gateway learns from it which devices it may believe, the stream which
series a reading belongs to, the forecast-service what to forecast and when. A missing record is
deleted by a null value under its key.
"""

from typing import Annotated, Literal

from pydantic import Field

from gridseal.wire.fields import LevelBps, Message, SeriesId, Slug
from gridseal.wire.topics import TelemetryClass
from gridseal.wire.units import Quantity

SeriesKind = Literal["wind", "pv", "home_load", "home_pv", "home_net", "household", "storage", "weather", "demand"]
"""Chooses references, scales and physical limits in the forecast models. ``demand`` is that of a market or region."""

Profile = Literal["site", "da", "id", "t6", "h24"]
"""Shape of a product: sites' next hours, day-ahead, intraday, six hours from the last datapoint, next 24 hours."""


def _unsaid(value: object) -> bool:
    return value is None


class Site(Message):
    """A place behind one grid connection."""

    record: Literal["site"] = "site"
    tenant_id: Slug
    site_id: Slug
    name: str
    region_id: Slug
    timezone: str
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    attribution: str = ""
    """Source and licence of the site's data, shown wherever its values are."""

    @property
    def key(self) -> str:
        """Kafka key of the record."""
        return f"site/{self.site_id}"


class Asset(Message):
    """A device or plant of a site. ``device_id`` is the subject of its client certificate."""

    record: Literal["asset"] = "asset"
    tenant_id: Slug
    site_id: Slug
    asset_id: Slug
    device_id: Slug
    name: str
    asset_type: Literal["wind_turbine", "pv", "meter", "battery", "weather_station"]
    telemetry_class: TelemetryClass
    quantities: tuple[Quantity, ...]
    native_period_s: Annotated[int, Field(gt=0)]
    rating_w: Annotated[int, Field(gt=0)] | None = None
    energy_wh: Annotated[int, Field(gt=0)] | None = Field(default=None, exclude_if=_unsaid)
    """What a full battery holds."""
    simulated: bool = False

    @property
    def key(self) -> str:
        """Kafka key of the record."""
        return f"asset/{self.asset_id}"


class SeriesInput(Message):
    """One device quantity that is added into a series with a sign."""

    device_id: Slug
    quantity: Quantity
    sign: Literal[1, -1] = 1


class Series(Message):
    """A time series in the base unit of its quantity. Several inputs are summed (a site's net power).

    ``direction`` says when a power value is positive: ``into_grid`` (generation, net) or
    ``from_grid`` (load). Input signs turn the convention of telemetry (into the grid) into it.
    """

    record: Literal["series"] = "series"
    tenant_id: Slug
    series_id: SeriesId
    site_id: Slug
    asset_id: Slug | None = None
    name: str
    kind: SeriesKind
    unit: Literal["W", "m/s", "Cel", "W/m2", "%", "var", "V.A", "V", "A", "Hz", "1", "W.h", "Pa", "deg", "mm"]
    resolution_s: Annotated[int, Field(gt=0)]
    """Width of the windows that are forecast: 900, or the device's own period where coarser."""
    issue_every_s: Annotated[int, Field(gt=0)]
    """A forecast is issued at UTC multiples of this. Coarser than ``resolution_s`` where a device's
    period straddles window borders (10-min data in 15-min windows: 1800), else a window would leak."""
    direction: Literal["into_grid", "from_grid", "none"]
    inputs: Annotated[tuple[SeriesInput, ...], Field(min_length=1)]
    capacity_w: Annotated[int, Field(gt=0)] | None = None
    forecast: bool = True
    primary: bool = False
    """The series that stands for the site in lists: its net or only power."""
    scope: Literal["site", "region"] | None = Field(default=None, exclude_if=_unsaid)
    """``region``: the inputs may be devices of any site of the same region. Unset: of its own site."""

    @property
    def key(self) -> str:
        """Kafka key of the record."""
        return f"series/{self.series_id}"


class Product(Message):
    """A forecast product: which series, how far, how often, sealed before which gate."""

    record: Literal["product"] = "product"
    tenant_id: Slug | None = Field(default=None, exclude_if=_unsaid)
    """Unset in records from before products said it: then of whoever reads it."""
    product_id: Slug
    name: str
    kinds: tuple[SeriesKind, ...]
    """Series of these kinds with ``forecast`` set belong to the product."""
    horizon_s: Annotated[int, Field(gt=0)]
    slot_s: Annotated[int, Field(gt=0)]
    """A run is due at UTC multiples of this; a series takes part in the slots of its ``issue_every_s``."""
    gate_lead_s: Annotated[int, Field(ge=0)] = 0
    """The seal must be mined this long before delivery starts."""
    levels_bps: Annotated[tuple[LevelBps, ...], Field(min_length=1)]
    model_family: str
    profile: Profile | None = Field(default=None, exclude_if=_unsaid)
    region_ids: tuple[Slug, ...] | None = Field(default=None, exclude_if=_unsaid)
    """Only series of sites in these regions. Unset: of all."""
    resolution_s: Annotated[int, Field(gt=0)] | None = Field(default=None, exclude_if=_unsaid)
    """Width of the forecast periods; finer series are averaged to it. Unset: each series' own."""
    timezone: str | None = Field(default=None, exclude_if=_unsaid)
    """IANA zone of ``issue_cron``, ``gate_local`` and local days. Unset: UTC."""
    issue_cron: str | None = Field(default=None, exclude_if=_unsaid)
    """When a run is due, five fields in ``timezone``. Unset: at every multiple of ``slot_s``."""
    issue_on: Literal["schedule", "data"] | None = Field(default=None, exclude_if=_unsaid)
    """``data``: as soon as the period that ends at the slot is there, at the latest with the next slot."""
    delivery: Literal["rolling", "next_local_day"] | None = Field(default=None, exclude_if=_unsaid)
    """``next_local_day``: all periods of the day after the slot's in ``timezone``, 23 to 25 hours of them;
    ``horizon_s`` is then the usual length. Unset: the periods that start after the slot, up to ``horizon_s``."""
    gate_local: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = Field(
        default=None, exclude_if=_unsaid
    )
    """Gate closure as local time of the slot's day. Unset: ``gate_lead_s`` before delivery starts."""
    steps: Literal["direct", "recursive"] | None = Field(default=None, exclude_if=_unsaid)
    """``recursive``: one period after the other, each from the ones before. Unset: all at once."""

    @property
    def key(self) -> str:
        """Kafka key of the record."""
        return f"product/{self.product_id}"


CatalogRecord = Annotated[Site | Asset | Series | Product, Field(discriminator="record")]


class CatalogMessage(Message):
    """One value on ``assets.changed``."""

    schema_: Annotated[Literal["catalog/1"], Field(alias="schema")] = "catalog/1"
    revision: Annotated[int, Field(ge=1)]
    """Counts up with every change of the record."""
    item: CatalogRecord
