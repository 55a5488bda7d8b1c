"""Past trainings of a model, as MLflow keeps them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gridseal.errors import UnavailableError

GATE_FILE = "gate.json"
_SHOWN_PARAMS = (
    "mode", "train_size", "test_size", "train_start", "train_end", "test_start", "test_end", "series", "parameters",
    "steps", "model_type", "n_features",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PastTraining:
    """One run of the experiment."""

    training_id: str
    name: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    decision: str
    accepted: bool | None
    """What the gate said; none where it was not asked."""
    cause: str
    reason: str
    version: str | None
    """Of the registered model; none where nothing was registered."""


class TrainingHistory:
    """Reads one experiment on one server. Methods block and may raise ``UnavailableError``."""

    def __init__(self, url: str, experiment: str) -> None:
        self._url, self._experiment = url, experiment
        self._client: Any = None

    def read(self, model: str, limit: int) -> list[PastTraining]:
        """The newest trainings of a model, newest first."""
        # MLflow reads these when it is imported: no call home, and a dead server is noticed soon.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient

        try:
            if self._client is None:
                self._client = MlflowClient(tracking_uri=self._url, registry_uri=self._url)
            experiment = self._client.get_experiment_by_name(self._experiment)
            if experiment is None:
                return []
            runs = self._client.search_runs(
                [experiment.experiment_id], f"tags.`gridseal.model` = '{model}'", max_results=limit,
                order_by=["attributes.start_time DESC"],
            )  # fmt: skip
            versions = {v.run_id: str(v.version) for v in self._client.search_model_versions(f"name = '{model}'")}
        except (MlflowException, OSError) as error:
            raise UnavailableError(f"model registry did not do what it should: {type(error).__name__}") from error
        return [_training(run, versions) for run in runs]


def _training(run: Any, versions: Mapping[str, str]) -> PastTraining:
    info, data = run.info, run.data
    accepted = data.tags.get("accepted")
    return PastTraining(
        training_id=info.run_id, name=data.tags.get("mlflow.runName", ""), state=str(info.status).lower(),
        started_at=datetime.fromtimestamp(info.start_time / 1_000, UTC),
        ended_at=datetime.fromtimestamp(info.end_time / 1_000, UTC) if info.end_time else None,
        metrics=dict(sorted(data.metrics.items())),
        params={name: data.params[name] for name in _SHOWN_PARAMS if name in data.params},
        decision=data.tags.get("decision", ""), accepted=None if accepted is None else accepted == "true",
        cause=data.tags.get("cause", ""), reason=data.tags.get("reason", ""), version=versions.get(info.run_id),
    )  # fmt: skip
