"""Bearer tokens (JWT, RFC 8725): what must hold before one says who asks. Pure, given the key.

The header of a token chooses nothing: algorithms are pinned, keys come from the issuer's own set, and a header that
brings or names a key is refused. A claim that stands twice, or a number that is none, makes the token unreadable.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jwt
from jwt.types import Options

from gridseal.access.principal import AccessDeniedError
from gridseal.access.strict_json import read_strictly
from gridseal.errors import ConfigError, WireError

LONGEST: Final = 8_192
"""Characters of a token."""
MOST_LEEWAY_S: Final = 60
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
"""Those that can be pinned; none of them uses a shared secret."""
_TAKES_KEYS: Final = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64", "enc", "zip"})
_OPTIONS: Final[Options] = {"require": ["exp", "iat", "iss", "aud", "sub"]}


@dataclass(frozen=True, slots=True)
class TokenRule:
    """What is taken from one issuer."""

    issuer: str
    audience: str
    algorithms: tuple[str, ...] = ALGORITHMS
    types: frozenset[str] = frozenset({"at+jwt"})
    """Of the header's ``typ``, in lower case, without ``application/``: an ID token is no access token."""
    leeway_s: int = 30
    roles_claim: str = "roles"
    """Path with dots, for example ``realm_access.roles``."""
    tenant_claim: str = ""
    """Empty: everybody of this issuer belongs to the installation's tenant."""

    def __post_init__(self) -> None:
        """Refuse what would make a token mean less than it says."""
        if not 0 <= self.leeway_s <= MOST_LEEWAY_S:
            raise ConfigError(f"the leeway of tokens is at most {MOST_LEEWAY_S} s")
        if not self.algorithms or set(self.algorithms) - set(ALGORITHMS):
            raise ConfigError(f"algorithms of tokens are some of {', '.join(ALGORITHMS)}")


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """A token that can be read. Nothing it says is believed yet; ``issuer`` chooses the rule, ``kid`` the key."""

    text: str
    algorithm: str
    kid: str | None
    kind: str
    issuer: str


@dataclass(frozen=True, slots=True)
class PinnedKey:
    """A public key and the one algorithm it is for."""

    algorithm: str
    key: Any = field(repr=False)


def read_token(text: str) -> UnverifiedToken:
    """Look at a token.

    Raises:
        AccessDeniedError: It is no token that could ever be taken.
    """
    parts = text.split(".")
    if len(text) > LONGEST or len(parts) != 3 or not text.isascii():
        raise denied("malformed", "this is no token")
    header, claims = _part(parts[0]), _part(parts[1])
    if _TAKES_KEYS & header.keys():
        raise denied("header", "the header of the token brings or names a key, or asks for what is not understood")
    algorithm, kid, kind, issuer = header.get("alg"), header.get("kid"), header.get("typ", ""), claims.get("iss")
    if not isinstance(algorithm, str) or not isinstance(kind, str) or not isinstance(issuer, str):
        raise denied("malformed", "the token does not say its algorithm or its issuer")
    if kid is not None and (not isinstance(kid, str) or not 0 < len(kid) <= 256):
        raise denied("malformed", "the token's key id is none")
    return UnverifiedToken(text, algorithm, kid, kind.lower().removeprefix("application/"), issuer)


def check_header(token: UnverifiedToken, rule: TokenRule) -> None:
    """Before any key is looked for.

    Raises:
        AccessDeniedError: Another algorithm or type than those that are pinned.
    """
    if token.algorithm not in rule.algorithms:
        raise denied("algorithm", "the algorithm of the token is not one that is taken")
    if token.kind not in rule.types:
        raise denied("type", "this is another kind of token than one for access")


def claims_of(token: UnverifiedToken, key: PinnedKey, rule: TokenRule) -> Mapping[str, Any]:
    """What the issuer says.

    Raises:
        AccessDeniedError: The signature, the issuer, the audience or the time is wrong, or a claim is missing.
    """
    if token.algorithm != key.algorithm:
        raise denied("algorithm", "the key of the token is for another algorithm")
    try:
        claims: dict[str, Any] = jwt.decode(
            token.text, key=key.key, algorithms=[key.algorithm], audience=rule.audience, issuer=rule.issuer,
            leeway=rule.leeway_s, options=_OPTIONS,
        )  # fmt: skip
    except jwt.ExpiredSignatureError:
        raise denied("expired", "the token has expired: get a new one") from None
    except jwt.ImmatureSignatureError:
        raise denied("not_yet", "the token is not valid yet") from None
    except jwt.InvalidAudienceError:
        raise denied("audience", "the token is for somebody else") from None
    except jwt.InvalidIssuerError:
        raise denied("issuer", "the token is from somebody else") from None
    except jwt.InvalidSignatureError:
        raise denied("signature", "the signature of the token does not hold") from None
    except jwt.PyJWTError:
        raise denied("claims", "the token lacks a claim that it must have, or holds one of the wrong kind") from None
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise denied("claims", "the token's subject is none")
    return claims


def at(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by its path with dots; a name with dots of its own goes first."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def denied(reason: str, detail: str) -> AccessDeniedError:
    """401 with its reason."""
    return AccessDeniedError(401, reason, detail)


def _part(text: str) -> dict[str, Any]:
    try:
        found = read_strictly(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True), 8)
    except (WireError, ValueError, binascii.Error):
        raise denied("malformed", "this is no token") from None
    if not isinstance(found, dict):
        raise denied("malformed", "this is no token")
    return found
