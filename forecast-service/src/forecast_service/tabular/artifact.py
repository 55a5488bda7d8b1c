"""A demand model as sealed files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from forecast_service.model.sealed import ArtifactRefusedError, Keys, Signer, opened, seal
from forecast_service.tabular.models import DemandModel, model_of
from forecast_service.tabular.table import FEATURES

KIND = "demand-model/1"
ABOUT = "about.json"


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A model and whose demand it learned."""

    model: DemandModel
    respondent: str
    unknown: tuple[str, ...] = ()
    """Columns that held nothing when it was trained: it pays no heed to them."""


def save_demand_model(
    saved: SavedModel, folder: Path, signer: Signer | None, provenance: Mapping[str, str | int | float]
) -> str:
    """Write a model into a folder of its own; the hash that stands for it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in saved.model.files().items():
        (folder / name).write_bytes(content)
    about = {"family": saved.model.family, "features": FEATURES, "respondent": saved.respondent}
    (folder / ABOUT).write_text(json.dumps({**about, "unknown": saved.unknown}, indent=1, sort_keys=True))
    return seal(folder, KIND, signer, provenance)


def load_demand_model(folder: Path, expected_hash: str | None, keys: Keys | None) -> SavedModel:
    """Read a model after checking every byte of it.

    Raises:
        ArtifactRefusedError: It was changed, nobody trusted signed it, or it reads other columns.
    """
    return opened(folder, KIND, expected_hash, keys, _rebuild)


def _rebuild(files: Mapping[str, bytes]) -> SavedModel:
    about = json.loads(files[ABOUT])
    if tuple(about["features"]) != FEATURES:
        raise ArtifactRefusedError("model was trained on other columns than this version gives it")
    return SavedModel(model_of(about["family"], files), str(about["respondent"]), tuple(about["unknown"]))
