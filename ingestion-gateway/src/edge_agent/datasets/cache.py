"""Parsed columns on disk. The key holds the wheel's SHA-256 and the loader's own text.

So a changed pin or a changed loader is a miss, and a hit needs neither pandas nor the wheel.
"""

import contextlib
import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edge_agent.datasets.tracks import Channel, Track


def read_tracks(path: Path) -> list[Track] | None:
    """Tracks of one data set; None when the file is absent or damaged."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            heads = json.loads(bytes(stored["heads"]))
            return [_track(head, stored[f"{i}.starts_s"], stored[f"{i}.values"]) for i, head in enumerate(heads)]
    except (FileNotFoundError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        return None


def write_tracks(path: Path, tracks: Sequence[Track]) -> None:
    """Replace the file as a whole, so that a killed process leaves no half file under the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    heads = [
        {
            "device_id": track.device_id,
            "period_s": track.period_s,
            "channels": [[channel.quantity, channel.unit] for channel in track.channels],
            "left_out": track.left_out,
        }
        for track in tracks
    ]
    arrays: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = {
        "heads": np.frombuffer(json.dumps(heads).encode(), dtype=np.uint8)
    }
    for i, track in enumerate(tracks):
        arrays[f"{i}.starts_s"] = track.starts_s
        arrays[f"{i}.values"] = track.values
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        with partial.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **arrays)
        partial.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()


def _track(head: dict[str, object], starts_s: object, values: object) -> Track:
    channels = tuple(Channel(str(quantity), str(unit)) for quantity, unit in head["channels"])  # type: ignore[attr-defined]
    return Track(
        device_id=str(head["device_id"]),
        period_s=int(str(head["period_s"])),
        channels=channels,
        starts_s=np.asarray(starts_s, dtype=np.int64),
        values=np.asarray(values, dtype=np.float64),
        left_out=int(str(head["left_out"])),
    )
