"""From a request to a principal: development mode, or a login."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Literal, Protocol
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from gridseal.access.api_keys import START, KeyBook, principal_of_key
from gridseal.access.key_sets import KeySet
from gridseal.access.principal import LOCAL, ROLES, AccessDeniedError, Kind, Principal, known_roles
from gridseal.access.sessions import COOKIE, ISSUER
from gridseal.access.tokens import TokenRule, at, check_header, claims_of, denied, read_token
from gridseal.errors import UnavailableError
from gridseal.runtime.settings import LOOPBACK

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
Mode = Literal["dev", "login"]


class Authenticator(Protocol):
    """Says who asks."""

    @property
    def mode(self) -> Mode:
        """Whether there is a login."""
        ...

    async def request(self, connection: HTTPConnection) -> Principal:
        """Who sent a request, or opened a socket. Raises ``AccessDeniedError``."""
        ...

    async def token(self, text: str) -> Principal:
        """Whose token or key it is. Raises ``AccessDeniedError``."""
        ...


class Development:
    """Everybody on this machine may do everything; nobody else anything."""

    mode: Mode = "dev"

    def __init__(self, tenant: str) -> None:
        self._somebody = Principal(LOCAL, "local", frozenset(ROLES), tenant)

    async def request(self, connection: HTTPConnection) -> Principal:
        """Somebody on this machine."""
        return self.now(connection)

    def now(self, connection: HTTPConnection) -> Principal:
        """The same, at once."""
        host = connection.client.host if connection.client is not None else ""
        if host not in LOOPBACK:
            raise AccessDeniedError(403, "not_loopback", "development mode has no login and answers this machine only")
        if not _is_here(connection.headers.get("host", "")):
            # A page of the web may give its own name this address (DNS rebinding); the name is still its own.
            raise AccessDeniedError(
                403, "foreign_host", "development mode answers under the names of this machine only"
            )
        if _changes(connection) and not _is_here(_host_of(connection.headers.get("origin"))):
            raise AccessDeniedError(403, "foreign_origin", "changes are taken from pages of this machine only")
        return self._somebody

    async def token(self, text: str) -> Principal:
        """Nobody is asked for one; one that is shown changes nothing."""
        return self._somebody


@dataclass(frozen=True, slots=True)
class Issuer:
    """One who issues tokens."""

    rule: TokenRule
    keys: KeySet
    kind: Kind = "person"


@dataclass(frozen=True, slots=True)
class Login:
    """Tokens of issuers, sessions, and keys of machines."""

    issuers: Mapping[str, Issuer]
    """By ``iss``."""
    books: tuple[KeyBook, ...]
    tenant: str
    origins: frozenset[str]
    """Web origins whose pages may change something with a cookie."""
    mode: Mode = field(default="login")

    async def request(self, connection: HTTPConnection) -> Principal:
        """By ``Authorization: Bearer``, or the cookie of a session."""
        given = connection.headers.getlist("authorization")
        if len(given) > 1:
            raise denied("malformed", "Authorization stands twice")
        if given:
            scheme, _, text = given[0].partition(" ")
            if scheme.lower() != "bearer" or not text:
                raise denied("malformed", "Authorization must be Bearer and a token")
            return await self.token(text.strip())
        cookie = connection.cookies.get(COOKIE)
        if not cookie:
            raise denied("missing", "nobody is signed in: send a token, a key, or sign in with a wallet")
        if _changes(connection) and not origin_allowed(connection.headers.get("origin"), self.origins):
            raise AccessDeniedError(403, "foreign_origin", "changes are taken from pages of the dashboard only")
        principal = await self.token(cookie)
        if principal.kind != "wallet":
            raise denied("type", "the cookie holds no session")
        return principal

    async def token(self, text: str) -> Principal:
        """By the token itself."""
        if text.startswith(START):
            try:
                return await principal_of_key(text, self.books)
            except UnavailableError as error:
                raise AccessDeniedError(503, "keys_away", str(error)) from error
        token = read_token(text)
        issuer = self.issuers.get(token.issuer)
        if issuer is None:
            raise denied("issuer", "the token is from somebody else")
        check_header(token, issuer.rule)
        claims = claims_of(token, await issuer.keys.key(token.kid), issuer.rule)
        tenant = at(claims, issuer.rule.tenant_claim) if issuer.rule.tenant_claim else self.tenant
        if not isinstance(tenant, str):
            raise denied("tenant", "the token says no tenant")
        names = at(claims, issuer.rule.roles_claim)
        roles = known_roles(_names(names))
        return Principal(str(claims["sub"]), issuer.kind, roles, tenant, float(claims["exp"]))


def origin_allowed(origin: str | None, allowed: frozenset[str]) -> bool:
    """Whether a page may. A program sends no origin; a browser always does when it changes something elsewhere."""
    return origin is None or origin.rstrip("/") in allowed


def kind_of(issuer: str) -> Kind:
    """What sort of principal an issuer's tokens stand for."""
    return "wallet" if issuer == ISSUER else "person"


def _names(value: object) -> Sequence[str]:
    if isinstance(value, str):
        return value.split()
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _changes(connection: HTTPConnection) -> bool:
    return connection.scope["type"] == "http" and connection.scope["method"] not in SAFE


def _host_of(origin: str | None) -> str:
    if origin is None:
        return ""
    try:
        return urlsplit(origin).netloc or "null.invalid"
    except ValueError:
        return "null.invalid"


def _is_here(host: str) -> bool:
    """Whether a ``Host`` is this machine, or a name without a dot, which no page of the web has."""
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    name = name.strip("[]").lower()
    if "." not in name and ":" not in name:
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
