"""Only what was registered is served, and the last good model stays when the next is not."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from memory import FolderRegistry, trusted

from forecast_service.inference import ChampionLoader
from forecast_service.inference.registry import Registered
from forecast_service.model.artifact import CONFIG, FORMAT, MANIFEST, NET, TABLES, ArtifactRefusedError, load_model
from forecast_service.model.sealed import SIGNATURE, provenance_of, seal, unseal
from gridseal.errors import ConfigError, UnavailableError
from gridseal.identity.ed25519 import SigningKey
from gridseal.identity.model_keys import KEY_FILE, PUBLIC_FILE, ensure_model_key, read_model_keys, rotate_model_key

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


class FlippingRegistry(FolderRegistry):
    """Serves version after version, each with one bit flipped at a random place of a random file."""

    def __init__(self, good: FolderRegistry) -> None:
        super().__init__(good.folder)
        self.source, self.count = good, 0
        self.random = np.random.default_rng(3)
        self.flipped: set[str] = set()

    def champion(self) -> Registered:
        self.count += 1
        return replace(self.source.versions[0], version=f"flipped-{self.count}")

    def fetch(self, registered: Registered, into: Path) -> Path:
        folder = self.source.fetch(self.source.versions[0], into)
        files = sorted(folder.iterdir())
        ends = np.cumsum([file.stat().st_size for file in files])
        # Half of the flips anywhere, half in a file of any size: the small ones matter as much.
        k = int(self.random.integers(len(files)))
        if self.count % 2:
            k = int(np.searchsorted(ends, self.random.integers(ends[-1]), side="right"))
        data = bytearray(files[k].read_bytes())
        data[self.random.integers(len(data))] ^= 1 << int(self.random.integers(8))
        files[k].write_bytes(bytes(data))
        self.flipped.add(files[k].name)
        return folder


def test_a_thousand_flipped_bits_are_a_thousand_refusals_and_the_last_good_model_stays(
    registry: FolderRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    flipping = FlippingRegistry(registry)
    loader = ChampionLoader(registry, trusted)
    good = loader.poll()
    assert good is not None
    loader._registry = flipping

    for _ in range(1_000):
        assert loader.poll() is good
        assert loader.refused == f"flipped-{flipping.count}"
    capsys.readouterr()

    assert flipping.count == 1_000
    assert flipping.flipped == {path.name for path in (registry.folder / "1").iterdir()}


def test_a_model_that_nobody_trusted_signed_is_refused(registry: FolderRegistry) -> None:
    stranger = SigningKey.new()
    unsigned = registry.folder / "1" / SIGNATURE

    assert ChampionLoader(registry, lambda: {stranger.key_id: stranger.public}).poll() is None
    unsigned.unlink()
    assert ChampionLoader(registry, trusted).poll() is None


def test_a_forged_signature_under_a_trusted_name_is_refused(registry: FolderRegistry) -> None:
    stranger, folder = SigningKey.new(), registry.folder / "1"
    forged = json.loads((folder / SIGNATURE).read_text())
    forged["signature"] = stranger.sign((folder / MANIFEST).read_bytes())
    (folder / SIGNATURE).write_text(json.dumps(forged, indent=1, sort_keys=True))

    assert ChampionLoader(registry, trusted).poll() is None


def test_a_file_that_nobody_signed_is_refused(registry: FolderRegistry) -> None:
    (registry.folder / "1" / "more.pkl").write_bytes(b"surprise")

    assert ChampionLoader(registry, trusted).poll() is None


def test_a_rotated_key_leaves_older_models_good(tmp_path: Path, registry: FolderRegistry) -> None:
    keys, tls = tmp_path / "keys", tmp_path / "tls"
    first = ensure_model_key(keys, tls)
    seal(registry.folder / "1", FORMAT, first)
    rotate_model_key(keys, tls)

    files = unseal(registry.folder / "1", FORMAT, None, read_model_keys(tls / PUBLIC_FILE, "TEST"))

    assert CONFIG in files
    assert (keys / KEY_FILE).stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError, match="TEST"):
        read_model_keys(tmp_path / "nowhere", "TEST")


def test_a_manifest_says_where_the_model_comes_from(registry: FolderRegistry) -> None:
    said = provenance_of(registry.folder / "1")

    assert said["data_sha256"].startswith("0x")
    assert {"python", "torch", "numpy", "trained_until"} <= set(said)


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
