"""Kafka's address, and what clients make of it.

``host:port,host:port`` is plain text. ``ssl://host:port,host:port?ca=FILE`` is TLS: the brokers' certificates must be
signed by an authority in FILE and name the host that was asked for. ``&cert=FILE`` shows a certificate of our own, its
chain and its PKCS 8 key in one PEM file. PostgreSQL, Redis and MongoDB take TLS in their addresses too, in other words.
"""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from gridseal.errors import ConfigError

SETTING: Final = "GRIDSEAL_KAFKA_BOOTSTRAP"
_TLS: Final = "ssl://"


@dataclass(frozen=True, slots=True)
class KafkaAddress:
    """An address, taken apart."""

    servers: str
    authorities: Path | None = None
    """Unset: plain text."""
    certificate: Path | None = None

    @classmethod
    def read(cls, text: str) -> "KafkaAddress":
        """From the setting.

        Raises:
            ConfigError: It says neither, or names a file that cannot be read.
        """
        if not text.startswith(_TLS):
            if "://" in text or "?" in text:
                raise ConfigError(f"{SETTING} must be host:port,… or ssl://host:port,…?ca=FILE")
            return cls(text)
        servers, _, query = text.removeprefix(_TLS).partition("?")
        said = dict(parse_qsl(query, keep_blank_values=True))
        if "ca" not in said or set(said) - {"ca", "cert"}:
            raise ConfigError(f"{SETTING}: after ssl://host:port come ?ca=FILE and, where brokers ask, &cert=FILE")
        for path in said.values():
            if not Path(path).is_file():
                raise ConfigError(f"{SETTING}: {path} cannot be read")
        return cls(servers, Path(said["ca"]), Path(said["cert"]) if "cert" in said else None)


def client_options(text: str) -> dict[str, Any]:
    """What an aiokafka client is made with."""
    address = KafkaAddress.read(text)
    if address.authorities is None:
        return {"bootstrap_servers": address.servers}
    context = ssl.create_default_context(cafile=str(address.authorities))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if address.certificate is not None:
        context.load_cert_chain(address.certificate)
    return {"bootstrap_servers": address.servers, "security_protocol": "SSL", "ssl_context": context}


def spark_options(text: str) -> dict[str, str]:
    """Options of Spark's Kafka source; Java's client checks the host's name by itself."""
    address = KafkaAddress.read(text)
    found = {"kafka.bootstrap.servers": address.servers}
    if address.authorities is not None:
        found |= {
            "kafka.security.protocol": "SSL", "kafka.ssl.truststore.type": "PEM",
            "kafka.ssl.truststore.location": str(address.authorities.resolve()),
        }  # fmt: skip
    if address.certificate is not None:
        found |= {
            "kafka.ssl.keystore.type": "PEM", "kafka.ssl.keystore.location": str(address.certificate.resolve())
        }  # fmt: skip
    return found


def first_broker(text: str) -> tuple[str, int]:
    """Host and port of the first broker, to see whether it takes a connection."""
    host, _, port = KafkaAddress.read(text).servers.split(",")[0].rpartition(":")
    return host, int(port)
