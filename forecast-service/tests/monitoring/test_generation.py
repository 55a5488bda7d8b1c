"""PV and wind: the turn of the year, a cloudy month and a calm one are no drift; half a plant that is gone is."""

from dataclasses import replace

import numpy as np
import pytest

from forecast_service.monitoring.drift import FeatureTable, worst
from forecast_service.monitoring.generation import (
    PV,
    WIND,
    dataset_of,
    generation_table,
    judge_generation,
    names_of,
)
from forecast_service.physics.sky import clear_sky_share
from forecast_service.ports import Floats, SeriesHistory
from gridseal.wire.catalog import Series, SeriesInput, Site

DAY_S, START_S = 86_400, 1_704_067_200  # 2024-01-01
SITE = Site(
    tenant_id="t", site_id="farm", name="n", region_id="de", timezone="Europe/Berlin", latitude=50, longitude=9,
)  # fmt: skip
SITES = {"farm": SITE}


def a_series(kind: str = "pv", **given: object) -> Series:
    name = kind.replace("_", "-")
    fields = {
        "tenant_id": "t", "series_id": f"farm/{name}", "site_id": "farm", "name": "n", "kind": kind, "unit": "W",
        "resolution_s": 3_600, "issue_every_s": 3_600, "direction": "into_grid", "capacity_w": 5_000,
        "inputs": (SeriesInput(device_id="d", quantity="active_power"),),
    }  # fmt: skip
    return Series.model_validate(fields | given)


def red(count: int, keep: float, rng: np.random.Generator) -> Floats:
    """A first-order process with deviation 1."""
    noise, out, value = rng.normal(size=count) * np.sqrt(1 - keep**2), np.empty(count), 0.0
    for i in range(count):
        value = keep * value + noise[i]
        out[i] = value
    return out


def sun(days: int, seed: int = 1) -> SeriesHistory:
    """Clouds that change from day to day, and more of them in winter, under the sun of the place."""
    rng, hours = np.random.default_rng(seed), np.arange(days * 24)
    share = clear_sky_share(SITE.latitude, SITE.longitude, START_S, 3_600, days * 24)
    season = 0.62 - 0.05 * np.cos(hours / 24 / 365.25 * 2 * np.pi)
    clear = np.clip(season + 0.18 * np.repeat(red(days, 0.4, rng), 24) + 0.05 * rng.normal(size=len(hours)), 0.05, 1)
    return SeriesHistory(a_series(), START_S, share * clear * 5_000)


def wind(days: int, seed: int = 1) -> SeriesHistory:
    """Weather that lasts for days, stronger in winter."""
    rng, hours = np.random.default_rng(seed), np.arange(days * 24)
    season = 0.3 + 0.1 * np.cos(hours / 24 / 365.25 * 2 * np.pi)
    share = np.clip(season * np.exp(0.7 * red(len(hours), 0.97, rng)), 0, 1)
    return SeriesHistory(a_series("wind"), START_S, share * 5_000)


def share_of(dataset: str, history: SeriesHistory, day: int) -> float | None:
    """``drift_share`` of the 28 days before a day."""
    table = generation_table(dataset, [history], SITES)
    end = START_S + day * DAY_S
    found = judge_generation(table.where(table.times_s < end), end - 28 * DAY_S, end - 28 * DAY_S, 0.3)
    return None if found is None else found.report.share


def changed(history: SeriesHistory, from_day: int, factor: float) -> SeriesHistory:
    values = history.values.copy()
    values[from_day * 24 :] *= factor
    return replace(history, values=values)


@pytest.mark.parametrize(("dataset", "most"), [(PV, 0.03), (WIND, 0.05)])
def test_the_seasons_are_no_drift(dataset: str, most: float) -> None:
    judged = []
    for seed in (1, 2, 3):
        history = (sun if dataset == PV else wind)(760, seed)
        shares = [share_of(dataset, history, day) for day in range(90, 760, 28)]
        judged += [share for share in shares if share is not None]

    assert len(judged) >= 60
    assert np.mean([share > 0.3 for share in judged]) <= most


@pytest.mark.parametrize(("dataset", "least"), [(PV, 1.0), (WIND, 0.7)])
def test_half_a_plant_that_is_gone_is_drift(dataset: str, least: float) -> None:
    found = []
    for seed in range(4):
        history = (sun if dataset == PV else wind)(600, seed)
        found += [share_of(dataset, changed(history, day - 28, 0.5), day) for day in range(430, 600, 40)]

    assert np.mean([share is not None and share > 0.3 for share in found]) >= least


def test_shade_in_the_afternoon_shows_in_the_afternoon() -> None:
    history = sun(450)
    solar = (np.arange(450 * 24) + 0.5 + SITE.longitude / 15) % 24
    shaded = replace(
        history, values=np.where((np.arange(450 * 24) >= 422 * 24) & (solar > 13), 0.3, 1) * history.values
    )
    table, end = generation_table(PV, [shaded], SITES), START_S + 450 * DAY_S

    found = judge_generation(table, end - 28 * DAY_S, end - 28 * DAY_S, 0.3)

    assert found is not None
    assert {name for name, f in found.report.features.items() if f.drifted} >= {"clear_sky_index_afternoon"}
    assert not found.report.features["clear_sky_index_morning"].drifted


@pytest.mark.parametrize("dataset", [PV, WIND])
def test_the_same_data_has_not_drifted(dataset: str) -> None:
    history = (sun if dataset == PV else wind)(28)
    twice = replace(history, values=np.concatenate([history.values, history.values]))
    table = generation_table(dataset, [twice], SITES)
    first = table.where(table.times_s < START_S + 28 * DAY_S)
    again = FeatureTable(first.names, first.respondents, first.times_s + 28 * DAY_S, first.values)
    both = FeatureTable(
        first.names, np.concatenate([first.respondents] * 2), np.concatenate([first.times_s, again.times_s]),
        np.concatenate([first.values] * 2),
    )  # fmt: skip

    found = judge_generation(both, START_S + 28 * DAY_S, START_S + 28 * DAY_S, 0.3)

    assert found is not None
    assert (found.report.share, found.report.n_total) == (0.0, 4)


def test_without_this_season_in_the_past_nothing_is_judged() -> None:
    history = wind(300)
    table = generation_table(WIND, [history], SITES)
    end = START_S + 300 * DAY_S

    assert judge_generation(table, end - 28 * DAY_S, START_S + 60 * DAY_S, 0.3) is None
    assert judge_generation(table, end, end, 0.3) is None


def test_quarter_hours_count_as_hours_and_what_has_no_place_or_size_is_left_out() -> None:
    hourly = sun(5)
    fine = SeriesHistory(a_series(resolution_s=900), START_S, np.repeat(hourly.values, 4))
    late = replace(fine, start_s=START_S + 900, values=fine.values[1:])
    nowhere = replace(hourly, series=a_series(site_id="elsewhere"))
    dead = replace(hourly, series=a_series(capacity_w=None), values=np.zeros(120))

    whole, same = (generation_table(PV, [one], SITES) for one in (hourly, fine))

    np.testing.assert_allclose(whole.values, same.values)
    assert generation_table(PV, [late], SITES).times_s.min() >= START_S + 3_600
    assert len(generation_table(PV, [nowhere, dead], SITES)) == 0
    assert whole.names == names_of(PV)


def test_what_belongs_where() -> None:
    assert dataset_of(a_series("home_pv")) == PV
    assert dataset_of(a_series("wind")) == WIND
    assert dataset_of(a_series("home_load", direction="from_grid")) is None
    table, end = generation_table(PV, [sun(90)], SITES), START_S + 90 * DAY_S
    report = judge_generation(table, end - 28 * DAY_S, end - 28 * DAY_S, 0.3)
    assert report is not None
    assert worst({"demand": report.report, "pv": report.report}) == "demand"
