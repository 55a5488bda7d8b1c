"""Which payloads must be signed, and by which key."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from gridseal.identity.ed25519 import SigningKey
from gridseal.wire.signing import signing_bytes
from ingestion_gateway.accept import Accepted, MessageId, Refused
from ingestion_gateway.database import GatewayDatabase
from ingestion_gateway.device_identity import DeviceIdentity
from ingestion_gateway.device_records import DeviceRecord, DeviceRecords, PayloadKey
from ingestion_gateway.payload_signatures import PayloadSignatures

from .builders import BOOT_ID, a_message

NOW = datetime.now(UTC)
OLD, CURRENT = SigningKey.new(), SigningKey.new()


def a_record(device_id: str, *keys: PayloadKey, revoked: bool = False) -> DeviceRecord:
    return DeviceRecord(device_id, NOW, NOW if revoked else None, "", keys)


def records(*, rotated_ago: timedelta = timedelta(hours=1)) -> DeviceRecords:
    current = PayloadKey(CURRENT.public, NOW - rotated_ago, None)
    earlier = PayloadKey(OLD.public, NOW - timedelta(days=30), NOW - rotated_ago)
    known = DeviceRecords(GatewayDatabase(""))
    known.by_id["home-01-pv"] = a_record("home-01-pv", current, earlier)
    known.by_id["banned"] = a_record("banned", revoked=True)
    return known


def signed(key: SigningKey, payload: bytes | None = None) -> bytes:
    payload = payload or a_message()
    return payload[:-1] + b',"signature":"' + key.sign(signing_bytes(json.loads(payload))).encode() + b'"}'


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        (signed(CURRENT), None),
        (signed(OLD), None),
        (a_message(), "unsigned"),
        (signed(SigningKey.new()), "bad_signature"),
        (signed(CURRENT).replace(b"1.5", b"1.6"), "bad_signature"),
        (signed(CURRENT).replace(b'"seq": 7', b'"seq": 7, "seq": 7'), "bad_signature"),
    ],
)
def test_a_device_with_a_key_signs_everything(payload: bytes, fault: str | None) -> None:
    assert PayloadSignatures(records()).fault("home-01-pv", "solar", payload) == fault


def test_an_earlier_key_is_taken_for_a_while_only() -> None:
    late = PayloadSignatures(records(rotated_ago=timedelta(days=2)), grace=timedelta(days=1))

    assert late.fault("home-01-pv", "solar", signed(OLD)) == "bad_signature"
    assert late.fault("home-01-pv", "solar", signed(CURRENT)) is None


def test_a_class_that_asks_for_signatures_takes_nobody_without_a_key() -> None:
    strict = PayloadSignatures(records(), required=("meter",))

    assert strict.fault("home-02-meter", "meter", a_message()) == "unsigned"
    assert strict.fault("home-02-pv", "solar", a_message()) is None


def test_a_revoked_device_is_refused_by_name_and_the_others_are_not() -> None:
    identity = DeviceIdentity(records(), PayloadSignatures(records()))
    message_id = MessageId(BOOT_ID, 7)

    verdict = identity.judge(Accepted("banned", "meter", message_id, 1), a_message())

    assert isinstance(verdict, Refused)
    assert (verdict.reason, verdict.device_id, verdict.message_id) == ("revoked", "banned", message_id)
    sound = Accepted("home-02-pv", "solar", message_id, 1)
    assert identity.judge(sound, a_message()) is sound
