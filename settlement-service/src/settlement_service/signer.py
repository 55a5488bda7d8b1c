"""The keys of the service: read from keystores, or kept by a remote signer."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eth_account import Account

from gridseal.errors import ConfigError
from gridseal.notary.batch import Batch, SigningDomain, sign_batch


class Key:
    """A private key in memory. Its text form shows the address only."""

    def __init__(self, private_key: bytes) -> None:
        self.secret = private_key
        self.address = str(Account.from_key(private_key).address)

    def __repr__(self) -> str:
        return f"Key({self.address})"

    async def sign(self, fields: Mapping[str, Any]) -> tuple[str, bytes]:
        """Hash and raw form of a type 2 transaction."""
        signed = await asyncio.to_thread(Account.sign_transaction, dict(fields), self.secret)
        return "0x" + bytes(signed.hash).hex(), bytes(signed.raw_transaction)

    async def sign_batch(self, batch: Batch, domain: SigningDomain) -> bytes:
        """The 65-byte signature of an authority over a batch."""
        return await asyncio.to_thread(sign_batch, batch, domain, self.secret)


def load_key(variable: str, keystore: Path, passphrase: Path) -> Key:
    """Decrypt a keystore.

    Raises:
        ConfigError: A file is missing, or the passphrase is wrong.
    """
    try:
        document = json.loads(keystore.read_text())
        word = passphrase.read_text().strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{variable}: cannot read {keystore} and {passphrase}, deploy.py makes both") from error
    try:
        return Key(bytes(Account.decrypt(document, word)))
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{variable}: {passphrase} does not open {keystore}") from error
