"""``gridseal audit-device``: check again, from what is stored, that a device signed its readings.

Reads the device's messages from Kafka as far back as they are kept (7 days unless configured), verifies
their signatures, and compares with every reading in ``telemetry.readings`` that was stored since the
oldest of them.
"""

import asyncio
import base64
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from rich.console import Console

from gridseal.client.gateway import GatewayAdmin
from gridseal.errors import GridsealError, UnavailableError
from gridseal.identity.audit import Findings, Key, SignedReadings, compare
from gridseal.identity.ed25519 import read_public
from gridseal.runtime.settings import CoreSettings, load_settings
from gridseal.wire.fields import format_utc
from gridseal.wire.topics import TELEMETRY_CLASSES, telemetry_topic

CLEAN, NOT_CLEAN, NOT_CHECKED = 0, 1, 2
EXAMPLES = 5
_STORED = """
SELECT quantity, (extract(epoch FROM period_start) * 1000)::bigint, value_milli FROM telemetry.readings
WHERE device_id = %s AND stored_at >= %s
"""


def audit_device(device: str, keys: Path | None, console: Console) -> int:
    """Print what was checked; 0 every reading is covered, 1 some is not, 2 it could not be checked."""
    try:
        core = load_settings(CoreSettings)
        public, enrolled_at = _keys(core, device, keys)
        signed = SignedReadings(public)
        since = asyncio.run(_read_messages(core.kafka_bootstrap, device, signed, enrolled_at))
        stored = [] if since is None else _stored(core.postgres_dsn, device, since)
    except (GridsealError, OSError, ValueError, KafkaError, psycopg.Error) as error:
        console.print(f"not audited: {error}", highlight=False)
        return NOT_CHECKED
    if since is None or not stored:
        console.print(f"not audited: Kafka and the store have nothing of {device} in common", highlight=False)
        return NOT_CHECKED
    findings = compare(signed, stored)
    console.print(
        f"{device}, stored since {format_utc(since)}: {len(stored)} readings, {findings.covered} signed as stored,"
        f" {findings.before_key} from before it had a key\n"
        f"messages in Kafka: {signed.messages}, without signature: {signed.unsigned}, wrong: {signed.forged}",
        highlight=False,
    )
    _examples("stored with another value than signed", findings.different, console)
    _examples("stored and never signed", findings.uncovered, console)
    return _verdict(findings, console)


def _verdict(findings: Findings, console: Console) -> int:
    if findings.clean:
        console.print("CLEAN: the device signed every one of these readings", style="bold green")
        return CLEAN
    console.print("NOT CLEAN: not every stored reading is covered by a signature", style="bold red")
    return NOT_CLEAN


def _examples(what: str, keys: tuple[Key, ...], console: Console) -> None:
    if keys:
        first = ", ".join(f"{q} {format_utc(datetime.fromtimestamp(ms / 1_000, UTC))}" for q, ms in keys[:EXAMPLES])
        console.print(f"{what}: {len(keys)}, such as {first}", highlight=False)


def _keys(core: CoreSettings, device: str, path: Path | None) -> tuple[list[Ed25519PublicKey], datetime]:
    """The device's public keys, and since when it must sign."""
    if path is not None:
        return list(read_public(path.read_bytes()).values()), datetime.fromtimestamp(0, UTC)
    for found in GatewayAdmin(core.gateway_url).devices():
        if found["device_id"] == device and found["keys"]:
            raw = [base64.urlsafe_b64decode(key["public_key"] + "=") for key in found["keys"]]
            since = min(datetime.fromisoformat(key["valid_from"]) for key in found["keys"])
            return [Ed25519PublicKey.from_public_bytes(each) for each in raw], since
    raise UnavailableError(f"the gateway knows no payload key of {device}: 'gridseal device enroll {device} --sign'")


async def _read_messages(bootstrap: str, device: str, signed: SignedReadings, enrolled_at: datetime) -> datetime | None:
    """Hand over every message of the device; returns since when the store is to be compared with them."""
    topics = [telemetry_topic(each) for each in TELEMETRY_CLASSES]
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    must_sign_ms, oldest_ms = enrolled_at.timestamp() * 1_000, None
    try:
        places = consumer.assignment()
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    if record.key == device.encode() and record.value is not None:
                        oldest_ms = record.timestamp if oldest_ms is None else min(oldest_ms, record.timestamp)
                        signed.add(record.value, had_key=record.timestamp >= must_sign_ms)
    finally:
        await consumer.stop()
    return None if oldest_ms is None else datetime.fromtimestamp(oldest_ms / 1_000, UTC)


def _stored(dsn: str, device: str, since: datetime) -> list[tuple[Key, int]]:
    with psycopg.connect(dsn, connect_timeout=10) as db:
        rows = db.execute(_STORED, (device, since)).fetchall()
    return [((quantity, start_ms), value) for quantity, start_ms, value in rows]
