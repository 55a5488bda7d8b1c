"""Keystores of our authorities and of the keys that pay for transactions; the same as in ``deploy.py``."""

import json
import secrets
from typing import Final

from eth_account import Account

from gridseal.identity.private_file import write_private
from local_stack.layout import Layout

ROLES: Final = ("authority", "benchmark", "relayer", "provider", "keeper")
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
