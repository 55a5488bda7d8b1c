"""The gateway's receipt key on disk, and the public keys by which its receipts are checked.

``keys/gateway-receipt.key`` signs. ``tls/gateway-receipt.pub`` holds its public key first and those of
earlier keys after it: a receipt stays checkable after a rotation, and an agent that was away can
still forget what an old receipt covered.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gridseal.errors import ConfigError
from gridseal.identity.ed25519 import SigningKey, read_public
from gridseal.identity.key_pair import ensure_pair, rotate_pair
from gridseal.wire.signing import verified

KEY_FILE: Final = "gateway-receipt.key"
PUBLIC_FILE: Final = "gateway-receipt.pub"


def ensure_receipt_key(keys: Path, tls: Path) -> None:
    """Make the key if it is not there, and see that its public key is the first of the public file."""
    ensure_pair(keys / KEY_FILE, tls / PUBLIC_FILE, "receipt key")


def rotate_receipt_key(keys: Path, tls: Path) -> SigningKey:
    """Replace the key. Its public key is published before anything can be signed with it."""
    return rotate_pair(keys / KEY_FILE, tls / PUBLIC_FILE)


@dataclass(slots=True)
class ReceiptVerifier:
    """Checks receipts against the public keys of a file, read again when a key is not among them."""

    path: Path
    setting: str
    _keys: dict[str, Ed25519PublicKey] | None = None
    _read_at: tuple[int, int] = (0, 0)

    def read(self) -> None:
        """Read the file.

        Raises:
            ConfigError: It is missing or holds no key.
        """
        try:
            stamp = self.path.stat()
            self._keys = read_public(self.path.read_bytes())
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"{self.setting}: {self.path} must hold the gateway's public receipt keys ({error});"
                " `make setup` and the first start write it, GET /api/v1/gateway/receipt-keys publishes them"
            ) from error
        self._read_at = (stamp.st_mtime_ns, stamp.st_size)

    def fault(self, receipt: dict[str, Any]) -> str | None:
        """None when the signature holds; else ``unsigned``, ``unknown_key`` or ``bad_signature``."""
        if self._keys is None:
            self.read()
        if receipt.get("signature") is None:
            return "unsigned"
        name = str(receipt.get("key_id"))
        if name not in (self._keys or {}) and self._changed():
            self.read()
        key = (self._keys or {}).get(name)
        if key is None:
            return "unknown_key"
        return None if verified(receipt, key) else "bad_signature"

    def _changed(self) -> bool:
        try:
            stamp = self.path.stat()
        except OSError:
            return False
        return (stamp.st_mtime_ns, stamp.st_size) != self._read_at
