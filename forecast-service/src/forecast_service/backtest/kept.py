"""Forecasts of earlier runs on disk, so that a new champion does not make its peers compute again."""

import hashlib
import os
from pathlib import Path

import numpy as np

from forecast_service.backtest.config import Part
from forecast_service.backtest.ports import Floats, TableSeries

PEERS = Path(__file__).parent / "peers"


class Kept:
    """One folder: ``<part>/<model>.npz``, each with the fingerprint of what it was computed from."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, part: str, model: str, fingerprint: str) -> Floats | None:
        """``(S, I, H, Q)``, or ``None`` where none is kept or it was computed from something else."""
        path = self._folder / part / f"{model}.npz"
        if not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as stored:
            if str(stored["fingerprint"]) != fingerprint:
                return None
            return np.asarray(stored["quantiles"], dtype=np.float64)

    def save(self, part: str, model: str, fingerprint: str, quantiles: Floats) -> None:
        """Replace what is kept; a reader sees the old file or the new one."""
        path = self._folder / part / f"{model}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".tmp.npz")
        np.savez_compressed(fresh, fingerprint=fingerprint, quantiles=quantiles)
        os.replace(fresh, path)


def fingerprint(part: Part, series: tuple[TableSeries, ...]) -> str:
    """Of the task, the data and the peers' code. Our own model is not part of it: it is computed every time."""
    digest = hashlib.sha256(part.model_dump_json().encode())
    for one in series:
        digest.update(f"{one.series_id}|{one.start_s}|{one.kind}".encode())
        for values in (one.target, *one.past.values(), *one.future.values()):
            digest.update(values.tobytes())
    for file in sorted(PEERS.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
