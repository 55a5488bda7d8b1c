"""Meters, sites and regions agree on every path, to the milliwatt, and their quantiles stay good."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast_service.hierarchy.coherent import coherent, coherent_paths
from forecast_service.hierarchy.paths import PATHS, drawn, quantiles_of_paths, ranks_of, reconciled
from forecast_service.hierarchy.storage import Battery, within_energy
from forecast_service.hierarchy.structure import hierarchies
from forecast_service.model.levels import crps
from forecast_service.ports import SeriesHistory

from .builders import LEVELS, SLOT_S, a_fleet, a_sum, forecasts, histories, some_past


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 5), st.integers(0, 2**32 - 1), st.integers(0, 60))
def test_every_path_of_the_region_is_the_sum_of_its_homes_to_the_milliwatt(homes: int, seed: int, days: int) -> None:
    fleet = a_fleet(homes)
    past = some_past(fleet, 30, seed)
    cut = {s: v[len(v) - 24 * days :] if days < 30 else v for s, v in past.items()}
    known = {s.series_id: s for s in fleet}
    (group,) = hierarchies(fleet)
    made = {f.series_id: f for f in forecasts(fleet, past)}

    paths = coherent_paths(
        group, known, {h.series.series_id: h for h in histories(fleet, cut)}, [made[n] for n in group.series_ids],
        LEVELS, SLOT_S, {},
    )  # fmt: skip

    by_id = dict(zip(group.series_ids, paths, strict=True))
    for n in range(1, homes + 1):
        assert (by_id[f"home-{n}/net"] == by_id[f"home-{n}/pv"] - by_id[f"home-{n}/load"]).all()
    assert (by_id["region/net"] == sum(by_id[f"home-{n}/net"] for n in range(1, homes + 1))).all()
    assert (by_id["region/pv"] == sum(by_id[f"home-{n}/pv"] for n in range(1, homes + 1))).all()
    assert min(by_id[f"home-{n}/{part}"].min() for n in range(1, homes + 1) for part in ("pv", "load")) >= 0


def test_quantiles_of_forecasts_that_add_up_already_stay_what_they_are() -> None:
    rng = np.random.default_rng(3)
    skewed = np.exp([NormalDist().inv_cdf(b / 10_000) for b in LEVELS])
    quantiles = 500 * skewed * rng.uniform(0.1, 2, (1, 6, 1))

    paths = drawn(quantiles, LEVELS, ranks_of(rng.normal(size=(1, 40, 6))))

    back = quantiles_of_paths(np.rint(paths * 1_000).astype(np.int64), LEVELS) / 1_000
    assert np.abs(back / quantiles - 1).max() < 0.02


def test_forecasts_that_contradict_each_other_meet_nearer_the_surer_one() -> None:
    fleet = [a_sum("a/load", [("m", -1)], "home_load"), a_sum("a/pv", [("p", 1)]), a_sum("a/net", [("m", 1), ("p", 1)])]
    (group,) = hierarchies(fleet)
    even = np.linspace(-1, 1, PATHS)[None, :, None]
    # load 1000 ± 10, pv 500 ± 100, and a net that says 0 ± 100 where the parts say -500
    paths = np.concatenate([1_000 + 10 * even, 500 + 100 * even, 0 + 100 * even])

    load, pv = reconciled(group, paths).mean(axis=(1, 2))

    assert load == pytest.approx(1_000, abs=5)
    assert pv == pytest.approx(750, abs=5)


def test_the_region_gains_and_no_home_loses_much_on_days_to_come() -> None:
    fleet = a_fleet(4)
    past = some_past(fleet, 80)
    before: dict[str, list[float]] = {}
    after: dict[str, list[float]] = {}
    for day in range(50, 78):
        seen = {s: v[: 24 * day] for s, v in past.items()}
        made = forecasts(fleet, seen)
        better = coherent(fleet, histories(fleet, seen), made, LEVELS, SLOT_S)
        for scores, result in ((before, made), (after, better)):
            for f in result:
                actual = past[f.series_id][24 * day + 1 : 24 * day + 7]
                scores.setdefault(f.series_id, []).append(float(crps(actual, f.values_milli / 1_000, LEVELS).mean()))

    ratio = {name: float(np.mean(after[name]) / np.mean(before[name])) for name in before}
    assert ratio["region/net"] < 1.05
    assert max(ratio.values()) < 1.1


def test_quantiles_never_cross_and_night_stays_night() -> None:
    fleet = a_fleet(3)
    past = some_past(fleet, 40)
    made = forecasts(fleet, past, hours=18)

    better = coherent(fleet, histories(fleet, past), made, LEVELS, SLOT_S)

    assert [f.series_id for f in better] == [f.series_id for f in made]
    assert all((np.diff(f.values_milli, axis=-1) >= 0).all() for f in better)
    night = {f.series_id: f.values_milli for f in made}["region/pv"].max(axis=-1) == 0
    assert night.any()
    assert all((f.values_milli[night] == 0).all() for f in better if f.series_id.endswith("/pv"))


def test_a_series_that_hangs_together_with_nothing_stays_as_it_is() -> None:
    alone = a_sum("x/wind", [("w", 1)])
    past = some_past([alone], 20)
    made = forecasts([alone], past)

    assert coherent([alone], histories([alone], past), made, LEVELS, SLOT_S) == made


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.floats(0, 1), st.floats(100, 20_000), st.sampled_from([None, 500.0, 5_000.0]),
    st.sampled_from([900, 3_600]),
)  # fmt: skip
def test_a_battery_never_gives_more_than_it_holds_nor_takes_more_than_fits(
    seed: int, share: float, capacity: float, rating: float | None, resolution: int
) -> None:
    wished = np.random.default_rng(seed).normal(0, 3_000, (20, 24))

    power = within_energy(wished, Battery(capacity, share * capacity, rating), resolution)

    held = share * capacity - np.cumsum(power, axis=-1) * resolution / 3_600
    assert held.min() >= -1e-6
    assert held.max() <= capacity + 1e-6
    assert rating is None or np.abs(power).max() <= rating
    free = (held > 1e-6) & (held < capacity - 1e-6)
    inside = free & (np.abs(wished) < (rating or np.inf))
    assert np.allclose(power[inside], wished[inside])


def test_a_batterys_forecast_is_bound_by_its_energy() -> None:
    storage = a_sum("home-1/battery", [("home-1-battery", 1)]).model_copy(update={"kind": "storage"})
    past = {"home-1/battery": np.tile(np.repeat([3_000.0, -3_000.0], 12), 40)}
    made = forecasts([storage], past)
    battery = Battery(capacity_wh=5_000, stored_wh=1_500, rating_w=1_000)

    (bound,) = coherent(
        [storage], [SeriesHistory(storage, SLOT_S - 3_600 * 960, past["home-1/battery"])], made, LEVELS, SLOT_S,
        {"home-1/battery": battery},
    )  # fmt: skip

    assert made[0].values_milli[0].tolist() == [3_000_000] * 7
    # What runs at the slot is not forecast: by the first period it may hold 1,000 Wh more.
    assert bound.values_milli[:, 3].tolist() == [1_000_000, 1_000_000, 500_000, 0, 0, 0]
