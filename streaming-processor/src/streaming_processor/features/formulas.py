"""The formulas of every group. Sources and units: docs/feature-store.md."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from streaming_processor.arrays import Floats
from streaming_processor.features import air, past, sun
from streaming_processor.features.calendar import LocalTime, is_holiday, local_time
from streaming_processor.features.groups import Family
from streaming_processor.features.inputs import Columns, Formulas, Inputs
from streaming_processor.features.sync import align

_MILLIWATT_HOURS_PER_MWH: Final = 1e9
_HOUR_S: Final = 3_600
_STANDARD_ATMOSPHERE: Final = ("", "standard_atmosphere")


def demand(inputs: Inputs) -> Columns:
    """The 20 features of S3, and what is appended to them. Energy of an hour in MWh."""
    columns = Columns()
    _calendar(inputs, columns, holidays=True)
    _ages(inputs, columns)
    own, issue_s, values = inputs.own, inputs.issue_s, columns.values
    _lags(inputs, columns, {"demand_lag_1h": 1, "demand_lag_24h": 24, "demand_lag_168h": 168}, _MILLIWATT_HOURS_PER_MWH)
    day, three = past.sliding(own, issue_s, past.DAY_S), past.sliding(own, issue_s, 3 * _HOUR_S)
    values["demand_rolling_mean_24h"] = day.mean / _MILLIWATT_HOURS_PER_MWH
    values["demand_rolling_std_24h"] = day.std / _MILLIWATT_HOURS_PER_MWH
    values["demand_mean_3h"] = three.mean / _MILLIWATT_HOURS_PER_MWH
    values["demand_hours_24h"] = day.count.astype(float)
    values["demand_latest"] = _latest(inputs) / _MILLIWATT_HOURS_PER_MWH
    values["demand_ramp_1h"] = past.ramp_milli_per_s(own, issue_s) * _HOUR_S / _MILLIWATT_HOURS_PER_MWH
    temperature, humidity = inputs.value("air_temperature"), inputs.value("relative_humidity")
    values["temperature"] = temperature
    values["humidity"] = humidity
    values["wind_speed"] = inputs.value("wind_speed")
    values["apparent_temperature"] = air.apparent_temperature_c(temperature, humidity, values["wind_speed"])
    values["cloud_cover"] = inputs.value("cloud_cover")
    values["solar_radiation"] = inputs.value("irradiance")
    values["precipitation"] = _amount(inputs, "precipitation")
    values["temp_squared"] = temperature * temperature
    values["cooling_degree_hours"] = air.cooling_degree_hours(temperature)
    values["heating_degree_hours"] = air.heating_degree_hours(temperature)
    return columns


def power(inputs: Inputs) -> Columns:
    """Lags, rolling and sliding figures, ramps and the calendar of a power series, in W."""
    columns = Columns()
    _calendar(inputs, columns, holidays=True)
    _ages(inputs, columns)
    own, issue_s, values = inputs.own, inputs.issue_s, columns.values
    _lags(inputs, columns, {"power_lag_1h_w": 1, "power_lag_24h_w": 24, "power_lag_168h_w": 168}, 1_000)
    spans = {hours: past.sliding(own, issue_s, hours * _HOUR_S) for hours in (1, 3, 24)}
    for hours, span in spans.items():
        values[f"power_mean_{hours}h_w"] = span.mean / 1_000
        values[f"power_std_{hours}h_w"] = span.std / 1_000
    values["power_min_24h_w"] = spans[24].low / 1_000
    values["power_max_24h_w"] = spans[24].high / 1_000
    values["power_latest_w"] = _latest(inputs) / 1_000
    values["power_ramp_w_per_min"] = past.ramp_milli_per_s(own, issue_s) * 60 / 1_000
    return columns


def pv(inputs: Inputs) -> Columns:
    """Power, the clear sky over the target period, and how clear the sky was last."""
    columns = power(inputs)
    entity, values = inputs.entity, columns.values
    place = (entity.latitude, entity.longitude)
    over = sun.sky(*place, inputs.target_s, entity.lane.width_s)
    values["solar_elevation_deg"] = over.elevation_deg
    values["solar_azimuth_deg"] = over.azimuth_deg
    values["clear_sky_ghi_w_m2"] = over.ghi_w_m2
    values["clear_sky_dni_w_m2"] = over.dni_w_m2
    values["clear_sky_dhi_w_m2"] = over.dhi_w_m2
    values["irradiance_w_m2"] = inputs.value("irradiance")
    values["air_temperature_c"] = inputs.value("air_temperature")
    values["clear_sky_index"] = _clear_sky_index(inputs)
    before = sun.sky(*place, inputs.issue_s - entity.lane.width_s, entity.lane.width_s).ghi_w_m2
    relative = (
        values["power_latest_w"] / entity.capacity_w * 1_000 if entity.capacity_w else np.full(before.shape, np.nan)
    )
    fresh = np.where(columns.ages_s["own"] == 0, relative, np.nan)
    index, known = sun.clear_sky_index(fresh, before)
    values["clear_sky_power_index"] = np.where(known, index, np.nan)
    return columns


def wind(inputs: Inputs) -> Columns:
    """Power and the air that drives it."""
    columns = power(inputs)
    values, entity = columns.values, inputs.entity
    speed, temperature = inputs.value("wind_speed"), inputs.value("air_temperature")
    pressure = inputs.value("air_pressure")
    assumed = np.isnan(pressure) & ~np.isnan(temperature)
    filled = np.where(assumed, sun.standard_pressure_pa(entity.latitude, entity.longitude), pressure)
    density = air.density_kg_m3(temperature, filled, inputs.value("relative_humidity"))
    values["wind_speed_m_s"] = speed
    # The catalog does not say at which height wind is measured, or where the hub is.
    values["hub_wind_speed_m_s"] = np.full(speed.shape, np.nan)
    values["air_temperature_c"] = temperature
    values["air_density_kg_m3"] = density
    values["wind_power_density_w_m2"] = np.round(0.5 * density * (speed * speed * speed), 3)
    columns.rules["air_density_kg_m3"] = (assumed.astype(np.int64), _STANDARD_ATMOSPHERE)
    columns.rules["wind_power_density_w_m2"] = ((assumed & ~np.isnan(speed)).astype(np.int64), _STANDARD_ATMOSPHERE)
    return columns


def weather(inputs: Inputs) -> Columns:
    """Recent figures of a weather series in its own unit, and the calendar as angles."""
    columns = Columns()
    _calendar(inputs, columns, holidays=False)
    _ages(inputs, columns)
    own, issue_s, values = inputs.own, inputs.issue_s, columns.values
    _lags(inputs, columns, {"value_lag_24h": 24}, 1_000)
    day, three = past.sliding(own, issue_s, past.DAY_S), past.sliding(own, issue_s, 3 * _HOUR_S)
    values["value_latest"] = _latest(inputs) / 1_000
    values["value_mean_3h"] = three.mean / 1_000
    values["value_mean_24h"] = day.mean / 1_000
    values["value_std_24h"] = day.std / 1_000
    values["value_min_24h"] = day.low / 1_000
    values["value_max_24h"] = day.high / 1_000
    values["value_change_per_h"] = past.ramp_milli_per_s(own, issue_s) * _HOUR_S / 1_000
    return columns


FAMILIES: Final[Mapping[Family, Formulas]] = {
    "demand": demand,
    "power": power,
    "pv": pv,
    "wind": wind,
    "weather": weather,
}


def _calendar(inputs: Inputs, columns: Columns, *, holidays: bool) -> None:
    """Of the start of the target period, on the wall clock of the site."""
    entity, targets = inputs.entity, inputs.target_s.tolist()
    moments = [local_time(entity.timezone, target) for target in targets]
    for i, name in enumerate(LocalTime._fields):
        columns.values[name] = np.array([m[i] for m in moments], float)
    if holidays:
        flags = [is_holiday(entity.region_id, entity.timezone, target) for target in targets]
        columns.values["is_holiday"] = np.array([np.nan if f is None else float(f) for f in flags], float)


def _ages(inputs: Inputs, columns: Columns) -> None:
    _, known, age = inputs.own.last_before(inputs.issue_s, inputs.entity.group.freshness_s)
    columns.ages_s["own"] = np.where(known, age, -1)
    oldest = np.full(inputs.issue_s.shape, -1, np.int64)
    for aligned in inputs.weather.values():
        oldest = np.maximum(oldest, aligned.age_s)
    columns.ages_s["weather"] = oldest


def _latest(inputs: Inputs) -> Floats:
    """The newest window that had ended at issue and is fresh enough, in thousandths."""
    index, known, _ = inputs.own.last_before(inputs.issue_s, inputs.entity.group.freshness_s)
    return np.where(known, inputs.own.take(inputs.own.milli, index), np.nan)


def _lags(inputs: Inputs, columns: Columns, hours: Mapping[str, int], divisor: float) -> None:
    for name, back in hours.items():
        found = past.lag(inputs.own, inputs.issue_s, back * _HOUR_S, inputs.horizon_s)
        columns.values[name] = np.where(found.known, found.milli / divisor, np.nan)
        columns.rules[name] = (np.where(found.known, found.rule, 0), past.IMPUTED)


def _amount(inputs: Inputs, quantity: str) -> Floats:
    """What fell in a window: a mean of amounts times their number. A forecast says the amount of its hour."""
    fresh_s = inputs.entity.group.freshness_s
    amount = align(None, inputs.outlooks.get(quantity), inputs.target_s, inputs.issue_s, fresh_s).value
    track = inputs.weather_track(quantity)
    if track is None:
        return amount
    index, known, _ = track.last_before(inputs.issue_s, fresh_s)
    measured = np.where(known, track.take(track.milli, index) * track.take(track.count, index) / 1_000, np.nan)
    return np.where(np.isnan(amount), measured, amount)


def _clear_sky_index(inputs: Inputs) -> Floats:
    """Of the newest irradiance: over the clear sky of its own period, not of the target's."""
    track = inputs.weather_track("irradiance")
    measured = inputs.weather.get("irradiance")
    if track is None or measured is None:
        return np.full(inputs.issue_s.shape, np.nan)
    start_s = inputs.issue_s - np.maximum(measured.age_s, 0) - track.width_s
    clear = sun.sky(inputs.entity.latitude, inputs.entity.longitude, start_s, track.width_s).ghi_w_m2
    index, known = sun.clear_sky_index(measured.value, clear)
    return np.where(known, index, np.nan)
