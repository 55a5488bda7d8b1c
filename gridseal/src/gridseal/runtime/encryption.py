"""Which addresses say TLS with a checked certificate, so that a process can refuse those that do not.

An address on loopback crosses no network and may be plain.
"""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from gridseal.errors import ConfigError

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_NO: Final = frozenset({"0", "false", "no", "none", "optional"})
_YES: Final = frozenset({"1", "true", "yes"})


def require_tls(addresses: Mapping[str, str]) -> None:
    """Refuse what would cross a network in plain text, or would believe any certificate.

    Args:
        addresses: By the names of their settings: ``GRIDSEAL_KAFKA_BOOTSTRAP``, ``GRIDSEAL_POSTGRES_DSN``,
            ``GRIDSEAL_REDIS_URL``, ``GRIDSEAL_MONGO_URL``.

    Raises:
        ConfigError: One does, or cannot be read. It names hosts, never a password.
    """
    for name, address in addresses.items():
        hosts, checked, remedy = _READ[name](address)
        outside = [host for host in hosts if host not in LOOPBACK and not host.startswith("/")]
        if outside and not checked:
            raise ConfigError(
                f"{name} must say TLS while GRIDSEAL_REQUIRE_TLS=1: to {', '.join(outside)} it does not, or checks"
                f" no certificate; write {remedy}"
            )


_Read = tuple[list[str], bool, str]
"""Hosts, whether they are reached by TLS and their certificates and names are checked, and how to say so."""


def _kafka(address: str) -> _Read:
    servers = address.removeprefix("ssl://").partition("?")[0]
    hosts = [one.rpartition(":")[0].strip("[] ") for one in servers.split(",")]
    return hosts, address.startswith("ssl://"), "ssl://HOST:PORT?ca=FILE&cert=FILE"


def _postgres(address: str) -> _Read:
    remedy = "…?sslmode=verify-full&sslrootcert=FILE"
    try:
        said = conninfo_to_dict(address)
    except psycopg.Error:
        raise ConfigError(f"GRIDSEAL_POSTGRES_DSN is no address of PostgreSQL: write postgresql://{remedy}") from None
    hosts = [*str(said.get("host") or "/").split(","), *str(said.get("hostaddr") or "/").split(",")]
    return hosts, said.get("sslmode") == "verify-full", remedy


def _redis(address: str) -> _Read:
    parts, said = urlsplit(address), dict(parse_qsl(urlsplit(address).query))
    lax = {"ssl_cert_reqs", "ssl_check_hostname"} & {name for name, value in said.items() if value.lower() in _NO}
    hosts = [] if parts.scheme == "unix" else [parts.hostname or "no host"]
    return hosts, parts.scheme == "rediss" and not lax, "rediss://…?ssl_ca_certs=FILE&ssl_check_hostname=true"


def _mongo(address: str) -> _Read:
    parts = urlsplit(address)
    said = {name.lower(): value.lower() for name, value in parse_qsl(parts.query)}
    encrypted = said.get("tls", said.get("ssl", "true" if parts.scheme == "mongodb+srv" else "false")) in _YES
    lax = {"tlsinsecure", "tlsallowinvalidcertificates", "tlsallowinvalidhostnames"}
    checked = not any(said.get(name, "false") in _YES for name in lax)
    hosts = [_host(one) for one in parts.netloc.rpartition("@")[2].split(",")]
    return hosts, encrypted and checked, "…?tls=true&tlsCAFile=FILE"


def _host(place: str) -> str:
    """Without a port; an address of IPv6 without its brackets."""
    return place[1:].partition("]")[0] if place.startswith("[") else place.partition(":")[0]


_READ: Final[Mapping[str, Callable[[str], _Read]]] = {
    "GRIDSEAL_KAFKA_BOOTSTRAP": _kafka,
    "GRIDSEAL_POSTGRES_DSN": _postgres,
    "GRIDSEAL_REDIS_URL": _redis,
    "GRIDSEAL_MONGO_URL": _mongo,
}
