"""Batch secrets at rest: readable with the key file only, each bound to its run."""

from pathlib import Path

import pytest

from gridseal.errors import ConfigError
from settlement_service.vault import Vault, load_vault

OLD, NEW = b"o" * 32, b"n" * 32
SECRET = bytes(range(32))


def test_a_sealed_secret_opens_again_and_shows_nothing() -> None:
    vault = Vault([NEW])
    sealed = vault.seal(SECRET, "run-1")

    assert vault.open(sealed, "run-1") == SECRET
    assert SECRET not in sealed
    assert vault.seal(SECRET, "run-1") != sealed, "the same secret twice looks different"


def test_a_secret_of_another_run_or_a_changed_one_is_refused() -> None:
    vault = Vault([NEW])
    sealed = vault.seal(SECRET, "run-1")

    with pytest.raises(ConfigError, match="changed"):
        vault.open(sealed, "run-2")
    with pytest.raises(ConfigError, match="changed"):
        vault.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "run-1")


def test_without_its_key_a_secret_does_not_open() -> None:
    with pytest.raises(ConfigError, match="lacks the key"):
        Vault([NEW]).open(Vault([OLD]).seal(SECRET, "run-1"), "run-1")


def test_keys_are_rotated() -> None:
    before = Vault([OLD]).seal(SECRET, "run-1")
    both = Vault([NEW, OLD])
    renewed = both.renewed(before, "run-1")

    assert both.open(before, "run-1") == SECRET
    assert Vault([NEW]).open(renewed, "run-1") == SECRET
    assert Vault([NEW]).open(both.renewed(SECRET, "run-1"), "run-1") == SECRET, "plain, from before encryption"


@pytest.mark.parametrize("text", ["", "zz" * 32, "ab" * 31])
def test_a_wrong_key_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys"
    file.write_text(text)

    with pytest.raises(ConfigError, match="SECRETS_KEY_FILE"):
        load_vault("SETTLEMENT_SERVICE_SECRETS_KEY_FILE", file)
    with pytest.raises(ConfigError, match="SECRETS_KEY_FILE"):
        load_vault("SETTLEMENT_SERVICE_SECRETS_KEY_FILE", tmp_path / "missing")
