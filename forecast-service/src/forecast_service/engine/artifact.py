"""An engine as files: safetensors, JSON, and LightGBM's own text; sealed like every model."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import load as load_tensors
from safetensors.torch import save_file as save_tensors

from forecast_service.backtest.ports import Task
from forecast_service.engine.calendar import FEATURES
from forecast_service.engine.columns import ENCODER_OWN, OWN_COLUMNS, PER_COLUMN
from forecast_service.engine.direct import LAG_DAYS, RECENT_H
from forecast_service.engine.frame import SeriesScale
from forecast_service.engine.model import Columns, Engine, Place
from forecast_service.engine.net import EngineNet, EngineShape
from forecast_service.engine.reference import Reference
from forecast_service.engine.trees import Trees
from forecast_service.model.sealed import ArtifactRefusedError, Keys, Signer, opened, seal

FORMAT = "engine/3"
CONFIG, TABLES = "model.json", "tables.safetensors"
TREES, DIRECT, ALONE = "trees.json", "direct.json", "alone.json"
INPUTS = [OWN_COLUMNS, FEATURES, PER_COLUMN, ENCODER_OWN, len(LAG_DAYS), len(RECENT_H)]
_EVERYONE = "everyone"


def save_engine(
    engine: Engine,
    folder: Path,
    signer: Signer | None = None,
    provenance: Mapping[str, str | int | float] | None = None,
) -> str:
    """Write an engine; the folder must be empty.

    Returns:
        0x-prefixed SHA-256 of the manifest, which names the hash of every file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for k, net in enumerate(engine.nets):
        save_tensors({name: tensor.contiguous() for name, tensor in net.state_dict().items()}, folder / _net_name(k))
    arrays = {f"survival {name}": np.ascontiguousarray(one.survival) for name, one in engine.references.items()}
    arrays[f"fallback {_EVERYONE}"] = np.ascontiguousarray(engine.fallback.survival)
    arrays |= {f"offsets {name}": np.ascontiguousarray(one) for name, one in engine.offsets.items()}
    save_arrays(arrays, folder / TABLES)
    for name, trees in ((TREES, engine.trees), (DIRECT, engine.direct)):
        (folder / name).write_text(json.dumps(trees.texts if trees else []))
    alone = {series_id: trees.texts for series_id, trees in engine.alone.items()}
    (folder / ALONE).write_text(json.dumps(alone, sort_keys=True))
    (folder / CONFIG).write_text(json.dumps(_description(engine), indent=1, sort_keys=True))
    return seal(folder, FORMAT, signer, provenance)


def load_engine(folder: Path, expected_hash: str | None = None, keys: Keys | None = None) -> Engine:
    """Read an engine after checking every byte of it.

    Raises:
        ArtifactRefusedError: A file is missing or changed, the signature does not hold, or the engine is of
            another version.
    """
    return opened(folder, FORMAT, expected_hash, keys, _rebuild)


def _net_name(k: int) -> str:
    return f"net{k}.safetensors"


def _description(engine: Engine) -> dict[str, Any]:
    return {
        "inputs": INPUTS,
        "task": asdict(engine.task),
        "columns": asdict(engine.columns),
        "shape": asdict(engine.shape),
        "nets": len(engine.nets),
        "shares": engine.shares,
        "until_s": engine.until_s,
        "resolution_s": engine.resolution_s,
        "fallback": engine.fallback.candidate,
        "series": {
            series_id: {
                "scale": {**asdict(scale), "floor": _bound(scale.floor), "cap": _bound(scale.cap)},
                "identity": engine.identities[series_id],
                "place": asdict(engine.places[series_id]),
                "candidate": engine.references[series_id].candidate if series_id in engine.references else None,
            }
            for series_id, scale in engine.scales.items()
        },
    }


def _bound(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _rebuild(files: Mapping[str, bytes]) -> Engine:
    config: dict[str, Any] = json.loads(files[CONFIG])
    if config["inputs"] != INPUTS:
        raise ArtifactRefusedError("model was trained on other inputs than this version builds")
    task = config["task"]
    shape = EngineShape(**{**config["shape"], "levels_bps": tuple(config["shape"]["levels_bps"])})
    arrays = {name: array.astype(np.float64) for name, array in load_arrays(files[TABLES]).items()}
    series: dict[str, dict[str, Any]] = config["series"]
    shares: list[float] = config["shares"]
    return Engine(
        task=Task(tuple(task["levels_bps"]), task["first_lead"], task["horizon"]),
        columns=Columns(tuple(config["columns"]["past"]), tuple(config["columns"]["future"])),
        shape=shape,
        nets=tuple(_net(shape, files[_net_name(k)]) for k in range(config["nets"])),
        trees=_trees(files[TREES]),
        direct=_trees(files[DIRECT]),
        shares=(shares[0], shares[1], shares[2]),
        scales={name: _scale(one["scale"]) for name, one in series.items()},
        references={
            name: Reference(one["candidate"], arrays[f"survival {name}"])
            for name, one in series.items()
            if one["candidate"] is not None
        },
        fallback=Reference(config["fallback"], arrays[f"fallback {_EVERYONE}"]),
        identities={name: one["identity"] for name, one in series.items()},
        until_s=config["until_s"],
        resolution_s=config["resolution_s"],
        places={name: Place(**one["place"]) for name, one in series.items()},
        offsets={n.removeprefix("offsets "): a for n, a in arrays.items() if n.startswith("offsets ")},
        alone={series_id: Trees(texts) for series_id, texts in json.loads(files[ALONE]).items()},
    )


def _trees(content: bytes) -> Trees | None:
    texts = json.loads(content)
    return Trees(texts) if texts else None


def _net(shape: EngineShape, content: bytes) -> EngineNet:
    net = EngineNet(shape)
    net.load_state_dict(load_tensors(content))
    return net.eval()


def _scale(one: dict[str, Any]) -> SeriesScale:
    low, high = one["floor"], one["cap"]
    columns = {name: (float(pair[0]), float(pair[1])) for name, pair in one["columns"].items()}
    return SeriesScale(
        range_=one["range_"],
        level=one["level"],
        floor=-np.inf if low is None else low,
        cap=np.inf if high is None else high,
        columns=columns,
    )
