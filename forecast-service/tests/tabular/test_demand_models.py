"""Demand models: no rows from the future, no pickle, the same numbers after a journey."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

sys.path.insert(0, str(Path(__file__).parents[1] / "model"))

from memory import KEY, FolderRegistry, trusted

from forecast_service.model.sealed import ArtifactRefusedError
from forecast_service.tabular.artifact import SavedModel, load_demand_model, save_demand_model
from forecast_service.tabular.figures import figures, permutation_importance
from forecast_service.tabular.fit import FITS, forest_of
from forecast_service.tabular.models import Family
from forecast_service.tabular.serving import DemandChampion
from forecast_service.tabular.table import FEATURES, HOLDOUT_HOURS, DemandTable, split, table_of
from forecast_service.tabular.train import DemandOptions, train_demand
from gridseal.errors import UnavailableError

START = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = 2_000
FAMILIES: tuple[Family, ...] = ("lightgbm", "random_forest", "linear")


def a_table(hours: int = HOURS, noise: float = 0.2, seed: int = 0) -> DemandTable:
    """Demand follows temperature, the hour and last week; the other columns are noise."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(hours, len(FEATURES)))
    at = {name: k for k, name in enumerate(FEATURES)}
    hour = np.arange(hours) % 24
    features[:, at["hour_of_day"]] = hour
    demand = 20 + 3 * np.sin(hour / 24 * 2 * np.pi) + 2 * features[:, at["temperature"]] + rng.normal(0, noise, hours)
    features[:, at["demand_lag_168h"]] = np.roll(demand, 168)
    times = [START + timedelta(hours=k) for k in range(hours)]
    return table_of("NY", times, features, demand)


@pytest.fixture
def registry(tmp_path: Path) -> FolderRegistry:
    return FolderRegistry(tmp_path)


def train(registry: FolderRegistry, table: DemandTable, **options: object) -> object:
    chosen = DemandOptions(families=("lightgbm",), **options)  # type: ignore[arg-type]
    return train_demand(table, registry, KEY, trusted(), {"git_commit": "abc"}, chosen)


def test_rows_with_gaps_are_left_out_and_columns_nobody_knows_are_named() -> None:
    features = np.ones((4, len(FEATURES)))
    features[:, 4] = np.nan
    features[1, 0] = np.nan
    times = [START + timedelta(hours=k) for k in range(4)]

    table = table_of("NY", times, features, np.array([1.0, 2.0, np.nan, 4.0]))

    assert table.times == (times[0], times[3])
    assert table.unknown == ("cloud_cover",)
    assert np.isfinite(table.features).all()


def test_the_last_four_weeks_judge_and_nothing_is_shuffled() -> None:
    parts = split(a_table(5_000))

    assert len(parts.test) == len(parts.validation) == HOLDOUT_HOURS
    assert parts.train.times[-1] < parts.validation.times[0] < parts.validation.times[-1] < parts.test.times[0]


def test_a_forest_of_arrays_answers_as_the_library_does() -> None:
    table = a_table(600)
    forest = RandomForestRegressor(n_estimators=12, random_state=1, n_jobs=1).fit(table.features, table.demand_mwh)

    ours = forest_of(forest).predict(table.features)

    assert np.allclose(ours, forest.predict(table.features), rtol=1e-12)
    assert len(np.unique(ours)) > 400


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_is_the_same_after_a_journey(family: Family, tmp_path: Path) -> None:
    parts = split(a_table(1_200))
    model = FITS[family](parts, 0).model
    digest = save_demand_model(SavedModel(model, "NY"), tmp_path, KEY, {})

    again = load_demand_model(tmp_path, digest, trusted())

    assert again.model.family == family
    assert np.array_equal(again.model.predict(parts.test.features), model.predict(parts.test.features))
    assert figures(parts.test.demand_mwh, model.predict(parts.test.features)).r2 > 0.8


@pytest.mark.parametrize("family", FAMILIES)
def test_a_changed_byte_is_refused(family: Family, tmp_path: Path) -> None:
    digest = save_demand_model(SavedModel(FITS[family](split(a_table(1_200)), 0).model, "NY"), tmp_path, KEY, {})
    for path in sorted(tmp_path.iterdir()):
        content = path.read_bytes()
        path.write_bytes(content[:-9] + bytes([content[-9] ^ 4]) + content[-8:])
        with pytest.raises(ArtifactRefusedError):
            load_demand_model(tmp_path, digest, trusted())
        path.write_bytes(content)
    load_demand_model(tmp_path, digest, trusted())


def test_figures_are_those_of_the_textbook() -> None:
    one = figures(np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 2.0]))

    assert (one.mae, one.rmse) == (1.0, pytest.approx((5 / 3) ** 0.5))
    assert one.r2 == pytest.approx(1 - 5 / (14 / 3))
    assert one.mape == pytest.approx(100 * (0 + 0.5 + 0.5) / 3)


def test_importance_finds_the_columns_that_matter() -> None:
    table = a_table()
    model = FITS["lightgbm"](split(table), 0).model

    found = permutation_importance(model.predict, table.part(0, 500))

    assert {one.feature for one in found[:2]} == {"temperature", "hour_of_day"}
    assert len(found) == 20
    assert found[0].importance > 1 > found[2].importance


def test_the_first_model_serves_a_worse_one_does_not_and_a_better_one_does(registry: FolderRegistry) -> None:
    noisy = a_table(noise=2.0)
    first, same, better = (train(registry, t) for t in (noisy, noisy, a_table(noise=2.0, hours=4_000)))

    assert [r.promoted for r in (first, same)] == [True, False]  # type: ignore[attr-defined]
    assert better.figures["champion"].mae > better.figures["lightgbm"].mae  # type: ignore[attr-defined]
    assert registry.serving is not None
    assert registry.serving.version == "3"
    record = registry.records[0]
    assert {"mae", "rmse", "r2", "mape"} <= record.metrics.keys()
    assert {"train_size", "test_size", "features", "train_start", "test_end", "num_leaves"} <= record.params.keys()
    assert record.texts["feature_importance.csv"].startswith("feature,importance,std\n")


def test_too_few_rows_train_nothing(registry: FolderRegistry) -> None:
    report = train(registry, a_table(999))

    assert "999 complete hours" in report.sentence  # type: ignore[attr-defined]
    assert not registry.versions


def test_a_model_that_waits_for_a_person_does_not_serve(registry: FolderRegistry) -> None:
    train(registry, a_table(), approve=False)

    assert registry.serving is None
    assert registry.aliases["staging"].version == "1"


async def test_what_serves_stays_until_something_better_can_be_trusted(registry: FolderRegistry) -> None:
    champion = DemandChampion(registry, trusted, 1)
    assert not await champion.reload()
    train(registry, a_table(noise=2.0))
    assert await champion.reload()
    train(registry, a_table(noise=2.0, hours=4_000))
    spoiled = registry.folder / "2" / "trees.txt"
    spoiled.write_bytes(spoiled.read_bytes().replace(b"1", b"2", 1))

    with pytest.raises(ArtifactRefusedError):
        await champion.reload()
    registry.down = True
    with pytest.raises(UnavailableError):
        await champion.reload(again=True)

    assert champion.serving is not None
    assert champion.serving.version == "1"
    assert 10 < champion.serving.predict([0.0] * 20) < 30
