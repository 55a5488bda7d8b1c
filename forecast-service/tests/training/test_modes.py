"""Learning on from the champion and looking for better options: both end at the same gate."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from histories import START, a_history
from memory import KEY, FolderRegistry, MemoryHistory, trusted

from forecast_service.inference.events import ModelEvent
from forecast_service.inference.registry import DECISION_TAG
from forecast_service.model.artifact import load_model
from forecast_service.ports import SeriesHistory
from forecast_service.training import Desk, TrainingOptions, TrainingReport, TrainingRequest, run_training, train
from forecast_service.training.finetune import windows_after
from forecast_service.training.recipe import Split
from forecast_service.training.sweep import RANGES, inner_split
from gridseal.errors import ConfigError

pytestmark = pytest.mark.timeout(400)
"""The first optimizer of a process imports half of PyTorch: a minute where nothing may be compiled ahead."""

DAY = 86_400
QUICK = TrainingOptions(fit_steps=24, tune_steps=12, batch=16, max_seconds=1e6, min_days=14, nets=1, trees=0)
FIRST, LATER = START + timedelta(days=45), START + timedelta(days=60)


@pytest.fixture(scope="module")
def homes() -> list[SeriesHistory]:
    return [a_history("home_load", seed=k, name=f"load-{k}") for k in range(2)]


def run(registry: FolderRegistry, homes: list[SeriesHistory], request: TrainingRequest, desk: Desk) -> TrainingReport:
    return run_training(MemoryHistory(homes), [h.series for h in homes], LATER, registry, desk, request, QUICK)


def test_a_fine_tuning_starts_from_the_champion_and_is_judged_on_what_the_champion_never_saw(
    homes: list[SeriesHistory], tmp_path: Path
) -> None:
    registry, events = FolderRegistry(tmp_path), list[ModelEvent]()
    desk = Desk(KEY, trusted, journal=events.append, cause="drift", reason="drift share 0.4")
    train(MemoryHistory(homes), [h.series for h in homes], FIRST, registry, QUICK, desk)
    assert registry.serving is not None
    stranger = a_history("home_load", seed=9, name="load-9", site="home-09")

    report = run(registry, [*homes, stranger], TrainingRequest(mode="finetune"), desk)

    record = registry.records[-1]
    assert record.params["mode"] == "finetune"
    assert str(record.params["test_from"]) > FIRST.strftime("%Y-%m-%dT%H")
    assert (record.tags["cause"], record.tags["reason"]) == ("drift", "drift share 0.4")
    assert "gate.json" in record.texts
    assert report.version == "2"
    before, after = (load_model(tmp_path / name, keys=trusted()) for name in ("1", "2"))
    assert after.series["home-09/load-9"].identity == after.shape.identities
    assert after.series["home-01/load-0"].scale == before.series["home-01/load-0"].scale
    apart = [
        float((a - b).detach().abs().max())
        for a, b in zip(before.net.parameters(), after.net.parameters(), strict=True)
    ]
    assert 0 < max(apart) < 0.2
    assert registry.versions[1].tags[DECISION_TAG].startswith(("accepted", "refused"))
    assert {event.version for event in events} == {"1", "2"}


def test_without_a_champion_there_is_nothing_to_fine_tune(homes: list[SeriesHistory], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="train in full first"):
        run(FolderRegistry(tmp_path), homes, TrainingRequest(mode="finetune"), Desk())


def test_a_sweep_tries_options_on_days_that_judge_nothing(homes: list[SeriesHistory], tmp_path: Path) -> None:
    registry = FolderRegistry(tmp_path)

    run(registry, homes, TrainingRequest(mode="sweep", trials=2, options={"batch": 8}), Desk())

    trials, [final] = registry.records[:2], registry.records[2:]
    assert [record.params["trial"] for record in trials] == [0, 1]
    assert trials[0].params["learning_rate"] == QUICK.learning_rate
    assert trials[1].params["learning_rate"] != QUICK.learning_rate
    best = min(trials, key=lambda record: record.metrics["blend_rcrps"])
    assert {name: final.params[f"option_{name}"] for name in RANGES} == {name: best.params[name] for name in RANGES}
    assert final.params["option_batch"] == 8
    assert final.params["mode"] == "sweep"


def test_the_names_of_the_tabular_trainings_are_kept(homes: list[SeriesHistory], tmp_path: Path) -> None:
    registry = FolderRegistry(tmp_path)

    run(registry, homes, TrainingRequest(), Desk())

    [record] = registry.records
    assert {"mae", "rmse", "r2", "mape"} <= set(record.metrics)
    named = {"train_size", "test_size", "features", "train_start", "train_end", "test_start", "test_end"}
    assert named <= set(record.params)
    assert "environment_torch" in record.params
    assert all(np.isfinite(value) for value in record.metrics.values())


def test_the_split_of_a_sweep_ends_where_calibration_begins() -> None:
    split = Split(0, 60 * DAY, 70 * DAY, 75 * DAY)

    inner = inner_split(split)

    assert inner.end == split.fit_end
    assert split.start < inner.fit_end < inner.test_start < inner.end


def test_new_days_are_shared_between_learning_and_judging(homes: list[SeriesHistory], tmp_path: Path) -> None:
    registry = FolderRegistry(tmp_path)
    train(MemoryHistory(homes), [h.series for h in homes], FIRST, registry, replace(QUICK, fit_steps=2, tune_steps=1))
    model = load_model(tmp_path / "1")
    seen = int(FIRST.timestamp())

    _, fit_end, test_start, end = windows_after(model, seen + 20 * DAY)

    assert seen < fit_end < test_start < end == seen + 20 * DAY
    assert (end - test_start) / (end - seen) > 0.6
    with pytest.raises(ConfigError, match="no new data"):
        windows_after(model, seen + 3_600)
