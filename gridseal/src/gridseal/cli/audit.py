"""``gridseal audit-device``: check again, from what is stored, that a device signed its readings.

Verifies every message of ``telemetry.signed_messages``, where the stream keeps them byte for byte, and
compares with every reading of the device in ``telemetry.readings``.
"""

import base64
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from rich.console import Console

from gridseal.access.install import own_headers
from gridseal.client.gateway import GatewayAdmin
from gridseal.errors import GridsealError, UnavailableError
from gridseal.identity.audit import Findings, Key, SignedReadings, compare
from gridseal.identity.ed25519 import read_public
from gridseal.runtime.settings import CoreSettings, load_settings
from gridseal.wire.fields import format_utc

CLEAN, NOT_CLEAN, NOT_CHECKED = 0, 1, 2
EXAMPLES = 5
_SIGNED = "SELECT payload FROM telemetry.signed_messages WHERE device_id = %s"
_STORED = """
SELECT quantity, (extract(epoch FROM period_start) * 1000)::bigint, value_milli, stored_at < %s
FROM telemetry.readings WHERE device_id = %s
"""


def audit_device(device: str, keys: Path | None, console: Console) -> int:
    """Print what was checked; 0 every reading is covered, 1 some is not, 2 it could not be checked."""
    try:
        core = load_settings(CoreSettings)
        public, enrolled_at = _keys(core, device, keys)
        signed = SignedReadings(public)
        stored = _stored(core.postgres_dsn, device, signed, enrolled_at)
    except (GridsealError, OSError, ValueError, psycopg.Error) as error:
        console.print(f"not audited: {error}", highlight=False)
        return NOT_CHECKED
    if not stored:
        console.print(f"not audited: the store has nothing of {device}", highlight=False)
        return NOT_CHECKED
    findings = compare(signed, stored)
    console.print(
        f"{device}: {len(stored)} readings stored, {findings.covered} signed as stored, {findings.before_key} stored"
        f" before it had a key\nsigned messages kept: {signed.messages}, wrong: {signed.forged}",
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
    for found in GatewayAdmin(core.gateway_url, headers=own_headers(core)).devices():
        if found["device_id"] == device and found["keys"]:
            raw = [base64.urlsafe_b64decode(key["public_key"] + "=") for key in found["keys"]]
            since = min(datetime.fromisoformat(key["valid_from"]) for key in found["keys"])
            return [Ed25519PublicKey.from_public_bytes(each) for each in raw], since
    raise UnavailableError(f"the gateway knows no payload key of {device}: 'gridseal device enroll {device} --sign'")


def _stored(dsn: str, device: str, signed: SignedReadings, enrolled_at: datetime) -> list[tuple[Key, int]]:
    """The device's readings; its signed messages and what is older than its key go into ``signed``."""
    with psycopg.connect(dsn, connect_timeout=10) as db:
        for (payload,) in db.execute(_SIGNED, (device,)):
            signed.add(bytes(payload))
        rows = db.execute(_STORED, (enrolled_at, device)).fetchall()
    signed.before_key.update((quantity, start_ms) for quantity, start_ms, _, before in rows if before)
    return [((quantity, start_ms), value) for quantity, start_ms, value, _ in rows]
