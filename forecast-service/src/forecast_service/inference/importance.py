"""Reads ``feature_importance.csv`` of the version that serves."""

import asyncio
import tempfile
from pathlib import Path

from forecast_service.inference.mlflow_registry import MlflowRegistry

CSV_FILE = "feature_importance.csv"


class RegistryImportance:
    """Implements ``api.models.ImportanceReader`` on an MLflow server; the file of a version is read once."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._registries: dict[str, MlflowRegistry] = {}
        self._known: dict[tuple[str, str], str | None] = {}

    async def read(self, model: str) -> tuple[str, str] | None:
        """Version and text."""
        return await asyncio.to_thread(self._read, model)

    def _read(self, model: str) -> tuple[str, str] | None:
        registry = self._registries.get(model) or MlflowRegistry(self._url, model)
        champion = registry.champion()
        if champion is None:
            return None
        self._registries[model] = registry
        key = (model, champion.version)
        if key not in self._known:
            with tempfile.TemporaryDirectory(prefix="gridseal-importance-") as folder:
                path = registry.text(champion, CSV_FILE, Path(folder))
                self._known[key] = path.read_text() if path is not None else None
        text = self._known[key]
        return (champion.version, text) if text is not None else None
