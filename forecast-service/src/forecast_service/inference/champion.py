"""Keeps the forecaster at the version that the registry calls champion."""

from pathlib import Path

import structlog

from forecast_service.inference.registry import ModelRegistry, Registered, scratch_folder
from forecast_service.inference.serving import ServingForecaster
from forecast_service.model.artifact import ArtifactRefusedError, load_model

log = structlog.get_logger(__name__)


class ChampionLoader:
    """Implements ``ports.ChampionSource``."""

    def __init__(self, registry: ModelRegistry) -> None:
        self._registry = registry
        self._serving: ServingForecaster | None = None
        self._refused: Registered | None = None

    @property
    def refused(self) -> str | None:
        """Version that was promoted but not accepted, while it is the champion."""
        return self._refused.version if self._refused else None

    def poll(self) -> ServingForecaster | None:
        """The champion; the last good one where its files are not what was registered.

        Raises:
            UnavailableError: The registry does not answer.
        """
        champion = self._registry.champion()
        if champion is None or champion == self._refused:
            return self._serving
        if self._serving is not None and self._serving.version == champion.version:
            return self._serving
        try:
            self._serving = self._load(champion)
            self._refused = None
            log.info("champion_loaded", version=champion.version, model_hash=champion.model_hash)
        except ArtifactRefusedError as error:
            self._refused = champion
            log.error("champion_refused", version=champion.version, reason=str(error))
        return self._serving

    def _load(self, champion: Registered) -> ServingForecaster:
        with scratch_folder() as folder:
            files = self._registry.fetch(champion, Path(folder))
            model = load_model(files, champion.model_hash)
        return ServingForecaster(
            model, name=self._registry.model_name, version=champion.version, model_hash=champion.model_hash
        )
