"""Ed25519 keys as PEM files: one private key per file, any number of public keys in one."""

import base64
import re
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gridseal.errors import ConfigError
from gridseal.wire.signing import key_id

_BLOCK: Final = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)


class SigningKey:
    """A private key that signs bytes in the form that messages carry."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key()
        self.key_id = key_id(self.public)

    @classmethod
    def new(cls) -> "SigningKey":
        """A fresh key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def read(cls, path: Path, setting: str) -> "SigningKey":
        """Read a PEM file.

        Raises:
            ConfigError: It is missing or holds no Ed25519 key; ``setting`` is named.
        """
        try:
            key = serialization.load_pem_private_key(path.read_bytes(), None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise ConfigError(f"{setting}: {path} must hold an Ed25519 private key ({error})") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise ConfigError(f"{setting}: {path} must hold an Ed25519 private key, and holds another kind")
        return cls(key)

    def sign(self, content: bytes) -> str:
        """Signature in base64url without padding."""
        return base64.urlsafe_b64encode(self._key.sign(content))[:-2].decode()

    def private_pem(self) -> bytes:
        """PKCS 8, not encrypted."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def public_pem(key: Ed25519PublicKey) -> bytes:
    """SubjectPublicKeyInfo in PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def read_public(content: bytes) -> dict[str, Ed25519PublicKey]:
    """Every Ed25519 public key of a PEM file by its key id, in the order of the file.

    Raises:
        ValueError: A block is broken or of another kind, or there is none.
    """
    keys: dict[str, Ed25519PublicKey] = {}
    for block in _BLOCK.findall(content):
        key = serialization.load_pem_public_key(block)
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("a public key of another kind than Ed25519")
        keys[key_id(key)] = key
    if not keys:
        raise ValueError("no public key in PEM form")
    return keys
