"""The certificate authority of a site as a folder: what it signed, what it revoked, and the revocation list.

``ca.crt`` ``ca.key``, ``server.*`` for the broker, ``gateway.*`` and ``operator.*`` for those who serve,
``devices/<device_id>.crt|.key`` for those who speak, ``crl.pem``, and ``register.json``: every
certificate of a device ever signed, so that all of them can be revoked, not only the newest.
"""

import fcntl
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import Field

from gridseal.errors import ConfigError
from gridseal.identity import certificates as made
from gridseal.identity.private_file import write_private, write_public
from gridseal.wire.codec import decode, encode
from gridseal.wire.fields import Message, UtcTime

LEAF_DAYS: Final = 365
RENEW_DAYS: Final = 30
SERVICES: Final = ("gateway", "operator")
RESERVED: Final = frozenset({*SERVICES, "server", "localhost"})
_DEVICE: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")


class SignedCertificate(Message):
    """A certificate of a device, as the authority remembers it."""

    serial: Annotated[str, Field(pattern=r"^[0-9a-f]{1,40}$")]
    device_id: str
    issued_at: UtcTime
    expires_at: UtcTime
    revoked_at: UtcTime | None = None
    reason: str = ""

    @property
    def valid(self) -> bool:
        """Neither revoked nor over."""
        return self.revoked_at is None and self.expires_at > datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Signed:
    """Where the files of one certificate lie."""

    authority: Path
    certificate: Path
    key: Path
    both: Path
    """Certificate and key in one file, as Kafka wants it."""


class Register(Message):
    """Content of ``register.json``."""

    certificates: tuple[SignedCertificate, ...] = ()
    access: dict[str, tuple[str, str]] = Field(default_factory=dict)
    """Tenant and site of devices enrolled by hand; those of the fleet are known without."""


class SiteAuthority:
    """One folder. Changes are made under a lock: a start of the stack and a command may meet."""

    def __init__(self, folder: Path) -> None:
        """Open the authority, or make one.

        Raises:
            ConfigError: Its key is of another kind.
        """
        self.folder = folder
        (folder / "devices").mkdir(parents=True, exist_ok=True)
        (folder / "devices").chmod(0o700)
        with self._locked():
            if not ((folder / "ca.crt").exists() and (folder / "ca.key").exists()):
                authority, private = made.new_authority()
                write_private(folder / "ca.key", made.key_pem(private))
                write_private(folder / "ca.crt", made.pem(authority))
        loaded = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise ConfigError(f"{folder}/ca.key is not an elliptic-curve key: remove the folder and start again")
        self._certificate = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
        self._key = loaded

    def ensure(self, devices: Iterable[str]) -> None:
        """Make what is missing or ends soon; what is good, or revoked, stays as it is."""
        with self._locked():
            register = self._read()
            self._ensure(self.folder / "server", "localhost", made.SERVER)
            for service in SERVICES:
                self._ensure(self.folder / service, service, made.CLIENT)
            for device in devices:
                self._check(device)
                mine = [entry for entry in register.certificates if entry.device_id == device]
                if mine and not any(entry.revoked_at is None for entry in mine):
                    continue
                fresh = self._ensure(self._stem(device), device, made.CLIENT)
                register = _with(register, device, fresh or self._on_disk(device))
            self._write(register)
            if not (self.folder / "crl.pem").exists() or self._list_is_foreign():
                self._publish(register)

    def enroll(self, device: str, days: float, place: tuple[str, str] | None = None) -> SignedCertificate:
        """Sign a first certificate, or one after a revocation.

        Raises:
            ConfigError: The name cannot be a device's, or it has a valid certificate.
        """
        self._check(device)
        with self._locked():
            register = self._read()
            if any(entry.valid and entry.device_id == device for entry in register.certificates):
                raise ConfigError(f"{device} is enrolled already: 'gridseal device rotate {device}' replaces its key")
            return self._sign(register, device, days, place)

    def rotate(self, device: str, days: float) -> SignedCertificate:
        """Sign a new key and certificate; earlier ones stay valid until they are over or revoked.

        Raises:
            ConfigError: The device is not enrolled.
        """
        with self._locked():
            register = self._read()
            if not any(entry.valid and entry.device_id == device for entry in register.certificates):
                raise ConfigError(f"{device} has no valid certificate: 'gridseal device enroll {device}' makes one")
            return self._sign(register, device, days, None)

    def revoke(self, device: str, reason: str, *, keep: str | None = None) -> list[SignedCertificate]:
        """Revoke every valid certificate of the device and publish the list.

        Args:
            device: Whose.
            reason: For the register.
            keep: Serial number that stays valid: after a rotation only the earlier ones go.

        Returns:
            Those revoked now; empty when none was valid.

        Raises:
            ConfigError: The register knows no certificate of the device.
        """
        with self._locked():
            register = self._read()
            if not any(entry.device_id == device for entry in register.certificates):
                raise ConfigError(f"{device} is not in {self.folder}/register.json: nothing to revoke")
            now = datetime.now(UTC)
            gone = {
                entry.serial: entry.model_copy(update={"revoked_at": now, "reason": reason})
                for entry in register.certificates
                if entry.device_id == device and entry.valid and entry.serial != keep
            }
            entries = tuple(gone.get(entry.serial, entry) for entry in register.certificates)
            register = register.model_copy(update={"certificates": entries})
            self._publish(register)
            self._write(register)
            return list(gone.values())

    def server(self, name: str) -> "Signed":
        """Certificate and key of a server on this machine, made anew where they are missing or end soon.

        A broker of Kafka is a client of the others, so it may be shown as a client's too.
        """
        return self._signed(name, made.SERVER, made.CLIENT)

    def client(self, name: str) -> "Signed":
        """The same of a client of such servers."""
        return self._signed(name, made.CLIENT)

    def _signed(self, name: str, *usages: x509.ObjectIdentifier) -> "Signed":
        folder = self.folder / "servers"
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        with self._locked():
            self._ensure(folder / name, name, *usages)
            certificate, key = _files(folder / name)
            both = folder / f"{name}.pem"
            write_private(both, certificate.read_bytes() + key.read_bytes())
        return Signed(self.folder / "ca.crt", certificate, key, both)

    def register(self) -> Register:
        """What was signed and revoked so far."""
        return self._read()

    def _sign(self, register: Register, device: str, days: float, place: tuple[str, str] | None) -> SignedCertificate:
        certificate = self._new(self._stem(device), device, timedelta(days=days), made.CLIENT)
        register = _with(register, device, certificate)
        if place is not None:
            register = register.model_copy(update={"access": register.access | {device: place}})
        self._write(register)
        return register.certificates[-1]

    def _ensure(self, stem: Path, name: str, *usages: x509.ObjectIdentifier) -> x509.Certificate | None:
        certificate, key = _files(stem)
        if certificate.exists() and key.exists() and self._good(certificate):
            return None
        return self._new(stem, name, timedelta(days=LEAF_DAYS), *usages)

    def _new(self, stem: Path, name: str, lifetime: timedelta, *usages: x509.ObjectIdentifier) -> x509.Certificate:
        certificate, key = made.new_leaf(self._certificate, self._key, name, usages[0], lifetime, *usages[1:])
        certificate_file, key_file = _files(stem)
        write_private(key_file, made.key_pem(key))
        write_private(certificate_file, made.pem(certificate))
        return certificate

    def _good(self, path: Path) -> bool:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        try:
            certificate.verify_directly_issued_by(self._certificate)
        except Exception:  # whatever is wrong with it, a new one is made
            return False
        lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        left = certificate.not_valid_after_utc - datetime.now(UTC)
        return left > min(timedelta(days=RENEW_DAYS), lifetime / 3)

    def _on_disk(self, device: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate(_files(self._stem(device))[0].read_bytes())

    def _list_is_foreign(self) -> bool:
        listed = x509.load_pem_x509_crl((self.folder / "crl.pem").read_bytes())
        return not listed.is_signature_valid(self._key.public_key())

    def _publish(self, register: Register) -> None:
        revoked = [
            (int(entry.serial, 16), entry.revoked_at)
            for entry in register.certificates
            if entry.revoked_at is not None and entry.expires_at > datetime.now(UTC)
        ]
        listed = made.new_revocation_list(self._certificate, self._key, revoked)
        write_public(self.folder / "crl.pem", made.pem(listed))

    def _stem(self, device: str) -> Path:
        return self.folder / "devices" / device

    def _read(self) -> Register:
        path = self.folder / "register.json"
        return decode(Register, path.read_bytes()) if path.exists() else Register()

    def _write(self, register: Register) -> None:
        write_private(self.folder / "register.json", encode(register))

    def _check(self, device: str) -> None:
        if not _DEVICE.fullmatch(device) or device in RESERVED:
            raise ConfigError(
                f"{device!r} cannot be a device id: it names the topic and the certificate, so lower-case letters,"
                " digits, dots and hyphens, and no name of a service"
            )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _files(stem: Path) -> tuple[Path, Path]:
    return stem.with_name(stem.name + ".crt"), stem.with_name(stem.name + ".key")


def _with(register: Register, device: str, certificate: x509.Certificate) -> Register:
    serial = f"{certificate.serial_number:x}"
    if any(entry.serial == serial for entry in register.certificates):
        return register
    entry = SignedCertificate(
        serial=serial,
        device_id=device,
        issued_at=certificate.not_valid_before_utc,
        expires_at=certificate.not_valid_after_utc,
    )
    return register.model_copy(update={"certificates": (*register.certificates, entry)})
