"""Keystores of the local chain: made where they are missing, opened where a key has to act itself."""

import json
import secrets
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3

KDF_ROUNDS = 4096
"""Few: the passphrase is 256 random bits, so there is nothing to guess."""
ROLES = ("authority", "benchmark", "relayer", "provider", "keeper")
"""``authority`` and ``benchmark`` sign batches and hold stakes, ``relayer`` pays for seals, ``provider`` proposes
actuals, ``keeper`` does what anyone may do."""


def keep_key(folder: Path, name: str) -> str:
    """Address of the keystore ``name``; made with a random passphrase if there is none."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    store, passphrase = folder / f"{name}.json", folder / f"{name}.pass"
    if not store.exists():
        word = secrets.token_hex(32)
        account = Account.create()
        _write_private(passphrase, word)
        _write_private(store, json.dumps(Account.encrypt(account.key, word, kdf="pbkdf2", iterations=KDF_ROUNDS)))
    address = str(json.loads(store.read_text())["address"])
    return str(Web3.to_checksum_address(address if address.startswith("0x") else "0x" + address))


def keep_secret(folder: Path, name: str) -> None:
    """A file with a random 32-byte key in hexadecimal; made if there is none."""
    path = folder / name
    if not path.exists():
        _write_private(path, secrets.token_hex(32))


def open_key(store: Path, passphrase: Path) -> LocalAccount:
    """The account of a keystore.

    Raises:
        OSError: A file is missing.
        ValueError: The passphrase does not open it.
    """
    key = Account.decrypt(json.loads(store.read_text()), passphrase.read_text().strip())
    account: LocalAccount = Account.from_key(key)
    return account


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text + "\n")
