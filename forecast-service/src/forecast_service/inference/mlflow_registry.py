"""``ModelRegistry`` on an MLflow server."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from forecast_service.inference.registry import (
    HASH_TAG,
    REPLACES_TAG,
    ROLLED_BACK_TAG,
    Alias,
    NothingToRollBackError,
    Registered,
    TrainingRecord,
)
from gridseal.errors import UnavailableError

EXPERIMENT = "energy-demand-forecast"
"""Where trainings of every model are logged."""
FOLDER = "model"
AT_ONCE = 100
"""Parameters that MLflow takes in one request."""


class MlflowRegistry:
    """Versions of one model on one server. The client is made on first use: importing MLflow takes seconds."""

    def __init__(self, url: str, model_name: str, experiment: str = EXPERIMENT) -> None:
        self._url, self._name, self._experiment = url, model_name, experiment
        self._client: Any = None

    @property
    def model_name(self) -> str:
        """Name of the registered model."""
        return self._name

    def champion(self) -> Registered | None:
        """The version under the alias ``champion``."""
        return self.aliased("champion")

    def aliased(self, alias: Alias) -> Registered | None:
        """The version under an alias."""
        with self._talking() as client:
            version = self._aliases(client).get(alias)
            return self._version(client, version) if version else None

    def fetch(self, registered: Registered, into: Path) -> Path:
        """Download the files that were logged with the run of this version."""
        with self._talking() as client:
            run_id = registered.source.removeprefix("runs:/").partition("/")[0]
            return Path(client.download_artifacts(run_id, FOLDER, str(into)))

    def numbered(self, version: str) -> Registered | None:
        """A version by its number, whatever its alias, or none of that number."""
        with self._talking() as client:
            found = client.search_model_versions(f"name = '{self._name}' and version_number = '{version}'")
            return self._registered(found[0]) if found else None

    def text(self, registered: Registered, name: str, into: Path) -> Path | None:
        """Bring a file of text that was logged with a version under ``into``; none where there is none."""
        with self._talking() as client:
            run_id = registered.source.removeprefix("runs:/").partition("/")[0]
            if name not in {entry.path for entry in client.list_artifacts(run_id)}:
                return None
            return Path(client.download_artifacts(run_id, name, str(into)))

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
            made = self._registered(client.create_model_version(self._name, source, run_id=run_id, tags=tags))
            client.set_registered_model_alias(self._name, "challenger", made.version)
            return made

    def record(self, record: TrainingRecord) -> None:
        """Log to the experiment only."""
        with self._talking() as client:
            client.set_terminated(self._log(client, record))

    def stage(self, registered: Registered) -> None:
        """Move the alias ``staging``."""
        with self._talking() as client:
            client.set_registered_model_alias(self._name, "staging", registered.version)

    def tag(self, registered: Registered, tags: Mapping[str, str]) -> None:
        """Set tags of the version."""
        with self._talking() as client:
            for name, value in tags.items():
                client.set_model_version_tag(self._name, registered.version, name, value)

    def promote(self, registered: Registered) -> None:
        """Move ``previous``, then ``champion``: a crash in between leaves the old version serving."""
        with self._talking() as client:
            aliases = self._aliases(client)
            serving = aliases.get("champion")
            if serving == registered.version:
                return
            if serving:
                client.set_model_version_tag(self._name, registered.version, REPLACES_TAG, serving)
                client.set_registered_model_alias(self._name, "previous", serving)
            client.set_registered_model_alias(self._name, "champion", registered.version)
            for alias in ("staging", "challenger"):
                if aliases.get(alias) == registered.version:
                    client.delete_registered_model_alias(self._name, alias)

    def rollback(self, reason: str) -> tuple[Registered, Registered]:
        """Move ``champion`` first: a crash afterwards leaves the good version serving."""
        with self._talking() as client:
            aliases = self._aliases(client)
            serving, before = aliases.get("champion"), aliases.get("previous")
            if not serving or not before or serving == before:
                raise NothingToRollBackError(f"{self._name} has no earlier version that could serve instead")
            bad, good = self._version(client, serving), self._version(client, before)
            client.set_registered_model_alias(self._name, "champion", good.version)
            client.set_model_version_tag(self._name, bad.version, ROLLED_BACK_TAG, reason)
            older = good.tags.get(REPLACES_TAG)
            if older and older != bad.version and ROLLED_BACK_TAG not in self._version(client, older).tags:
                client.set_registered_model_alias(self._name, "previous", older)
            else:
                client.delete_registered_model_alias(self._name, "previous")
            return bad, good

    def _aliases(self, client: Any) -> dict[str, str]:
        found = client.search_registered_models(filter_string=f"name = '{self._name}'", max_results=1)
        return {name: str(version) for name, version in dict(found[0].aliases).items()} if found else {}

    def _version(self, client: Any, version: str) -> Registered:
        return self._registered(client.get_model_version(self._name, version))

    def _registered(self, version: Any) -> Registered:
        tags = dict(version.tags)
        return Registered(str(version.version), tags.get(HASH_TAG, ""), f"runs:/{version.run_id}/{FOLDER}", tags)

    def _log(self, client: Any, record: TrainingRecord) -> str:
        experiment = client.get_experiment_by_name(self._experiment)
        experiment_id = experiment.experiment_id if experiment else client.create_experiment(self._experiment)
        tags = {"gridseal.model": self._name, **record.tags}
        run_id: str = client.create_run(experiment_id, tags=tags, run_name=tags.get("mlflow.runName")).info.run_id
        from mlflow.entities import Metric, Param

        now_ms = int(time.time() * 1_000)
        params = [Param(name, str(value)) for name, value in record.params.items()]
        metrics = [Metric(name, number, now_ms, 0) for name, number in record.metrics.items()]
        for k in range(0, max(len(params), len(metrics)), AT_ONCE):
            client.log_batch(run_id, metrics=metrics[k : k + AT_ONCE], params=params[k : k + AT_ONCE])
        for name, text in record.texts.items():
            client.log_text(run_id, text, name)
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
