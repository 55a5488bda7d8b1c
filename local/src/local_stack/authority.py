"""Keystores of the forecasting authority and of the relayer that pays for its transactions."""

import json
import os
import secrets
from pathlib import Path
from typing import Final

from eth_account import Account

from local_stack.layout import Layout

ROLES: Final = ("authority", "relayer")
KDF_ROUNDS: Final = 4096
"""Few: the passphrase is 256 random bits, so there is nothing to guess."""


def ensure_keystores(layout: Layout) -> None:
    """Make the keystores that are not there yet; existing ones are never touched."""
    for role in ROLES:
        store, passphrase = layout.keys / f"{role}.json", layout.keys / f"{role}.pass"
        if store.exists() and passphrase.exists():
            continue
        word = secrets.token_hex(32)
        key = secrets.token_bytes(32)
        write_private(passphrase, word.encode())
        encrypted = Account.encrypt(key, word, kdf="pbkdf2", iterations=KDF_ROUNDS)
        write_private(store, json.dumps(encrypted).encode())


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, in one step."""
    part = path.with_name(path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    part.replace(path)
