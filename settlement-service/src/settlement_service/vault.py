"""Batch secrets at rest: AES-256-GCM under a key that is not in the database.

Who reads the table, a backup or a replica learns nothing of the forecasts that were not opened. The run's id goes into
the tag, so that a secret cannot be moved to another run.
"""

import secrets
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gridseal.errors import ConfigError

VERSION = b"\x01"
ID_BYTES, NONCE_BYTES, KEY_BYTES, SECRET_BYTES = 4, 12, 32, 32
SEALED_BYTES = len(VERSION) + ID_BYTES + NONCE_BYTES + SECRET_BYTES + 16


class Vault:
    """Seals with the first key and opens with any, so that keys can be rotated."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {sha256(key).digest()[:ID_BYTES]: AESGCM(key) for key in keys}
        self.key_id = sha256(keys[0]).digest()[:ID_BYTES]
        """Names the key that seals now; stands behind the first byte of what it sealed."""

    def seal(self, secret: bytes, run_id: str) -> bytes:
        """What goes into the table for the 32 bytes of ``secret``."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._keys[self.key_id].encrypt(nonce, secret, VERSION + run_id.encode())
        return VERSION + self.key_id + nonce + sealed

    def open(self, sealed: bytes, run_id: str) -> bytes:
        """The secret.

        Raises:
            ConfigError: It was sealed with a key that is not in the file, or was changed.
        """
        key = self._keys.get(sealed[1 : 1 + ID_BYTES])
        if len(sealed) != SEALED_BYTES or sealed[:1] != VERSION or key is None:
            raise ConfigError("SETTLEMENT_SERVICE_SECRETS_KEY_FILE lacks the key of a stored batch secret")
        start = 1 + ID_BYTES + NONCE_BYTES
        try:
            return key.decrypt(sealed[1 + ID_BYTES : start], sealed[start:], VERSION + run_id.encode())
        except InvalidTag as error:
            raise ConfigError(f"the batch secret of run {run_id} was changed in the database") from error

    def renewed(self, stored: bytes, run_id: str) -> bytes:
        """``stored``, plain from before encryption or under an older key, sealed with the present one."""
        return self.seal(stored if len(stored) == SECRET_BYTES else self.open(stored, run_id), run_id)


def load_vault(variable: str, file: Path) -> Vault:
    """Read a key file: 64 hexadecimal digits a line, the present key first.

    Raises:
        ConfigError: It is missing, or holds something else.
    """
    try:
        keys = [bytes.fromhex(line) for line in file.read_text().split()]
    except (OSError, ValueError) as error:
        raise ConfigError(f"{variable}: cannot read keys from {file}, deploy.py makes it") from error
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise ConfigError(f"{variable}: {file} should hold 64 hexadecimal digits a line")
    return Vault(keys)
