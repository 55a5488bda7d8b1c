"""The data sets as loaders return them, on the sources' own corrected clocks."""

from pathlib import Path

import pytest

from edge_agent.datasets.sources import SOURCES, load_source
from edge_agent.datasets.tracks import Track

WHEELS = Path(__file__).resolve().parents[3] / ".local" / "wheels"


@pytest.fixture(scope="session")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Track]:
    cache = tmp_path_factory.mktemp("cache")
    return {track.device_id: track for source in SOURCES for track in load_source(source, WHEELS, cache)}
