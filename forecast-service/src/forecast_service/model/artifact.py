"""A model as files: tensors, a description, and a manifest with the hash of each.

Nothing in it is executed while loading: tensors are safetensors, the rest is JSON.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file as load_arrays
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import load_file as load_tensors
from safetensors.torch import save_file as save_tensors

from forecast_service.model.assemble import DECODER_NAMES
from forecast_service.model.conformal import Calibration
from forecast_service.model.kinds import LEARNED
from forecast_service.model.lstm import NetShape, QuantileLstm
from forecast_service.model.panel import Scale
from forecast_service.model.predict import SeriesFit, SiteModel
from forecast_service.model.reference import ReferenceFit
from gridseal.errors import GridsealError

FORMAT = "site-model/1"
NET, TABLES, CONFIG, MANIFEST = "net.safetensors", "tables.safetensors", "model.json", "manifest.json"


class ArtifactRefusedError(GridsealError):
    """The files of a model are not what their manifest says, or not a model of this version. Keep the old one."""


def save_model(model: SiteModel, folder: Path) -> str:
    """Write a model.

    Returns:
        0x-prefixed SHA-256 of the manifest, which names the hash of every file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_tensors({name: tensor.contiguous() for name, tensor in model.net.state_dict().items()}, folder / NET)
    arrays = {f"offsets {kind}": np.asarray(table) for kind, table in model.calibration.offsets.items()}
    for series_id, fit in model.series.items():
        arrays[f"survival {series_id}"] = np.ascontiguousarray(fit.reference.survival)
        arrays[f"residuals {series_id}"] = np.ascontiguousarray(fit.reference.residuals.astype(np.float32))
    save_arrays(arrays, folder / TABLES)
    (folder / CONFIG).write_text(json.dumps(_description(model), indent=1, sort_keys=True))
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (NET, TABLES, CONFIG)}
    (folder / MANIFEST).write_text(json.dumps({"format": FORMAT, "files": files}, indent=1, sort_keys=True))
    return manifest_hash(folder)


def manifest_hash(folder: Path) -> str:
    """Hash that stands for the whole model."""
    return "0x" + hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def load_model(folder: Path, expected_hash: str | None = None) -> SiteModel:
    """Read a model after checking every byte of it.

    Raises:
        ArtifactRefusedError: A file is missing or changed, or the model is of another version.
    """
    try:
        _check(folder, expected_hash)
        config = json.loads((folder / CONFIG).read_text())
        return _rebuild(folder, config)
    except ArtifactRefusedError:
        raise
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ArtifactRefusedError(f"model files cannot be read: {type(error).__name__}") from error


def _check(folder: Path, expected_hash: str | None) -> None:
    if expected_hash is not None and manifest_hash(folder) != expected_hash:
        raise ArtifactRefusedError("manifest does not have the registered hash")
    manifest = json.loads((folder / MANIFEST).read_text())
    if manifest["format"] != FORMAT or set(manifest["files"]) != {NET, TABLES, CONFIG}:
        raise ArtifactRefusedError(f"not a {FORMAT} model")
    for name, digest in manifest["files"].items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            raise ArtifactRefusedError(f"{name} was changed after it was written")


def _description(model: SiteModel) -> dict[str, Any]:
    shape = model.shape
    return {
        "format": FORMAT,
        "inputs": [*DECODER_NAMES, *LEARNED],
        "levels_bps": list(shape.levels_bps),
        "horizon_s": model.horizon_s,
        "trained_until": model.trained_until,
        "choices": dict(model.choices),
        "net": {"identities": shape.identities, "hidden": shape.hidden, "embedding": shape.embedding},
        "series": {
            series_id: {
                "range_w": fit.scale.range_w,
                "floor_w": fit.scale.floor_w,
                "cap_w": fit.scale.cap_w,
                "identity": fit.identity,
                "rule": fit.reference.rule,
            }
            for series_id, fit in model.series.items()
        },
    }


def _rebuild(folder: Path, config: dict[str, Any]) -> SiteModel:
    if config["format"] != FORMAT or config["inputs"] != [*DECODER_NAMES, *LEARNED]:
        raise ArtifactRefusedError("model was trained on other inputs than this version builds")
    shape = NetShape(levels_bps=tuple(config["levels_bps"]), **config["net"])
    net = QuantileLstm(shape)
    net.load_state_dict(load_tensors(folder / NET))
    arrays = load_arrays(folder / TABLES)
    prefix = "offsets "
    offsets = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
    series = {
        series_id: SeriesFit(
            scale=Scale(one["range_w"], one["floor_w"], one["cap_w"]),
            identity=one["identity"],
            reference=ReferenceFit(
                rule=one["rule"],
                survival=arrays[f"survival {series_id}"],
                residuals=arrays[f"residuals {series_id}"].astype(np.float64),
            ),
        )
        for series_id, one in config["series"].items()
    }
    return SiteModel(
        shape=shape,
        net=net.eval(),
        horizon_s=config["horizon_s"],
        series=series,
        calibration=Calibration(offsets),
        choices=config["choices"],
        trained_until=config["trained_until"],
    )
