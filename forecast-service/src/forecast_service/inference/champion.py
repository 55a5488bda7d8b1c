"""Keeps the forecaster at the version that the registry calls champion."""

import json
from collections.abc import Callable
from pathlib import Path

import structlog

from forecast_service.inference.registry import ModelRegistry, Registered, scratch_folder
from forecast_service.inference.serving import ServingForecaster
from forecast_service.model.artifact import load_model
from forecast_service.model.sealed import MANIFEST, ArtifactRefusedError, Keys
from forecast_service.ports import Forecaster

log = structlog.get_logger(__name__)

Opener = Callable[[Path, Registered, Keys | None, str], Forecaster]
"""Makes a forecaster of the files in a folder: folder, version, who may sign, name of the model.

Raises ``ArtifactRefusedError``. Without keys it asks for no signature: only where nothing is served.
"""


def open_site_model(folder: Path, registered: Registered, keys: Keys | None, name: str) -> Forecaster:
    """The site model."""
    model = load_model(folder, registered.model_hash, keys)
    return ServingForecaster(model, name=name, version=registered.version, model_hash=registered.model_hash)


def open_model(folder: Path, registered: Registered, keys: Keys | None, name: str) -> Forecaster:
    """A model of any format that this version reads, by what its manifest says.

    The format is looked at before the signature is; whoever forges it gets a reader that refuses the rest.
    """
    from forecast_service.engine.artifact import FORMAT
    from forecast_service.engine.live import open_engine

    try:
        told = json.loads((folder / MANIFEST).read_bytes())["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactRefusedError(f"manifest cannot be read: {type(error).__name__}") from error
    if told != FORMAT:
        return open_site_model(folder, registered, keys, name)
    return open_engine(folder, registered, keys, name)


class ChampionLoader:
    """Implements ``ports.ChampionSource``."""

    def __init__(self, registry: ModelRegistry, trusted: Callable[[], Keys], open_model: Opener = open_model) -> None:
        """Follow the alias.

        Args:
            registry: Where versions are.
            trusted: Reads the public keys of those who may sign models; asked before every load.
            open_model: Reads the files.
        """
        self._registry, self._trusted, self._open = registry, trusted, open_model
        self._serving: Forecaster | None = None
        self._refused: Registered | None = None

    @property
    def refused(self) -> str | None:
        """Version that was promoted but not accepted, while it is the champion."""
        return self._refused.version if self._refused else None

    def poll(self) -> Forecaster | None:
        """The champion; the last good one where its files are not what was registered and signed.

        Raises:
            UnavailableError: The registry does not answer.
            ConfigError: The public keys cannot be read.
        """
        champion = self._registry.champion()
        if champion is None or champion == self._refused:
            return self._serving
        if self._serving is not None and self._serving.version == champion.version:
            self._refused = None
            return self._serving
        try:
            self._serving = load_version(self._registry, champion, self._trusted(), self._open)
            self._refused = None
            log.info("champion_loaded", version=champion.version, model_hash=champion.model_hash)
        except ArtifactRefusedError as error:
            self._refused = champion
            log.error("champion_refused", version=champion.version, reason=str(error))
        return self._serving


def load_version(
    registry: ModelRegistry, registered: Registered, keys: Keys | None, open_model: Opener = open_model
) -> Forecaster:
    """Fetch a version and make a forecaster of it.

    Raises:
        UnavailableError: The registry does not answer.
        ArtifactRefusedError: The files are not what was registered and signed.
    """
    with scratch_folder() as folder:
        return open_model(registry.fetch(registered, Path(folder)), registered, keys, registry.model_name)
