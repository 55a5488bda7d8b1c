"""The two keys of the service, read from keystores."""

import json
from pathlib import Path

from eth_account import Account

from gridseal.errors import ConfigError


class Key:
    """A private key in memory. Its text form shows the address only."""

    def __init__(self, private_key: bytes) -> None:
        self.secret = private_key
        self.address = str(Account.from_key(private_key).address)

    def __repr__(self) -> str:
        return f"Key({self.address})"


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
