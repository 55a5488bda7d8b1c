"""Only what was registered is served, and the last good model stays when the next is not."""

import json
from pathlib import Path

import pytest
from memory import FolderRegistry, trusted

from forecast_service.inference import ChampionLoader
from forecast_service.model.artifact import CONFIG, MANIFEST, NET, TABLES, ArtifactRefusedError, load_model
from gridseal.errors import UnavailableError

pytestmark = pytest.mark.timeout(400)
"""The first optimizer of a process imports half of PyTorch: a minute where nothing may be compiled ahead."""


def flip_a_bit(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))


def test_the_same_object_serves_until_the_alias_moves(registry: FolderRegistry) -> None:
    loader = ChampionLoader(registry, trusted)

    first = loader.poll()

    assert first is not None
    assert (first.name, first.version) == ("gridseal-test", "1")
    assert loader.poll() is first
    registry.promote(registry.publish(registry.folder / "1", registry.versions[0].model_hash, registry.records[0]))
    second = loader.poll()
    assert second is not None
    assert second.version == "2"


@pytest.mark.parametrize("name", [NET, TABLES, CONFIG, MANIFEST])
def test_a_flipped_bit_is_refused_and_the_last_good_model_stays(registry: FolderRegistry, name: str) -> None:
    loader = ChampionLoader(registry, trusted)
    good = loader.poll()
    bad = registry.publish(registry.folder / "1", registry.versions[0].model_hash, registry.records[0])
    flip_a_bit(registry.folder / bad.version / name)
    registry.promote(bad)

    assert loader.poll() is good
    assert loader.refused == "2"
    assert loader.poll() is good


def test_a_manifest_rewritten_to_fit_is_refused(registry: FolderRegistry) -> None:
    folder = registry.folder / "1"
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | {"horizon_s": 1}))

    assert ChampionLoader(registry, trusted).poll() is None
    with pytest.raises(ArtifactRefusedError, match="changed"):
        load_model(folder, registry.versions[0].model_hash)


def test_without_a_champion_there_is_none(tmp_path: Path) -> None:
    assert ChampionLoader(FolderRegistry(tmp_path), trusted).poll() is None


def test_a_silent_registry_is_said(registry: FolderRegistry) -> None:
    registry.down = True

    with pytest.raises(UnavailableError):
        ChampionLoader(registry, trusted).poll()
