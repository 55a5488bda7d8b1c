"""Where a request to the outside may go: never to this machine, its network or its cloud's own services.

The name is resolved once and the connection goes to the address that was judged, so that a name which answers
differently the second time (DNS rebinding) gains nothing. Redirects are not followed.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from gridseal.errors import ConfigError, UnavailableError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_TRANSLATED = tuple(ipaddress.ip_network(n) for n in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""IPv6 that a gateway turns into any IPv4 address: NAT64, 6to4, Teredo."""


class ForbiddenAddressError(ConfigError):
    """The target lies where no request may go."""


@dataclass(frozen=True, slots=True)
class Place:
    """A host and the address that was judged for it."""

    host: str
    ip: str
    port: int
    tls: bool


def networks_of(text: str) -> tuple[Network, ...]:
    """Networks separated by commas.

    Raises:
        ConfigError: One is none.
    """
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ConfigError(f"FORECAST_NOTIFY_NETWORKS must be networks such as 10.1.0.0/16: {error}") from error


def reachable(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether a request may go to an address: a public one, or one of the networks that the installation names."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    if mapped is not None:
        return reachable(mapped, allowed)
    if any(address in network for network in allowed if network.version == address.version):
        return True
    if any(address in network for network in _TRANSLATED if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """Every address of a name, as the machine resolves it."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


async def judged(url: str, allowed: Sequence[Network], resolve: Resolve = system_resolve) -> Place:
    """Where a request to this URL goes.

    Raises:
        ForbiddenAddressError: It is no plain http(s) URL, one of its addresses must not be reached, or it is http
            to a public address.
        UnavailableError: The name is not known now.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise ForbiddenAddressError("the address is none") from error
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username or parts.password:
        raise ForbiddenAddressError("the address must be https://host/… without a user")
    try:
        names = await resolve(parts.hostname, port)
        found = [ipaddress.ip_address(name.partition("%")[0]) for name in names]
    except (OSError, UnicodeError, ValueError) as error:
        raise UnavailableError("the name of the target is not known") from error
    if not found:
        raise UnavailableError("the name of the target has no address")
    if not all(reachable(address, allowed) for address in found):
        raise ForbiddenAddressError("the target is inside: name its network in FORECAST_NOTIFY_NETWORKS if you mean it")
    if parts.scheme == "http" and not all(_inside(address, allowed) for address in found):
        raise ForbiddenAddressError("a target outside must be https")
    return Place(parts.hostname, str(found[0]), port, parts.scheme == "https")


def _inside(address: Address, allowed: Sequence[Network]) -> bool:
    return any(address in network for network in allowed if network.version == address.version)
