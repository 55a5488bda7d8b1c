"""A site model as files: tensors and a description, sealed and signed (``sealed.py``).

Nothing in it is executed while loading: tensors are safetensors, trees LightGBM's text, the rest is JSON.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import load as load_tensors
from safetensors.torch import save_file as save_tensors

from forecast_service.model.assemble import DECODER_NAMES
from forecast_service.model.conformal import Calibration
from forecast_service.model.kinds import LEARNED, TREE_BLOCKS
from forecast_service.model.lstm import NetShape, QuantileLstm
from forecast_service.model.panel import Scale
from forecast_service.model.predict import SeriesFit, SiteModel
from forecast_service.model.reference import ReferenceFit
from forecast_service.model.sealed import MANIFEST, ArtifactRefusedError, Keys, Signer, manifest_hash, opened, seal
from forecast_service.model.trees import TreeSet

__all__ = ["CONFIG", "MANIFEST", "NET", "TABLES", "ArtifactRefusedError", "load_model", "manifest_hash", "save_model"]

FORMAT = "site-model/2"
"""1 was one network without trees, with leads counted from 1; it is refused."""
NET, TREES, TABLES, CONFIG = "net.safetensors", "trees.json", "tables.safetensors", "model.json"


def save_model(
    model: SiteModel,
    folder: Path,
    signer: Signer | None = None,
    provenance: Mapping[str, str | int | float] | None = None,
) -> str:
    """Write a model into an empty folder and seal it.

    Returns:
        0x-prefixed SHA-256 of the manifest, which names the hash of every file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"{k}.{name}": tensor.contiguous()
        for k, net in enumerate((model.net, *model.more_nets))
        for name, tensor in net.state_dict().items()
    }
    save_tensors(tensors, folder / NET)
    (folder / TREES).write_text(json.dumps({kind: trees.texts for kind, trees in model.trees.items()}, sort_keys=True))
    arrays = {f"offsets {kind}": np.asarray(table) for kind, table in model.calibration.offsets.items()}
    for series_id, fit in model.series.items():
        arrays[f"survival {series_id}"] = np.ascontiguousarray(fit.reference.survival)
        arrays[f"residuals {series_id}"] = np.ascontiguousarray(fit.reference.residuals.astype(np.float32))
    save_arrays(arrays, folder / TABLES)
    (folder / CONFIG).write_text(json.dumps(_description(model), indent=1, sort_keys=True))
    return seal(folder, FORMAT, signer, provenance)


def load_model(folder: Path, expected_hash: str | None = None, keys: Keys | None = None) -> SiteModel:
    """Read a model after checking every byte of it.

    Raises:
        ArtifactRefusedError: A file is missing or changed, the manifest is not signed by one of ``keys``
            (``None``: not asked for), or the model is of another version.
    """
    return opened(folder, FORMAT, expected_hash, keys, _rebuild)


def _description(model: SiteModel) -> dict[str, Any]:
    shape = model.shape
    return {
        "format": FORMAT,
        "inputs": [*DECODER_NAMES, *LEARNED],
        "levels_bps": list(shape.levels_bps),
        "horizon_s": model.horizon_s,
        "trained_until": model.trained_until,
        "choices": dict(model.choices),
        "nets": 1 + len(model.more_nets),
        "net_share": dict(model.net_share),
        "tree_blocks": {kind: list(TREE_BLOCKS[kind]) for kind in model.trees},
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


def _rebuild(files: Mapping[str, bytes]) -> SiteModel:
    config: dict[str, Any] = json.loads(files[CONFIG])
    if config["format"] != FORMAT or config["inputs"] != [*DECODER_NAMES, *LEARNED]:
        raise ArtifactRefusedError("model was trained on other inputs than this version builds")
    if any(tuple(blocks) != TREE_BLOCKS[kind] for kind, blocks in config["tree_blocks"].items()):
        raise ArtifactRefusedError("trees were grown on other columns than this version builds")
    shape = NetShape(levels_bps=tuple(config["levels_bps"]), **config["net"])
    tensors, nets = load_tensors(files[NET]), []
    for k in range(config["nets"]):
        net = QuantileLstm(shape)
        net.load_state_dict({n.removeprefix(f"{k}."): v for n, v in tensors.items() if n.startswith(f"{k}.")})
        nets.append(net.eval())
    arrays = load_arrays(files[TABLES])
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
        net=nets[0],
        horizon_s=config["horizon_s"],
        series=series,
        calibration=Calibration(offsets),
        choices=config["choices"],
        trained_until=config["trained_until"],
        more_nets=tuple(nets[1:]),
        trees={kind: TreeSet.of(texts) for kind, texts in json.loads(files[TREES]).items()},
        net_share=config["net_share"],
    )
