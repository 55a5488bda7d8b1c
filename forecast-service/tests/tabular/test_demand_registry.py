"""The real MLflow client on a database file: trained, promoted, served; its importance is read back."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "model"))

from memory import KEY, trusted

from forecast_service.inference.importance import RegistryImportance
from forecast_service.inference.mlflow_registry import MlflowRegistry
from forecast_service.tabular.serving import DemandChampion
from forecast_service.tabular.table import FEATURES, LAG_WEEK
from forecast_service.tabular.train import DemandOptions, train_demand

from .test_demand_models import a_table

pytestmark = pytest.mark.timeout(600)


@pytest.mark.filterwarnings("ignore")
async def test_a_training_is_served_and_says_what_it_pays_heed_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/mlflow.db"
    registry, champion = MlflowRegistry(url, "energy-demand-lgbm"), None
    assert await RegistryImportance(url).read("energy-demand-lgbm") is None

    options = DemandOptions(families=("random_forest",))
    report = train_demand(a_table(), registry, KEY, trusted(), {"git_commit": "abc"}, options)
    champion = DemandChampion(registry, trusted, 1)
    await champion.reload()
    found = await RegistryImportance(url).read("energy-demand-lgbm")

    assert report.promoted
    assert champion.serving is not None
    assert champion.serving.version == report.version == "1"
    row = np.zeros(len(FEATURES))
    row[LAG_WEEK] = 20
    assert 10 < champion.serving.predict(row.tolist()) < 30
    assert found is not None
    version, text = found
    assert version == "1"
    assert text.splitlines()[1].split(",")[0] in ("temperature", "hour_of_day")
    numbered = registry.numbered("1")
    assert numbered is not None
    assert numbered.model_hash == champion.serving.model_hash
    assert registry.numbered("9") is None
