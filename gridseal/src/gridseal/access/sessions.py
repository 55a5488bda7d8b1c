"""Sessions as tokens: settlement-service signs them for whoever signed in with a wallet, every service reads them.

A token is short-lived and is signed anew, with the roles that the chain says then, whenever the page asks who is
signed in; the session itself stands in PostgreSQL and ends there.
"""

import base64
import json
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gridseal.access.principal import AccessDeniedError
from gridseal.access.tokens import PinnedKey, TokenRule, check_header, claims_of, denied, read_token
from gridseal.identity.key_pair import ensure_pair
from gridseal.wire.signing import key_id

ISSUER: Final = "urn:gridseal:session"
AUDIENCE: Final = "gridseal"
TYPE: Final = "gridseal-session+jwt"
COOKIE: Final = "gridseal_session"
KEYS_PATH: Final = "/api/v1/session/keys"
TOKEN_S: Final = 900.0
"""Wall seconds for which a token counts at other services after a session ended or a role was taken away."""
RULE: Final = TokenRule(ISSUER, AUDIENCE, ("EdDSA",), frozenset({TYPE}), leeway_s=30, tenant_claim="tenant")


@dataclass(frozen=True, slots=True)
class SessionClaims:
    """Who signed in; ``session`` is the secret that names the row in PostgreSQL."""

    address: str
    session: str


class SessionKeys:
    """Signs sessions, and says by which public keys they can be checked."""

    def __init__(self, private: Ed25519PrivateKey, public: Sequence[Ed25519PublicKey], tenant: str) -> None:
        self._private = private
        self._public = {key_id(key): key for key in (private.public_key(), *public)}
        self.tenant = tenant

    @classmethod
    def open(cls, private: Path, public: Path, tenant: str) -> "SessionKeys":
        """Read the key, and its predecessors' public keys; make it if it is not there."""
        from gridseal.identity.ed25519 import read_public

        ensure_pair(private, public, "session key")
        key = load_pem_private_key(private.read_bytes(), None)
        assert isinstance(key, Ed25519PrivateKey)
        return cls(key, list(read_public(public.read_bytes()).values()), tenant)

    def issue(self, address: str, roles: Collection[str], session: str, ends_at: float) -> str:
        """A token for at most ``TOKEN_S``, and no longer than the session."""
        now = time.time()
        claims: dict[str, Any] = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": address, "iat": int(now), "exp": int(min(now + TOKEN_S, ends_at)),
            "jti": session, "roles": sorted(roles), "tenant": self.tenant,
        }  # fmt: skip
        headers = {"typ": TYPE, "kid": next(iter(self._public))}
        return jwt.encode(claims, self._private, algorithm="EdDSA", headers=headers)

    def session_of(self, text: str) -> SessionClaims:
        """Which session a token of ours is of, also after the token itself has expired: PostgreSQL knows the end.

        Raises:
            AccessDeniedError: It is no token of ours.
        """
        token = read_token(text)
        check_header(token, RULE)
        key = self._public.get(token.kid or "")
        if key is None or token.issuer != ISSUER:
            raise denied("key", "this is no session of ours")
        try:
            found = claims_of(token, PinnedKey("EdDSA", key), RULE)
        except AccessDeniedError as error:
            if error.reason != "expired":
                raise
            found = jwt.decode(
                text, key=key, algorithms=["EdDSA"], audience=AUDIENCE, issuer=ISSUER, options={"verify_exp": False}
            )
        return SessionClaims(str(found["sub"]), str(found.get("jti", "")))

    def document(self) -> dict[str, list[dict[str, str]]]:
        """The public keys as a JWK set (RFC 8037)."""
        return {
            "keys": [
                {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": name, "x": _text(key)}
                for name, key in self._public.items()
            ]
        }

    def key_set(self) -> bytes:
        """``document`` as bytes."""
        return json.dumps(self.document()).encode()


def _text(key: Ed25519PublicKey) -> str:
    return base64.urlsafe_b64encode(key.public_bytes_raw()).rstrip(b"=").decode()
