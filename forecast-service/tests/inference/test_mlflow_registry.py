"""The real MLflow client on a database file: a version goes in, the alias moves, the same files come out."""

from pathlib import Path

import pytest
from memory import FolderRegistry, trusted

from forecast_service.inference import ChampionLoader, MlflowRegistry
from forecast_service.inference.registry import NothingToRollBackError, TrainingRecord
from gridseal.errors import UnavailableError

pytestmark = pytest.mark.timeout(400)
"""The first optimizer of a process imports half of PyTorch: a minute where nothing may be compiled ahead."""

RECORD = TrainingRecord(params={"steps": 3}, metrics={"blend_rcrps": 0.05}, tags={"promoted": "true"})


@pytest.mark.filterwarnings("ignore")
def test_a_promoted_version_is_what_the_server_loads(
    trained: FolderRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    registry = MlflowRegistry(f"sqlite:///{tmp_path}/mlflow.db", "gridseal-test")
    assert trained.serving is not None
    folder, model_hash = trained.folder / trained.serving.version, trained.serving.model_hash
    assert registry.champion() is None

    registry.record(RECORD)
    registered = registry.publish(folder, model_hash, RECORD)
    assert registry.champion() is None
    registry.promote(registered)

    assert registry.champion() == registered
    forecaster = ChampionLoader(registry, trusted).poll()
    assert forecaster is not None
    assert (forecaster.name, forecaster.version, forecaster.model_hash) == ("gridseal-test", "1", model_hash)


@pytest.mark.filterwarnings("ignore")
def test_aliases_follow_a_version_from_challenger_to_roll_back(
    trained: FolderRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    registry = MlflowRegistry(f"sqlite:///{tmp_path}/mlflow.db", "gridseal-test")
    assert trained.serving is not None
    folder = trained.folder / trained.serving.version
    with pytest.raises(NothingToRollBackError):
        registry.rollback("nothing there")

    first = registry.publish(folder, "0x1", RECORD)
    assert registry.aliased("challenger") == first
    registry.stage(first)
    registry.promote(first)
    assert (registry.aliased("challenger"), registry.aliased("staging")) == (None, None)
    second, third = registry.publish(folder, "0x2", RECORD), registry.publish(folder, "0x3", RECORD)
    registry.promote(second)
    registry.promote(third)
    assert registry.aliased("previous") == second

    assert registry.rollback("worse live") == (third, second)
    assert (registry.champion(), registry.aliased("previous")) == (second, first)
    assert registry.rollback("worse still") == (second, first)
    assert registry.aliased("previous") is None
    champion = registry.champion()
    assert champion == first
    registry.tag(first, {"note": "kept"})
    found = registry.aliased("champion")
    assert found is not None
    assert found.tags["note"] == "kept"


def test_a_server_that_is_not_there_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")

    with pytest.raises(UnavailableError):
        MlflowRegistry("http://127.0.0.1:31399", "gridseal-test").champion()
