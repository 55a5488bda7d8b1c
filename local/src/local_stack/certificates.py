"""The local certificate authority and everything it signs: server, gateway, one per device."""

import ipaddress
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local_stack.authority import write_private
from local_stack.errors import StackError

CA_DAYS: Final = 3650
LEAF_DAYS: Final = 365
RENEW_DAYS: Final = 30
CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


def ensure_certificates(folder: Path, devices: Iterable[str]) -> None:
    """Make what is missing or ends soon; what is good stays as it is."""
    (folder / "devices").mkdir(parents=True, exist_ok=True)
    (folder / "devices").chmod(0o700)
    authority = _authority(folder)
    authority.ensure(folder / "server", "localhost", SERVER)
    authority.ensure(folder / "gateway", "gateway", CLIENT)
    for device in devices:
        if "/" in device or device in {"gateway", ""}:
            raise StackError(f"{device!r} cannot be a device id: it names the topic and the certificate of the device")
        authority.ensure(folder / "devices" / device, device, CLIENT)


class _Authority:
    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate, self._key = certificate, key

    def ensure(self, stem: Path, name: str, usage: x509.ObjectIdentifier) -> None:
        certificate, key = stem.with_name(stem.name + ".crt"), stem.with_name(stem.name + ".key")
        if certificate.exists() and key.exists() and self._signed(certificate):
            return
        private = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(name, self._certificate.subject, private.public_key(), LEAF_DAYS)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if usage == SERVER:
            names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        write_private(key, _pem(private))
        write_private(certificate, builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _signed(self, path: Path) -> bool:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        try:
            certificate.verify_directly_issued_by(self._certificate)
        except Exception:  # whatever is wrong with it, a new one is made
            return False
        return certificate.not_valid_after_utc - datetime.now(UTC) > timedelta(days=RENEW_DAYS)


def _authority(folder: Path) -> _Authority:
    certificate, key = folder / "ca.crt", folder / "ca.key"
    if not (certificate.exists() and key.exists()):
        private = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Gridseal local authority")])
        builder = _builder("Gridseal local authority", name, private.public_key(), CA_DAYS)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = builder.add_extension(usage, critical=True)
        write_private(key, _pem(private))
        write_private(certificate, builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    loaded = serialization.load_pem_private_key(key.read_bytes(), None)
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise StackError(f"{key} is not an elliptic-curve key: remove the folder {folder} and start again")
    return _Authority(x509.load_pem_x509_certificate(certificate.read_bytes()), loaded)


def _builder(name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
