"""Which wheel, loader and shift belong together.

Each data set is moved by a multiple of 364 days, which keeps weekday and season, so that it lies
around the demo's origin, 2026-06-08.
"""

import hashlib
import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_agent.datasets import wheel
from edge_agent.datasets.cache import read_tracks, write_tracks
from edge_agent.datasets.tracks import Track
from edge_agent.datasets.wheel import Wheel

SHIFT_UNIT_DAYS: Final = 364


@dataclass(frozen=True, slots=True)
class Source:
    """One data set."""

    module: str
    wheel: Wheel
    shift_units: int

    @property
    def shift_days(self) -> int:
        """How far the data set is moved into the future."""
        return self.shift_units * SHIFT_UNIT_DAYS


SOURCES: Final = (
    Source("openoa", wheel.OPENOA, 11),
    Source("citylearn", wheel.CITYLEARN, 9),
    Source("pvanalytics", wheel.PVANALYTICS, 13),
    Source("opendsm", wheel.OPENDSM, 4),
)


def load_source(source: Source, wheel_dir: Path, cache_dir: Path) -> list[Track]:
    """Tracks of one data set on the source's own (corrected) clock.

    Raises:
        ConfigError: Not cached, and the wheel is absent or is not the pinned file.
    """
    path = cache_dir / f"{source.module}-{source.wheel.sha256[:16]}-{_loader_digest(source.module)}.npz"
    tracks = read_tracks(path)
    if tracks is None:
        members = wheel.open_wheel(source.wheel, wheel_dir)
        # pandas is imported only here: a warm start does without it.
        loader = importlib.import_module(f"edge_agent.datasets.{source.module}")
        tracks = list(loader.load(members))
        write_tracks(path, tracks)
    return tracks


def load_all(wheel_dir: Path, cache_dir: Path) -> dict[str, Track]:
    """Every device's track in domain time."""
    tracks: dict[str, Track] = {}
    for source in SOURCES:
        for track in load_source(source, wheel_dir, cache_dir):
            tracks[track.device_id] = track.shifted(source.shift_days)
    return tracks


def _loader_digest(module: str) -> str:
    digest = hashlib.sha256()
    for name in (module, "tracks", "doubled_hour"):
        spec = importlib.util.find_spec(f"edge_agent.datasets.{name}")
        if spec is not None and spec.origin is not None:
            digest.update(Path(spec.origin).read_bytes())
    return digest.hexdigest()[:12]
