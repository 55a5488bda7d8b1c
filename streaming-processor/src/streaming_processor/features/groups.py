"""Feature groups: declarative records of what a vector holds, under which keys, how fresh and for how long.

A formula or a name changes only with a new version; stored vectors of the old version stay readable.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

Dtype = Literal["float", "int", "bool"]
Family = Literal["demand", "pv", "wind", "power", "weather"]
DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Feature:
    """One value: name, UCUM unit, type."""

    name: str
    unit: str
    dtype: Dtype = "float"


@dataclass(frozen=True, slots=True)
class FeatureGroup:
    """S1's model of a group with S4's freshness."""

    name: str
    version: int
    family: Family
    """Which formulas fill it."""
    kinds: tuple[str, ...]
    """Series of these kinds get vectors."""
    horizons_s: tuple[int, ...]
    """From issue to the end of the target period; 0 stands for the next period."""
    features: tuple[Feature, ...]
    width_s: int | None = None
    """Windows that it is computed from; None for the resolution of the series."""
    keys: tuple[str, str, str] = ("region_id", "series_id", "horizon_s")
    event_time: str = "issued_at"
    """Name of the event time where vectors become tables."""
    freshness_s: int = 3 * 3_600
    """Own data, weather and whole vectors that are older than this count as absent."""
    retention_s: int = 400 * DAY_S
    """Versions of vectors issued longer ago are deleted."""
    hot_s: int = 7 * DAY_S
    """A vector leaves Redis when nothing newer came for this long, on the wall clock."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in the order in which they are stored."""
        return tuple(f.name for f in self.features)

    @property
    def record(self) -> dict[str, object]:
        """The declaration as JSON, kept beside the vectors."""
        return {
            "name": self.name,
            "version": self.version,
            "keys": list(self.keys),
            "event_time": self.event_time,
            "freshness_s": self.freshness_s,
            "retention_s": self.retention_s,
            "features": [{"name": f.name, "unit": f.unit, "dtype": f.dtype} for f in self.features],
        }

    def horizons_of(self, width_s: int) -> tuple[int, ...]:
        """Horizons for a series with windows of ``width_s``."""
        return tuple(sorted({max(h, width_s) for h in self.horizons_s}))


_CYCLES: Final = tuple(
    Feature(f"{of}_{part}", "1") for of in ("hour", "day_of_week", "day_of_year", "month") for part in ("sin", "cos")
)
_CALENDAR: Final = (
    Feature("hour_of_day", "h", "int"),
    Feature("day_of_week", "d", "int"),
    Feature("month", "mo", "int"),
    Feature("is_weekend", "1", "int"),
    Feature("is_holiday", "1", "int"),
)
S3_FEATURES: Final = (
    Feature("temperature", "Cel"),
    Feature("apparent_temperature", "Cel"),
    Feature("humidity", "%"),
    Feature("wind_speed", "m/s"),
    Feature("cloud_cover", "%"),
    Feature("solar_radiation", "W/m2"),
    Feature("precipitation", "mm"),
    *_CALENDAR,
    Feature("demand_lag_1h", "MW.h"),
    Feature("demand_lag_24h", "MW.h"),
    Feature("demand_lag_168h", "MW.h"),
    Feature("demand_rolling_mean_24h", "MW.h"),
    Feature("demand_rolling_std_24h", "MW.h"),
    Feature("temp_squared", "Cel2"),
    Feature("cooling_degree_hours", "K.h"),
    Feature("heating_degree_hours", "K.h"),
)
"""The 20 columns of S3, in its order and by its names."""
_POWER: Final = (
    Feature("power_latest_w", "W"),
    Feature("power_lag_1h_w", "W"),
    Feature("power_lag_24h_w", "W"),
    Feature("power_lag_168h_w", "W"),
    Feature("power_ramp_w_per_min", "W/min"),
    Feature("power_mean_1h_w", "W"),
    Feature("power_mean_3h_w", "W"),
    Feature("power_mean_24h_w", "W"),
    Feature("power_std_3h_w", "W"),
    Feature("power_std_24h_w", "W"),
    Feature("power_min_24h_w", "W"),
    Feature("power_max_24h_w", "W"),
    *_CALENDAR,
    *_CYCLES,
    Feature("utc_offset_h", "h"),
)
_SUN: Final = (
    Feature("solar_elevation_deg", "deg"),
    Feature("solar_azimuth_deg", "deg"),
    Feature("clear_sky_ghi_w_m2", "W/m2"),
    Feature("clear_sky_dni_w_m2", "W/m2"),
    Feature("clear_sky_dhi_w_m2", "W/m2"),
    Feature("irradiance_w_m2", "W/m2"),
    Feature("clear_sky_index", "1"),
    Feature("clear_sky_power_index", "1"),
    Feature("air_temperature_c", "Cel"),
)
_WIND: Final = (
    Feature("wind_speed_m_s", "m/s"),
    Feature("hub_wind_speed_m_s", "m/s"),
    Feature("air_temperature_c", "Cel"),
    Feature("air_density_kg_m3", "kg/m3"),
    Feature("wind_power_density_w_m2", "W/m2"),
)

DEMAND: Final = FeatureGroup(
    name="demand",
    version=1,
    family="demand",
    kinds=("home_load", "household", "demand"),
    width_s=3_600,
    horizons_s=(3_600, 24 * 3_600),
    features=(
        *S3_FEATURES,
        *_CYCLES,
        Feature("utc_offset_h", "h"),
        Feature("demand_latest", "MW.h"),
        Feature("demand_ramp_1h", "MW.h"),
        Feature("demand_mean_3h", "MW.h"),
        Feature("demand_hours_24h", "1", "int"),
    ),
)
PV: Final = FeatureGroup("pv", 1, "pv", ("pv", "home_pv"), (0, 6 * 3_600), (*_POWER, *_SUN))
WIND: Final = FeatureGroup("wind", 1, "wind", ("wind",), (0, 6 * 3_600), (*_POWER, *_WIND))
POWER: Final = FeatureGroup("power", 1, "power", ("home_net", "storage"), (0, 6 * 3_600), _POWER)
WEATHER: Final = FeatureGroup(
    name="weather",
    version=1,
    family="weather",
    kinds=("weather",),
    horizons_s=(0,),
    features=(
        Feature("value_latest", "1"),
        Feature("value_lag_24h", "1"),
        Feature("value_mean_3h", "1"),
        Feature("value_mean_24h", "1"),
        Feature("value_std_24h", "1"),
        Feature("value_min_24h", "1"),
        Feature("value_max_24h", "1"),
        Feature("value_change_per_h", "1/h"),
        *_CYCLES,
    ),
)
"""Values are in the unit of the series."""
GROUPS: Final = (DEMAND, PV, WIND, POWER, WEATHER)


def with_demand_as(
    name: str = "", version: int = 0, keys: tuple[str, ...] = (), event_time: str = ""
) -> tuple[FeatureGroup, ...]:
    """The groups, the demand group under the names that S1's ``FEATURE_GROUP_*`` variables ask for.

    Raises:
        ValueError: Other than three keys.
    """
    if keys and len(keys) != 3:
        raise ValueError("a feature group has three keys: region, series, horizon")
    region, series, horizon = keys or DEMAND.keys
    demand = replace(
        DEMAND,
        name=name or DEMAND.name,
        version=version or DEMAND.version,
        keys=(region, series, horizon),
        event_time=event_time or DEMAND.event_time,
    )
    return (demand, *(g for g in GROUPS if g is not DEMAND))
