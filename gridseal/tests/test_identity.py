"""The site's authority as a folder, and the keys beside it."""

import json
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from gridseal.errors import ConfigError
from gridseal.identity.access import access_rules
from gridseal.identity.authority import SiteAuthority
from gridseal.identity.ed25519 import SigningKey, public_pem, read_public
from gridseal.identity.receipt_keys import (
    KEY_FILE,
    PUBLIC_FILE,
    ReceiptVerifier,
    ensure_receipt_key,
    rotate_receipt_key,
)
from gridseal.wire.signing import signing_bytes


def listed(folder: Path) -> set[str]:
    """Serial numbers on the revocation list, as openssl reads it."""
    shown = subprocess.run(
        ["openssl", "crl", "-in", folder / "crl.pem", "-noout", "-text", "-verify", "-CAfile", folder / "ca.crt"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "verify OK" in shown.stderr
    return {line.split(":")[1].strip().lower() for line in shown.stdout.splitlines() if "Serial Number" in line}


def serial_of(folder: Path, device: str) -> str:
    return f"{x509.load_pem_x509_certificate((folder / 'devices' / f'{device}.crt').read_bytes()).serial_number:x}"


def test_certificates_are_signed_by_the_authority_and_private(tmp_path: Path) -> None:
    SiteAuthority(tmp_path).ensure(["meter-1"])
    made = (tmp_path / "devices" / "meter-1.crt").read_bytes()
    SiteAuthority(tmp_path).ensure(["meter-1", "meter-2"])

    leaf = x509.load_pem_x509_certificate(made)
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate((tmp_path / "ca.crt").read_bytes()))
    assert leaf.subject.rfc4514_string() == "CN=meter-1"
    assert (tmp_path / "devices" / "meter-1.crt").read_bytes() == made
    private = {p for p in tmp_path.rglob("*.*") if p.is_file() and p.name != "crl.pem"}
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in private)
    checked = subprocess.run(
        ["openssl", "verify", "-CAfile", tmp_path / "ca.crt", tmp_path / "server.crt"], capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_the_revocation_list_of_a_fresh_site_is_empty_and_good(tmp_path: Path) -> None:
    SiteAuthority(tmp_path).ensure(["meter-1"])

    assert listed(tmp_path) == set()


def test_every_valid_certificate_of_a_revoked_device_is_listed(tmp_path: Path) -> None:
    authority = SiteAuthority(tmp_path)
    authority.ensure(["meter-1", "meter-2"])
    first = serial_of(tmp_path, "meter-1")
    second = authority.rotate("meter-1", days=7).serial

    gone = authority.revoke("meter-1", "stolen")

    assert {entry.serial for entry in gone} == {first, second} == {s.lstrip("0") for s in listed(tmp_path)}
    assert authority.revoke("meter-1", "stolen") == []
    authority.ensure(["meter-1"])
    assert serial_of(tmp_path, "meter-1") == second
    again = authority.enroll("meter-1", days=7)
    assert again.valid
    assert len(listed(tmp_path)) == 2


def test_after_a_rotation_only_the_earlier_certificates_may_go(tmp_path: Path) -> None:
    authority = SiteAuthority(tmp_path)
    authority.ensure(["meter-1"])
    first = serial_of(tmp_path, "meter-1")
    fresh = authority.rotate("meter-1", days=7)

    authority.revoke("meter-1", "rotated", keep=fresh.serial)

    assert {s.lstrip("0") for s in listed(tmp_path)} == {first}
    assert fresh.expires_at - datetime.now(UTC) < timedelta(days=7, minutes=1)


def test_a_short_lived_certificate_is_not_replaced_before_two_thirds_of_its_life(tmp_path: Path) -> None:
    authority = SiteAuthority(tmp_path)
    short = authority.enroll("meter-1", days=1, place=("demo", "home-01"))

    authority.ensure(["meter-1"])

    assert serial_of(tmp_path, "meter-1") == short.serial
    assert authority.register().access == {"meter-1": ("demo", "home-01")}


def test_what_is_not_enrolled_can_neither_be_rotated_nor_revoked(tmp_path: Path) -> None:
    authority = SiteAuthority(tmp_path)
    with pytest.raises(ConfigError, match="gridseal device enroll meter-1"):
        authority.rotate("meter-1", days=1)
    with pytest.raises(ConfigError, match="nothing to revoke"):
        authority.revoke("meter-1", "")
    authority.enroll("meter-1", days=1)
    with pytest.raises(ConfigError, match="enrolled already"):
        authority.enroll("meter-1", days=1)


@pytest.mark.parametrize("name", ["a/b", "gateway", "operator", "", "Meter", "../x"])
def test_a_device_id_that_would_break_topic_or_identity_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be a device id"):
        SiteAuthority(tmp_path).ensure([name])


def test_a_device_may_write_its_own_topic_only() -> None:
    rules = access_rules({"meter-1": ("demo", "home-01")})

    assert "user meter-1\ntopic write v1/demo/home-01/meter-1/telemetry\n" in rules
    assert "topic read v1/demo/home-01/meter-1/receipt" in rules
    assert rules.count("user ") == 2


def a_receipt(key: SigningKey) -> dict[str, object]:
    content: dict[str, object] = {"schema": "receipt/2", "through": 4, "key_id": key.key_id}
    return content | {"signature": key.sign(signing_bytes(content))}


def test_a_receipt_of_an_earlier_key_stays_checkable_and_a_new_key_is_noticed(tmp_path: Path) -> None:
    ensure_receipt_key(tmp_path / "keys", tmp_path)
    ensure_receipt_key(tmp_path / "keys", tmp_path)
    old = SigningKey.read(tmp_path / "keys" / KEY_FILE, "X")
    verifier = ReceiptVerifier(tmp_path / PUBLIC_FILE, "X")
    assert verifier.fault(a_receipt(old)) is None

    new = rotate_receipt_key(tmp_path / "keys", tmp_path)

    assert new.key_id != old.key_id
    assert verifier.fault(a_receipt(new)) is None
    assert verifier.fault(a_receipt(old)) is None
    assert list(read_public((tmp_path / PUBLIC_FILE).read_bytes())) == [new.key_id, old.key_id]
    assert stat.S_IMODE((tmp_path / "keys" / KEY_FILE).stat().st_mode) == 0o600


def test_a_forged_receipt_is_told_from_a_strangers_and_from_an_unsigned_one(tmp_path: Path) -> None:
    ensure_receipt_key(tmp_path / "keys", tmp_path)
    verifier = ReceiptVerifier(tmp_path / PUBLIC_FILE, "X")
    good = a_receipt(SigningKey.read(tmp_path / "keys" / KEY_FILE, "X"))

    assert verifier.fault(good | {"through": 9}) == "bad_signature"
    assert verifier.fault(a_receipt(SigningKey.new())) == "unknown_key"
    assert verifier.fault(good | {"signature": None}) == "unsigned"
    assert verifier.fault(json.loads(json.dumps(good))) is None


def test_a_key_file_that_cannot_be_used_names_its_setting(tmp_path: Path) -> None:
    (tmp_path / "wrong.key").write_text("no key")
    with pytest.raises(ConfigError, match="GATEWAY_RECEIPT_KEY"):
        SigningKey.read(tmp_path / "wrong.key", "GATEWAY_RECEIPT_KEY")
    with pytest.raises(ConfigError, match="EDGE_AGENT_RECEIPT_KEYS"):
        ReceiptVerifier(tmp_path / "missing.pub", "EDGE_AGENT_RECEIPT_KEYS").read()
    with pytest.raises(ValueError, match="no public key"):
        read_public(b"nothing")
    assert len(read_public(public_pem(SigningKey.new().public) * 2)) == 1
