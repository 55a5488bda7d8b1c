"""A whole training on a little synthetic data: what is looked at, what is judged, what is registered."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from histories import START, a_history
from memory import FolderRegistry, MemoryHistory

from forecast_service.model.artifact import load_model
from forecast_service.model.predict import Members
from forecast_service.ports import SeriesHistory
from forecast_service.training import TrainingOptions, train
from forecast_service.training.corpus import build, data_hash, scales_until
from forecast_service.training.evaluate import SHARES, Holdout, shares
from forecast_service.training.recipe import make_candidate
from forecast_service.training.run import split_of

pytestmark = pytest.mark.timeout(400)
"""The first optimizer of a process imports half of PyTorch: a minute where nothing may be compiled ahead."""

NOW = START + timedelta(days=60)
UNTIL = int(NOW.timestamp())
QUICK = TrainingOptions(fit_steps=60, tune_steps=20, batch=32, max_seconds=1e6, min_days=14, trees=5, tree_rows=600)


@pytest.fixture(scope="module")
def histories() -> list[SeriesHistory]:
    made = [a_history("wind", seed=k, name=f"wind-{k}", site="farm") for k in range(2)]
    made += [a_history("home_pv", seed=k, name=f"pv-{k}") for k in range(2)]
    return [*made, a_history("home_load", seed=5), a_history("home_net", seed=6), a_history("household", seed=7)]


def test_a_training_registers_what_it_promotes(histories: list[SeriesHistory], tmp_path: Path) -> None:
    registry = FolderRegistry(tmp_path)

    report = train(MemoryHistory(histories), [h.series for h in histories], NOW, registry, QUICK)

    assert set(report.choices) == {"wind", "home_pv", "home_load", "home_net", "household"}
    assert set(report.table) == {"lstm", "lstm_raw", "nets", "trees", "reference", "persistence", "analogue"}
    assert len(registry.records) == 1
    assert registry.records[0].params["data_sha256"] == data_hash(histories)
    assert report.promoted
    assert registry.serving is not None
    model = load_model(tmp_path / registry.serving.version, registry.serving.model_hash)
    assert dict(model.choices) == report.choices
    assert set(model.series) == {h.series.series_id for h in histories}
    assert len(model.more_nets) == QUICK.nets - 1
    assert set(model.trees) == set(model.net_share) == set(report.choices)


def test_what_is_judged_is_not_changed_by_what_is_learned_later(histories: list[SeriesHistory]) -> None:
    options = replace(QUICK, fit_steps=6, tune_steps=6, nets=1, trees=0)
    split = split_of(histories[:2], UNTIL, options)
    scales = scales_until(histories[:2], split.fit_end, 14)

    made = make_candidate(build(histories[:2], scales, split.end, options.horizon_s), scales, split, options)

    judged, final = made.judged.net.state_dict(), made.model.net.state_dict()
    assert any(not torch.equal(judged[name], final[name]) for name in judged)


def test_the_share_of_the_blend_goes_to_the_member_that_was_nearer(histories: list[SeriesHistory]) -> None:
    wind = histories[:2]
    [corpus] = build(wind, scales_until(wind, UNTIL, 14), UNTIL, 21_600)
    samples = corpus.samples(UNTIL - 3 * 86_400, UNTIL, 3_600)
    truth = np.nan_to_num(corpus.actual(samples))[..., None] + np.zeros(7)
    far = truth + 1e6

    for members, nearer in ((Members(truth, far), max), (Members(far, truth), min)):
        model = SimpleNamespace(trees={"wind": None}, shape=SimpleNamespace(levels_bps=QUICK.levels_bps))
        found = shares(model, [Holdout(corpus, samples, members)])  # type: ignore[arg-type]
        assert found == {"wind": nearer(SHARES)}


def test_what_happens_after_now_changes_nothing(histories: list[SeriesHistory], tmp_path: Path) -> None:
    now = START + timedelta(days=50)
    later = [replace(h, values=h.values.copy()) for h in histories[:3]]
    for history in later:
        history.values[50 * 86_400 // history.series.resolution_s :] = 1e6
    options = replace(QUICK, fit_steps=8, tune_steps=4)
    figures = []
    for k, data in enumerate([histories[:3], later]):
        registry = FolderRegistry(tmp_path / str(k))
        train(MemoryHistory(data), [h.series for h in data], now, registry, options)
        figures.append({k: v for k, v in registry.records[0].metrics.items() if k != "seconds"})

    # Kernels of the backward pass may round differently from run to run.
    assert figures[0] == pytest.approx(figures[1], rel=1e-4)


def test_too_little_history_is_said_and_nothing_registered(tmp_path: Path) -> None:
    young = [a_history("home_load", days=12)]
    registry = FolderRegistry(tmp_path)

    report = train(MemoryHistory(young), [young[0].series], START + timedelta(days=12), registry, QUICK)

    assert not report.promoted
    assert "not enough" in report.sentence or "enough history" in report.sentence
    assert registry.versions == []


def test_a_series_that_never_moves_is_left_to_the_analogues() -> None:
    dead = replace(a_history("home_pv"), values=np.zeros(60 * 24))

    assert scales_until([dead, a_history("home_load")], UNTIL, 14).keys() == {"home-01/home-load"}


def test_only_slots_at_which_a_series_is_issued_are_learned_from(histories: list[SeriesHistory]) -> None:
    wind = histories[:1]
    [corpus] = build(wind, scales_until(wind, UNTIL, 14), UNTIL, 21_600)

    slots = corpus.slots(0, corpus.panel.start_s, UNTIL)

    assert len(slots) > 1_000
    assert ((corpus.panel.start_s + slots * 900) % 1_800 == 0).all()
    assert (slots + 24 < corpus.panel.values.shape[-1]).all()


def test_a_short_history_keeps_two_thirds_for_the_fit(histories: list[SeriesHistory]) -> None:
    padded = [replace(h, values=np.concatenate([np.full(100 * 24, np.nan), h.values])) for h in histories[4:5]]

    split = split_of(padded, padded[0].end_s, TrainingOptions())

    assert (split.end - split.start, split.end - split.fit_end) == (60 * 86_400, 20 * 86_400)
    assert split.fit_end < split.test_start < split.end
