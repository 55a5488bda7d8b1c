"""The model registry: what the trainer writes and the server reads. MLflow is the one in use."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gridseal.errors import UnavailableError

CHAMPION = "champion"
HASH_TAG = "gridseal.model_hash"
FOLDER = "model"


@dataclass(frozen=True, slots=True)
class Registered:
    """A version of the model in the registry."""

    version: str
    model_hash: str
    source: str
    """Where the registry keeps the files, in its own words."""


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """What is logged about one training."""

    params: Mapping[str, str | int | float]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


class ModelRegistry(Protocol):
    """Keeps versions of one model under one name. Every call may raise ``UnavailableError``."""

    @property
    def model_name(self) -> str:
        """Name of the registered model."""
        ...

    def champion(self) -> Registered | None:
        """The version that serves, if one does."""
        ...

    def fetch(self, registered: Registered, into: Path) -> Path:
        """Bring the files of a version under ``into``; the folder they lie in."""
        ...

    def publish(self, folder: Path, model_hash: str, record: TrainingRecord) -> Registered:
        """Log a training with its files and register them as a new version."""
        ...

    def record(self, record: TrainingRecord) -> None:
        """Log a training that gave nothing to register."""
        ...

    def promote(self, registered: Registered) -> None:
        """Let a version serve."""
        ...


class MlflowRegistry:
    """``ModelRegistry`` on an MLflow server. The client is made on first use: importing MLflow takes seconds."""

    def __init__(self, url: str, model_name: str) -> None:
        self._url, self._name = url, model_name
        self._client: Any = None

    @property
    def model_name(self) -> str:
        """Name of the registered model, and of the experiment that trainings are logged to."""
        return self._name

    def champion(self) -> Registered | None:
        """The version under the alias ``champion``."""
        with self._talking() as client:
            found = client.search_registered_models(filter_string=f"name = '{self._name}'", max_results=1)
            alias = dict(found[0].aliases).get(CHAMPION) if found else None
            return self._registered(client.get_model_version(self._name, alias)) if alias else None

    def fetch(self, registered: Registered, into: Path) -> Path:
        """Download the files that were logged with the run of this version."""
        with self._talking() as client:
            run_id = registered.source.removeprefix("runs:/").partition("/")[0]
            return Path(client.download_artifacts(run_id, FOLDER, str(into)))

    def publish(self, folder: Path, model_hash: str, record: TrainingRecord) -> Registered:
        """Log to the experiment, then create a version whose tag holds the hash."""
        with self._talking() as client:
            run_id = self._log(client, record)
            client.log_artifacts(run_id, str(folder), FOLDER)
            client.set_terminated(run_id)
            if not client.search_registered_models(filter_string=f"name = '{self._name}'", max_results=1):
                client.create_registered_model(self._name)
            source = client.get_run(run_id).info.artifact_uri + "/" + FOLDER
            tags = {**record.tags, HASH_TAG: model_hash}
            return self._registered(client.create_model_version(self._name, source, run_id=run_id, tags=tags))

    def record(self, record: TrainingRecord) -> None:
        """Log to the experiment only."""
        with self._talking() as client:
            client.set_terminated(self._log(client, record))

    def promote(self, registered: Registered) -> None:
        """Move the alias ``champion``."""
        with self._talking() as client:
            client.set_registered_model_alias(self._name, CHAMPION, registered.version)

    def _registered(self, version: Any) -> Registered:
        tags = dict(version.tags)
        return Registered(str(version.version), tags.get(HASH_TAG, ""), f"runs:/{version.run_id}/{FOLDER}")

    def _log(self, client: Any, record: TrainingRecord) -> str:
        experiment = client.get_experiment_by_name(self._name)
        experiment_id = experiment.experiment_id if experiment else client.create_experiment(self._name)
        run_id: str = client.create_run(experiment_id, tags=dict(record.tags)).info.run_id
        for name, value in record.params.items():
            client.log_param(run_id, name, value)
        for name, number in record.metrics.items():
            client.log_metric(run_id, name, number)
        return run_id

    @contextmanager
    def _talking(self) -> Iterator[Any]:
        """A client whose failures are ``UnavailableError``."""
        # MLflow reads these when it is imported: no call home, and a dead server is noticed soon.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient

        if self._client is None:
            self._client = MlflowClient(tracking_uri=self._url, registry_uri=self._url)
        try:
            yield self._client
        except (MlflowException, OSError) as error:
            raise UnavailableError(f"model registry did not do what it should: {type(error).__name__}") from error


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for model files that goes away by itself."""
    return tempfile.TemporaryDirectory(prefix="gridseal-model-")
