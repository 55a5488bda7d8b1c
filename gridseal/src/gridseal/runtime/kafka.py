"""Kafka's address, and what clients make of it.

``host:port,host:port`` is plain text. ``ssl://host:port,host:port?ca=FILE`` is TLS: the brokers' certificates must be
signed by an authority in FILE and name the host that was asked for. ``&cert=FILE`` shows a certificate of our own, its
chain and its PKCS 8 key in one PEM file; with ``&key=FILE`` the key lies in a file of its own, in the same folder, as
Strimzi writes them. PostgreSQL, Redis and MongoDB take TLS in their addresses too, in other words.
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
    key: Path | None = None
    """Unset: it stands in the file of the certificate."""

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
        if "ca" not in said or set(said) - {"ca", "cert", "key"} or ("key" in said and "cert" not in said):
            raise ConfigError(
                f"{SETTING}: after ssl://host:port come ?ca=FILE and, where brokers ask, &cert=FILE (&key=FILE)"
            )
        files = {name: Path(path) for name, path in said.items()}
        for path in files.values():
            if not path.is_file():
                raise ConfigError(f"{SETTING}: {path} cannot be read")
        if "key" in files and files["key"].parent != files["cert"].parent:
            raise ConfigError(f"{SETTING}: cert and key must lie in the same folder")
        return cls(servers, files["ca"], files.get("cert"), files.get("key"))


def client_options(text: str) -> dict[str, Any]:
    """What an aiokafka client is made with."""
    address = KafkaAddress.read(text)
    if address.authorities is None:
        return {"bootstrap_servers": address.servers}
    context = ssl.create_default_context(cafile=str(address.authorities))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if address.certificate is not None:
        context.load_cert_chain(address.certificate, address.key)
    return {"bootstrap_servers": address.servers, "security_protocol": "SSL", "ssl_context": context}


def spark_options(text: str) -> dict[str, str]:
    """Options of Spark's Kafka source; Java's client checks the host's name by itself.

    Links are not followed: behind that of a mounted secret is another folder in each pod, and after each renewal.
    """
    address = KafkaAddress.read(text)
    found = {"kafka.bootstrap.servers": address.servers}
    if address.authorities is not None:
        found |= {
            "kafka.security.protocol": "SSL", "kafka.ssl.truststore.type": "PEM",
            "kafka.ssl.truststore.location": str(address.authorities.absolute()),
        }  # fmt: skip
    if address.certificate is not None:
        found |= _shown(address.certificate, address.key)
    return found


def _shown(certificate: Path, key: Path | None) -> dict[str, str]:
    """How Java's client shows a certificate.

    A key in a file of its own is read by the client where it runs: what stands in the options are names, because Spark
    writes options into plans and sends them to its executors.
    """
    if key is None:
        return {"kafka.ssl.keystore.type": "PEM", "kafka.ssl.keystore.location": str(certificate.absolute())}
    folder = certificate.absolute().parent
    return {
        "kafka.config.providers": "files",
        "kafka.config.providers.files.class": "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
        "kafka.config.providers.files.param.allowed.paths": str(folder),
        "kafka.ssl.keystore.type": "PEM",
        "kafka.ssl.keystore.certificate.chain": f"${{files:{folder}:{certificate.name}}}",
        "kafka.ssl.keystore.key": f"${{files:{folder}:{key.name}}}",
    }


def first_broker(text: str) -> tuple[str, int]:
    """Host and port of the first broker, to see whether it takes a connection."""
    host, _, port = KafkaAddress.read(text).servers.split(",")[0].rpartition(":")
    return host, int(port)
