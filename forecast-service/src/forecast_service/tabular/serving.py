"""The demand model that answers ``/predict``: loaded at start, exchanged while requests go on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog

from forecast_service.inference.registry import ModelRegistry, Registered, scratch_folder
from forecast_service.model.sealed import ArtifactRefusedError, Keys
from forecast_service.tabular.artifact import SavedModel, load_demand_model
from gridseal.errors import GridsealError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Serving:
    """One version in memory."""

    version: str
    model_hash: str
    saved: SavedModel

    def predict(self, row: list[float]) -> float:
        """Demand in MWh for one row of the twenty columns."""
        return float(self.saved.model.predict(np.array([row], dtype=np.float64))[0])


class DemandChampion:
    """Holds what serves. A version that is not what was signed changes nothing."""

    def __init__(self, registry: ModelRegistry, trusted: Callable[[], Keys], every_s: float) -> None:
        self._registry, self._trusted, self._every_s = registry, trusted, every_s
        self._lock = asyncio.Lock()
        self._refused: Registered | None = None
        self.serving: Serving | None = None

    async def run(self) -> None:
        """Load at once, then follow the alias; the last good version serves while the registry is away."""
        while True:
            try:
                await self.reload()
            except GridsealError as error:
                log.warning("demand_champion_unknown", detail=str(error))
            await asyncio.sleep(self._every_s)

    async def reload(self, *, again: bool = False) -> bool:
        """Take what the registry calls champion; whether something else serves now.

        Args:
            again: Try a version once more that was refused before.

        Raises:
            UnavailableError: The registry does not answer.
            ArtifactRefusedError: The champion is not what was registered and signed.
        """
        async with self._lock:
            champion = await asyncio.to_thread(self._registry.champion)
            if champion is None or (champion == self._refused and not again):
                return False
            if self.serving is not None and self.serving.version == champion.version:
                return False
            try:
                saved = await asyncio.to_thread(self._load, champion)
            except ArtifactRefusedError:
                self._refused = champion
                raise
            self._refused, self.serving = None, Serving(champion.version, champion.model_hash, saved)
            log.info("demand_champion_loaded", version=champion.version, model_hash=champion.model_hash)
            return True

    def _load(self, champion: Registered) -> SavedModel:
        with scratch_folder() as folder:
            files = self._registry.fetch(champion, Path(folder))
            return load_demand_model(files, champion.model_hash, self._trusted())
