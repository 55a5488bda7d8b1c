"""The key that signs receipts now, and all that ever did. Follows a rotation of the key file by itself."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gridseal.errors import ConfigError, UnavailableError
from gridseal.identity.ed25519 import SigningKey
from gridseal.runtime.logs import get_logger
from gridseal.wire.signing import key_id
from ingestion_gateway.database import Connection, GatewayDatabase

log = get_logger(__name__)
SETTING = "GATEWAY_RECEIPT_KEY"


class ReceiptKeys:
    """A ``receipts.ReceiptSigner`` whose key may change while it runs."""

    def __init__(self, path: Path, database: GatewayDatabase, *, interval_s: float = 5.0) -> None:
        """Read the key.

        Raises:
            ConfigError: The file is missing or holds no Ed25519 key.
        """
        self._path, self._database, self._interval_s = path, database, interval_s
        self.signer = SigningKey.read(path, SETTING)
        self._stamp = self._stamp_now()
        self._earlier: dict[str, tuple[Ed25519PublicKey, datetime]] = {}
        self._since = datetime.now(UTC)
        self._registered = ""

    @property
    def key_id(self) -> str:
        """Names the key in a receipt."""
        return self.signer.key_id

    def sign(self, content: bytes) -> str:
        """Signature as it stands in a receipt."""
        return self.signer.sign(content)

    def all(self) -> Iterator[tuple[str, Ed25519PublicKey, datetime]]:
        """Key id, key and first use of every key, the current one first."""
        own = self._earlier.get(self.key_id)
        yield self.key_id, self.signer.public, self._since if own is None else own[1]
        for name, (key, first_used_at) in sorted(self._earlier.items(), key=lambda item: item[1][1], reverse=True):
            if name != self.key_id:
                yield name, key, first_used_at

    async def run(self) -> None:
        """Follow the file and the table until cancelled."""
        while True:
            self._follow_file()
            if self._registered != self.key_id:
                await self._register()
            await asyncio.sleep(self._interval_s)

    def _follow_file(self) -> None:
        stamp = self._stamp_now()
        if stamp is None or stamp == self._stamp:
            return
        try:
            fresh = SigningKey.read(self._path, SETTING)
        except ConfigError as error:
            log.warning("receipt_key_kept", error=str(error))
            return
        self._stamp = stamp
        self._earlier[self.key_id] = (self.signer.public, self._since)
        self.signer, self._since = fresh, datetime.now(UTC)
        log.info("receipt_key_changed", key_id=fresh.key_id)

    async def _register(self) -> None:
        signer = self.signer
        try:
            rows = await self._database.run(lambda connection: _register(connection, signer))
        except UnavailableError as error:
            log.warning("receipt_key_not_registered", error=str(error))
            return
        self._earlier.update(rows)
        self._registered = signer.key_id

    def _stamp_now(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino


def _register(connection: Connection, signer: SigningKey) -> dict[str, tuple[Ed25519PublicKey, datetime]]:
    connection.execute(
        "INSERT INTO gateway.receipt_keys (key_id, public_key) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (signer.key_id, signer.public.public_bytes_raw()),
    )
    keys = {}
    for raw, first_used_at in connection.execute("SELECT public_key, first_used_at FROM gateway.receipt_keys"):
        key = Ed25519PublicKey.from_public_bytes(raw)
        keys[key_id(key)] = (key, first_used_at)
    return keys
