"""Every data set agrees with the sun above its site, or with the site's weather, in both DST seasons."""

import numpy as np
import pandas as pd
import pytest

from edge_agent.datasets.tracks import Track
from edge_agent.fleet import HOMES, TURBINES

from .sun import best_lag_minutes, jump_minutes, minutes_from_noon, quantity

FONTANA = (34.09, -117.43)
GOLDEN = (39.74, -105.17)
WINTER, SUMMER = {12, 1, 2}, {6, 7, 8}
DEAD_PV = 15
"""Home 15 gives nothing on 266 days: too little sun to tell the time by."""


@pytest.mark.parametrize("season", [WINTER, SUMMER], ids=["winter", "summer"])
@pytest.mark.parametrize("turbine", TURBINES)
def test_the_turbines_feel_the_wind_when_the_reanalysis_has_it(
    tracks: dict[str, Track], turbine: str, season: set[int]
) -> None:
    wind = quantity(tracks[f"lhb-{turbine}"], "wind_speed")
    reanalysis = quantity(tracks["lhb-weather"], "wind_speed")

    assert abs(best_lag_minutes(wind, reanalysis, season)) < 30


@pytest.mark.parametrize("season", [WINTER, SUMMER], ids=["winter", "summer"])
def test_the_plant_meter_counts_what_the_turbines_make(tracks: dict[str, Track], season: set[int]) -> None:
    farm_kwh = sum(quantity(tracks[f"lhb-{turbine}"], "active_power") for turbine in TURBINES) / 6
    meter = quantity(tracks["lhb-plant"], "active_energy_export")
    meter = meter[meter.index.month.isin(list(season))]

    scores = {steps: meter.corr(farm_kwh.shift(steps)) for steps in (-12, -6, -1, 0, 1, 6, 12)}

    assert max(scores, key=lambda steps: scores[steps]) == 0
    assert scores[0] > 0.999


def test_no_turbine_has_a_hole_or_a_double_stamp(tracks: dict[str, Track]) -> None:
    for turbine in TURBINES:
        assert set(np.diff(tracks[f"lhb-{turbine}"].starts_s)) == {600}


def test_the_doubled_spring_hour_is_dealt_the_same_way_at_all_turbines(tracks: dict[str, Track]) -> None:
    """Each turbine is dealt by itself; that its neighbors agree is the check. The wind fell that night."""
    for turbine in TURBINES:
        power = quantity(tracks[f"lhb-{turbine}"], "active_power")
        earlier, later = power["2014-03-30 02:00":"2014-03-30 02:50"], power["2014-03-30 03:00":"2014-03-30 03:50"]

        assert (len(earlier), len(later)) == (6, 6)
        assert earlier.iloc[1:].min() > later.iloc[1:].max() or earlier.mean() > later.mean() + 60


@pytest.mark.parametrize("change", ["2016-11-06", "2017-03-12"])
def test_the_homes_make_power_by_the_sun_not_by_the_wall_clock(tracks: dict[str, Track], change: str) -> None:
    jumps = []
    for number in HOMES:
        if number != DEAD_PV:
            power = quantity(tracks[f"home-{number:02d}-pv"], "active_power")
            jumps.append(jump_minutes(minutes_from_noon(power, 3_600, *FONTANA), change))

    # Homes 11, 16 and 17 had part of their PV out around March 2017, which bends their days.
    assert abs(float(np.median(jumps))) < 10
    assert sum(abs(jump) < 25 for jump in jumps) >= len(jumps) - 3


def test_the_homes_that_face_south_have_their_noon_at_noon(tracks: dict[str, Track]) -> None:
    middles = {
        number: minutes_from_noon(quantity(tracks[f"home-{number:02d}-pv"], "active_power"), 3_600, *FONTANA)
        for number in HOMES
    }

    for number in (1, 7, 8, 12):
        for season in (WINTER, SUMMER):
            days = middles[number][middles[number].index.month.isin(list(season))]
            assert abs(days.median()) < 30
    assert all(abs(days.median()) < 65 for days in middles.values())


def test_the_roof_in_golden_follows_the_sun_across_every_clock_change(tracks: dict[str, Track]) -> None:
    middles = minutes_from_noon(quantity(tracks["nrel-pv-ac"], "active_power"), 900, *GOLDEN)

    for change in ("2011-11-06", "2012-03-11", "2012-11-04", "2013-03-10", "2013-11-03"):
        assert abs(jump_minutes(middles, change)) < 20
    # It faces somewhat east: early all year, most in summer, when the sun rises in the north-east.
    for season in (WINTER, SUMMER):
        assert -60 < middles[middles.index.month.isin(list(season))].median() < 0


def test_the_irradiance_in_golden_has_its_noon_at_noon(tracks: dict[str, Track]) -> None:
    middles = minutes_from_noon(quantity(tracks["nrel-pv-weather"], "irradiance"), 1_800, *GOLDEN)

    for season in (WINTER, SUMMER):
        assert abs(middles[middles.index.month.isin(list(season))].median()) < 30


@pytest.mark.parametrize("change", ["2020-10-25", "2021-03-28", "2021-10-31", "2022-03-27", "2022-10-30"])
def test_the_household_lives_by_the_british_wall_clock(tracks: dict[str, Track], change: str) -> None:
    """Against UTC its day moves by one hour at each change: earlier in spring, later in autumn."""
    load = quantity(tracks["uk-household-meter"], "active_energy_import")
    moment, month = pd.Timestamp(change, tz="UTC"), pd.Timedelta(days=28)
    before, after = (
        piece.groupby(piece.index.hour).mean().reindex(range(24)).to_numpy()
        for piece in (load[moment - month : moment], load[moment + pd.Timedelta(days=1) : moment + month])
    )

    scores = {hours: np.corrcoef(before, np.roll(after, -hours))[0, 1] for hours in (-2, -1, 0, 1, 2)}

    assert max(scores, key=lambda hours: scores[hours]) == (-1 if moment.month == 3 else 1)


def test_the_households_weather_is_warmest_in_the_early_afternoon_all_year(tracks: dict[str, Track]) -> None:
    temperature = quantity(tracks["uk-household-weather"], "air_temperature")

    for month in range(1, 13):
        part = temperature[temperature.index.month == month]
        day = part.groupby(part.index.hour).mean().to_numpy()
        warmest = (-np.angle(np.sum(day * np.exp(-2j * np.pi * np.arange(24) / 24))) * 24 / (2 * np.pi)) % 24
        assert 13.5 < warmest < 16
