"""What the gateway knows of devices beyond the catalog: payload keys and revocations, in PostgreSQL.

Read again every few seconds, so every replica follows within a minute; whatever was read last stays
in force while the database is away.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gridseal.errors import UnavailableError
from gridseal.runtime.logs import get_logger
from gridseal.wire.signing import key_id
from ingestion_gateway.database import Connection, GatewayDatabase

log = get_logger(__name__)
_OVERLAP: Final = timedelta(minutes=5)
"""Rows are read again this far back: a transaction may commit after one that began later."""

_DEVICES: Final = """
SELECT d.device_id, d.enrolled_at, d.revoked_at, d.reason, d.changed_at,
       k.public_key, k.valid_from, k.valid_to
FROM gateway.devices d LEFT JOIN gateway.device_keys k USING (device_id)
WHERE d.changed_at >= %s ORDER BY d.device_id, k.valid_from DESC
"""
_ENROLL: Final = """
INSERT INTO gateway.devices (device_id) VALUES (%s)
ON CONFLICT (device_id) DO UPDATE SET revoked_at = NULL, reason = '', changed_at = clock_timestamp()
"""
_END_KEYS: Final = """
UPDATE gateway.device_keys SET valid_to = now() WHERE device_id = %s AND key_id <> %s AND valid_to IS NULL
"""
_ADD_KEY: Final = """
INSERT INTO gateway.device_keys (device_id, key_id, public_key) VALUES (%s, %s, %s)
ON CONFLICT (device_id, key_id) DO UPDATE SET valid_to = NULL
"""
_REVOKE: Final = """
INSERT INTO gateway.devices (device_id, revoked_at, reason) VALUES (%s, now(), %s)
ON CONFLICT (device_id) DO UPDATE
SET revoked_at = coalesce(devices.revoked_at, now()), reason = excluded.reason, changed_at = clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class PayloadKey:
    """One public key of a device and when it was in use; ``valid_to`` is None for the current one."""

    key: Ed25519PublicKey
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """One enrolled or revoked device. ``keys``: the newest first."""

    device_id: str
    enrolled_at: datetime
    revoked_at: datetime | None
    reason: str
    keys: tuple[PayloadKey, ...] = ()


@dataclass(slots=True)
class DeviceRecords:
    """The records as last read."""

    database: GatewayDatabase
    interval_s: float = 10.0
    by_id: dict[str, DeviceRecord] = field(default_factory=dict)
    _read_until: datetime | None = None
    _reachable: bool = True

    async def load(self) -> None:
        """Read what changed since the last time.

        Raises:
            UnavailableError: PostgreSQL does not answer.
        """
        since = datetime.fromtimestamp(0, UTC) if self._read_until is None else self._read_until - _OVERLAP
        rows, until = await self.database.run(lambda connection: _read(connection, since))
        self.by_id.update(rows)
        self._read_until = until if self._read_until is None else max(until, self._read_until)

    async def try_load(self) -> None:
        """The same; while PostgreSQL is away what was read last stays in force."""
        try:
            await self.load()
            self._reachable = True
        except UnavailableError as error:
            if self._reachable:
                log.warning("device_records_stale", error=str(error))
            self._reachable = False

    async def run(self) -> None:
        """Read again and again until cancelled."""
        while True:
            await asyncio.sleep(self.interval_s)
            await self.try_load()

    async def enroll(self, device_id: str, public_key: Ed25519PublicKey | None) -> DeviceRecord:
        """Admit a device, with a payload key if given; ends a revocation and the use of its earlier keys.

        Raises:
            UnavailableError: PostgreSQL does not answer.
        """

        def work(connection: Connection) -> None:
            connection.execute(_ENROLL, (device_id,))
            if public_key is not None:
                name = key_id(public_key)
                connection.execute(_END_KEYS, (device_id, name))
                connection.execute(_ADD_KEY, (device_id, name, public_key.public_bytes_raw()))

        await self.database.run(work)
        await self.load()
        return self.by_id[device_id]

    async def revoke(self, device_id: str, reason: str) -> DeviceRecord:
        """Take nothing from the device any more.

        Raises:
            UnavailableError: PostgreSQL does not answer.
        """
        await self.database.run(lambda connection: connection.execute(_REVOKE, (device_id, reason)))
        await self.load()
        return self.by_id[device_id]

    def revoked(self, device_id: str) -> bool:
        """Whether messages of the device are to be refused."""
        record = self.by_id.get(device_id)
        return record is not None and record.revoked_at is not None


def _read(connection: Connection, since: datetime) -> tuple[dict[str, DeviceRecord], datetime]:
    records: dict[str, DeviceRecord] = {}
    until = since
    for device_id, enrolled_at, revoked_at, reason, changed_at, raw, valid_from, valid_to in connection.execute(
        _DEVICES, (since,)
    ):
        key = () if raw is None else (PayloadKey(Ed25519PublicKey.from_public_bytes(raw), valid_from, valid_to),)
        earlier = records[device_id].keys if device_id in records else ()
        records[device_id] = DeviceRecord(device_id, enrolled_at, revoked_at, reason, earlier + key)
        until = max(until, changed_at)
    return records, until
