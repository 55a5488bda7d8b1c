"""The trees' columns are the same while training and serving, know nothing of the future, and blend in order."""

from dataclasses import replace

import lightgbm
import numpy as np
import pytest
from histories import a_history
from test_columns import HOURLY, QUARTER, a_panel

from forecast_service.model.assemble import assemble
from forecast_service.model.frame import HISTORY_DAYS, Frame, slot_frame, whole_frame
from forecast_service.model.grid import Floats
from forecast_service.model.kinds import TREE_BLOCKS
from forecast_service.model.samples import Samples
from forecast_service.model.tree_columns import TreeColumns
from forecast_service.model.trees import TreeSet
from forecast_service.ports import SeriesHistory

BOTH = pytest.mark.parametrize(("histories", "horizon"), [(HOURLY, 6), (QUARTER, 24)])


def columns_at(frame: Frame, slot: int, horizon: int, late: int = 0) -> dict[str, Floats]:
    """All tree columns of every series at one slot, by kind."""
    out = {}
    known = frame.panel.known_until(np.array([slot]))[:, 0]
    for kind in sorted(set(frame.panel.kinds)):
        rows = np.array([k for k, other in enumerate(frame.panel.kinds) if other == kind])
        samples = Samples(rows, np.full(len(rows), slot), known[rows] - late, horizon)
        survival = np.full((len(frame.panel.series), 2 * horizon), 0.6)
        inputs = assemble(frame, survival, samples.rows, samples.slots, samples.known, horizon)
        out[kind] = TreeColumns(frame, kind).matrix(inputs, samples, rows)
    return out


@BOTH
def test_one_slot_gives_the_same_bits_as_the_whole_history(histories: list[SeriesHistory], horizon: int) -> None:
    panel = a_panel(histories)
    slot = int(49.75 * panel.per_day)
    skip = slot - HISTORY_DAYS * panel.per_day
    alone = a_panel(histories, skip=skip)
    alone = replace(alone, values=alone.values[:, : slot - skip])

    trained = columns_at(whole_frame(panel, horizon), slot, horizon)
    served = columns_at(slot_frame(alone, slot - skip, horizon), slot - skip, horizon)

    assert set(trained) == set(served)
    for kind, matrix in trained.items():
        assert matrix.tobytes() == served[kind].tobytes(), kind


@BOTH
@pytest.mark.parametrize("late", [0, 3])
def test_nothing_that_is_not_known_reaches_the_columns(histories: list[SeriesHistory], horizon: int, late: int) -> None:
    panel = a_panel(histories)
    slot = 45 * panel.per_day
    changed = panel.values.copy()
    changed[:, slot - late :] = -7e7
    whole = replace(panel, values=np.where(np.isfinite(panel.values), panel.values, 1.0))
    spoiled = replace(panel, values=np.where(np.isfinite(panel.values), changed, 1.0))

    before = columns_at(whole_frame(whole, horizon), slot, horizon, late)
    after = columns_at(whole_frame(spoiled, horizon), slot, horizon, late)

    for kind, matrix in before.items():
        assert matrix.tobytes() == after[kind].tobytes(), kind


def test_every_learned_kind_has_its_blocks() -> None:
    panel = a_panel([a_history("home_load"), a_history("home_pv")])
    widths = {k: m.shape[-1] for k, m in columns_at(whole_frame(panel, 6), 45 * 24, 6).items()}

    assert set(TREE_BLOCKS) == {"wind", "pv", "home_load", "home_pv", "home_net", "household"}
    assert widths["home_pv"] > widths["home_load"] > 80


def a_tree_set(seed: int = 0) -> TreeSet:
    random = np.random.default_rng(seed)
    x = random.normal(size=(400, 3))
    texts = []
    for level in (0.1, 0.5, 0.9):
        data = lightgbm.Dataset(x, x[:, 0] + random.normal(size=400))
        parameters = {"objective": "quantile", "alpha": level, "verbosity": -1, "num_threads": 1}
        texts.append(lightgbm.train(parameters, data, num_boost_round=10).model_to_string())
    return TreeSet.of(texts)


def test_quantiles_of_trees_are_put_in_order_and_survive_as_text() -> None:
    trees = a_tree_set()
    columns = np.random.default_rng(1).normal(size=(50, 6, 3)).astype(np.float32)

    found = trees.deviations(columns)

    assert found.shape == (50, 6, 3)
    assert (np.diff(found, axis=-1) >= 0).all()
    assert (TreeSet.of(trees.texts).deviations(columns) == found).all()
    assert (trees.deviations(columns[3:4]) == found[3:4]).all()


def test_what_is_no_model_is_said() -> None:
    with pytest.raises(ValueError, match="not the text"):
        TreeSet.of(["tree of wisdom"])
