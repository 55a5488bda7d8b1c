"""TLS between the servers of the stack and the services: certificates of the local authority, addresses that say so."""

from pathlib import Path
from typing import Final

from gridseal.identity.authority import Signed, SiteAuthority
from local_stack.layout import Layout
from local_stack.ports import HOST, Ports

CLIENT: Final = "services"
"""Common name of the certificate that services show to Kafka."""


def server_certificate(layout: Layout, name: str) -> Signed:
    """The certificate of one server; one that ends within 30 days is replaced at the next start."""
    return SiteAuthority(layout.tls).server(name)


def ensure_client(layout: Layout) -> None:
    """The certificate of the services."""
    SiteAuthority(layout.tls).client(CLIENT)


def trusted(layout: Layout) -> Path:
    """Whose certificates are believed."""
    return layout.tls / "ca.crt"


def kafka_address(layout: Layout | None, ports: Ports) -> str:
    """Under ``GRIDSEAL_KAFKA_BOOTSTRAP``."""
    plain = f"{HOST}:{ports.kafka}"
    if layout is None or not layout.secure:
        return plain
    return f"ssl://{plain}?ca={trusted(layout)}&cert={layout.tls / 'servers' / f'{CLIENT}.pem'}"


def postgres_query(layout: Layout | None) -> str:
    """What ends an address of PostgreSQL."""
    return f"?sslmode=verify-full&sslrootcert={trusted(layout)}" if layout and layout.secure else ""


def redis_address(layout: Layout | None, ports: Ports) -> str:
    """Under ``GRIDSEAL_REDIS_URL``."""
    if layout is None or not layout.secure:
        return f"redis://{HOST}:{ports.redis}/0"
    return (
        f"rediss://{HOST}:{ports.redis}/0?ssl_ca_certs={trusted(layout)}&ssl_cert_reqs=required&ssl_check_hostname=true"
    )
