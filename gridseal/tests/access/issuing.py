"""An issuer of tokens with keys of its own, and an application that asks for them."""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from fastapi import FastAPI, Request

from gridseal.access.api_keys import KeyRecord
from gridseal.access.audit import AuditEntry
from gridseal.access.authenticate import Issuer, Login
from gridseal.access.guard import Access
from gridseal.access.key_sets import KeySet
from gridseal.access.policies import Policies
from gridseal.access.tokens import TokenRule
from gridseal.errors import UnavailableError
from gridseal.http.install import Conventions, install_conventions

ISSUER = "https://id.example.org"
AUDIENCE = "gridseal"
RULE = TokenRule(ISSUER, AUDIENCE, tenant_claim="tenant")
ORIGIN = "https://grid.example.org"
POLICIES: Policies = {"look": "viewer", "act": "operator", "seal": "authority", "rule": "admin", "open": "public"}
PRIVATE = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
STRANGER = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def public_pem(key: rsa.RSAPrivateKey = PRIVATE) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip


def a_jwk(kid: str = "one", key: rsa.RSAPrivateKey = PRIVATE, **more: str) -> dict[str, str]:
    made: dict[str, str] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return {k: v for k, v in made.items() if k in ("kty", "n", "e")} | {"kid": kid, "use": "sig"} | more


def a_key_set(*keys: Mapping[str, Any]) -> bytes:
    return json.dumps({"keys": list(keys or (a_jwk(),))}).encode()


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "iat": now, "exp": now + 300, "tenant": "demo"}
    return {k: v for k, v in (made | {"roles": ["viewer"]} | changes).items() if v is not None}


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def a_token(
    body: Mapping[str, Any] | bytes | None = None, key: rsa.RSAPrivateKey = PRIVATE, **header: Any
) -> str:  # fmt: skip
    """RS256 by hand, so that it can be made wrong in every way."""
    head = {k: v for k, v in ({"alg": "RS256", "typ": "at+jwt", "kid": "one"} | header).items() if v is not None}
    content = body if isinstance(body, bytes) else json.dumps(body if body is not None else claims()).encode()
    signed = f"{b64(json.dumps(head).encode())}.{b64(content)}"
    return f"{signed}.{b64(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


class Served:
    """A key set as an issuer serves it; counts how often it is asked."""

    def __init__(self, content: bytes | None = None) -> None:
        self.content = content if content is not None else a_key_set()
        self.asked = 0
        self.away = False
        self.now = 1_000.0

    async def fetch(self) -> bytes:
        self.asked += 1
        if self.away:
            raise UnavailableError("the issuer does not answer")
        return self.content

    def keys(self, **more: float) -> KeySet:
        return KeySet(self.fetch, RULE.algorithms, now=lambda: self.now, **more)  # type: ignore[arg-type]


class Book:
    """Keys of machines in memory."""

    def __init__(self, *records: KeyRecord) -> None:
        self.records = {record.key_id: record for record in records}

    async def find(self, key_id: str) -> KeyRecord | None:
        return self.records.get(key_id)


class Lines:
    """An audit log in memory."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []
        self.away = False

    async def write(self, entry: AuditEntry) -> None:
        if self.away:
            raise UnavailableError("PostgreSQL does not answer")
        self.entries.append(entry)

    async def read(self, *asked: object) -> list[Any]:
        return []


def a_login(served: Served | None = None, *records: KeyRecord) -> Login:
    issuer = Issuer(RULE, (served or Served()).keys())
    return Login({ISSUER: issuer}, (Book(*records),), "demo", frozenset({ORIGIN}))


def an_app(access: Access, policies: Policies = POLICIES) -> FastAPI:
    """One route for each policy, which says who asked."""
    app = FastAPI(title="tried", docs_url=None, redoc_url=None)
    install_conventions(app, Conventions(access=access), policies=policies)

    async def said(request: Request) -> dict[str, str | None]:
        principal = request.state.principal
        return {"who": principal.label if principal else None}

    for name, method in (("look", "GET"), ("act", "POST"), ("seal", "POST"), ("rule", "GET"), ("open", "GET")):
        app.add_api_route(f"/api/v1/{name}", said, methods=[method], operation_id=name)
    return app
