"""One tiny trained model on synthetic data for all tests here."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "model"))

from histories import START, a_history
from memory import KEY, FolderRegistry, MemoryHistory, trusted

from forecast_service.ports import SeriesHistory
from forecast_service.training import Desk, TrainingOptions, train


@pytest.fixture(scope="session")
def fleet() -> list[SeriesHistory]:
    made = [a_history("wind", seed=k, name=f"wind-{k}", site="farm") for k in range(2)]
    made += [a_history("home_pv", seed=k, name=f"pv-{k}") for k in range(2)]
    return [*made, a_history("pv", seed=4), a_history("home_load", seed=5), a_history("home_net", seed=6)]


@pytest.fixture(scope="session")
def trained(fleet: list[SeriesHistory], tmp_path_factory: pytest.TempPathFactory) -> FolderRegistry:
    registry = FolderRegistry(tmp_path_factory.mktemp("registry"))
    options = TrainingOptions(
        fit_steps=60, tune_steps=20, batch=32, max_seconds=1e6, min_days=14, trees=5, tree_rows=600
    )
    train(
        MemoryHistory(fleet),
        [h.series for h in fleet],
        START + timedelta(days=55),
        registry,
        options,
        Desk(KEY, trusted),
    )
    assert registry.serving is not None
    return registry


@pytest.fixture
def registry(trained: FolderRegistry, tmp_path: Path) -> FolderRegistry:
    """A registry of its own for a test that spoils it."""
    own = FolderRegistry(tmp_path)
    assert trained.serving is not None
    own.promote(own.publish(trained.folder / trained.serving.version, trained.serving.model_hash, trained.records[0]))
    return own
