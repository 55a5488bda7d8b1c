"""``/api/v1/session``: nonce, sign in, who am I, sign out."""

import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Cookie, HTTPException, Request, Response
from prometheus_client import CollectorRegistry, Counter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from gridseal.access.principal import AccessDeniedError, Principal, known_roles
from gridseal.access.sessions import COOKIE, SessionKeys
from gridseal.errors import WireError
from settlement_service.signin.check import SENTENCES, Rule, problem_of
from settlement_service.signin.message import LONGEST, SignIn, parse
from settlement_service.signin.ports import Accounts, SignIns
from settlement_service.signin.store import Session
from settlement_service.signin.wallet import Role

BROWSER: Final = "gridseal_signin"
"""Cookie that ties a nonce to the browser that asked for it."""
SESSION: Final = COOKIE
"""Cookie that holds the session: a token that every service of the installation takes."""
BrowserCookie = Annotated[str | None, Cookie(alias=BROWSER, max_length=200)]
SessionCookie = Annotated[str | None, Cookie(alias=SESSION, max_length=4_096)]


EXAMPLE_KEY: Final[JsonDict] = {
    "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "1f0c9ab2d3e4f567", "x": "11qYAYKxCrfVS_7TyWQH"
}  # fmt: skip


class Nonce(BaseModel):
    """What the message must carry. ``chain_id`` and ``domains`` are those that will be taken."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"nonce": "6f1d5be0a4c2970e", "expires_in_s": 300, "chain_id": 31337, "domains": ["127.0.0.1"]}
        }
    )

    nonce: str
    expires_in_s: float
    chain_id: int
    domains: tuple[str, ...]


class SignInRequest(BaseModel):
    """The signed message, to the character, and the wallet's signature."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"message": "…", "signature": "0x…"}})

    message: Annotated[str, Field(max_length=LONGEST)]
    signature: Annotated[str, Field(pattern=r"^0x([0-9a-fA-F]{2}){1,4096}$")]


class Who(BaseModel):
    """Who is signed in. ``roles`` is what the chain says now; ``expires_at`` is wall time."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "address": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
                "chain_id": 31337,
                "roles": ["viewer", "operator"],
                "expires_at": "2026-11-22T10:00:00Z",
            }
        }
    )

    address: str
    chain_id: int
    roles: tuple[Role, ...]
    expires_at: AwareDatetime


class SessionKey(BaseModel):
    """A public key (OKP, Ed25519)."""

    kty: str
    crv: str
    use: str
    alg: str
    kid: str
    x: str


class SessionKeySet(BaseModel):
    """The key in use first, then those before it."""

    model_config = ConfigDict(json_schema_extra={"example": {"keys": [EXAMPLE_KEY]}})

    keys: tuple[SessionKey, ...]


@dataclass(frozen=True)
class SignInParts:
    """What the routes are built from. ``secure`` cookies go over TLS only."""

    store: SignIns
    accounts: Accounts
    domains: Collection[str]
    registry: CollectorRegistry
    keys: SessionKeys
    secure: bool = False


def session_routes(parts: SignInParts) -> APIRouter:
    """The four routes."""
    router = APIRouter(prefix="/api/v1/session", tags=["session"])
    desk = _Desk(parts)

    @router.post("/nonce", operation_id="getSignInNonce")
    async def nonce(response: Response, browser: BrowserCookie = None) -> Nonce:
        """A nonce for one sign-in, from this browser, within a few minutes."""
        return await desk.nonce(response, browser)

    @router.post("", operation_id="signIn")
    async def sign_in(
        asked: SignInRequest, request: Request, response: Response, browser: BrowserCookie = None
    ) -> Who:  # fmt: skip
        """Check the message and the signature and open a session, in a cookie that scripts cannot read.

        The cookie holds a token that every service takes, for a quarter of an hour; asking who is signed in renews it.
        """
        who = await desk.sign_in(asked, response, browser)
        request.state.principal = Principal(who.address, "wallet", known_roles(who.roles), parts.keys.tenant)
        return who

    @router.get("", operation_id="getSession")
    async def who(response: Response, token: SessionCookie = None) -> Who:
        """Who is signed in. The roles are read from the chain every time, and the cookie is renewed with them."""
        return await desk.who(response, token)

    @router.delete("", operation_id="signOut", status_code=204)
    async def sign_out(response: Response, token: SessionCookie = None) -> None:
        """End the session; without one nothing happens."""
        found = desk.name_of(token)
        if found is not None:
            await parts.store.end_session(found)
        response.delete_cookie(SESSION, path="/", secure=parts.secure, httponly=True, samesite="strict")

    @router.get("/keys", operation_id="getSessionKeys")
    async def keys(response: Response) -> SessionKeySet:
        """The public keys that sessions are checked with, as a JWK set (RFC 7517, RFC 8037)."""
        response.headers["Cache-Control"] = "public, max-age=300"
        return SessionKeySet.model_validate(parts.keys.document())

    return router


class _Desk:
    def __init__(self, parts: SignInParts) -> None:
        self._parts = parts
        self._counted = Counter("gridseal_sign_ins_total", "Sign-ins tried", ["outcome"], registry=parts.registry)

    async def nonce(self, response: Response, browser: str | None) -> Nonce:
        store, name = self._parts.store, browser or secrets.token_urlsafe(24)
        chain_id = await self._parts.accounts.chain_id()
        made = await store.new_nonce(name)
        if made is None:
            raise HTTPException(429, "too many sign-ins are under way: try again in a minute", {"Retry-After": "60"})
        self._set(response, BROWSER, name, store.nonce_s)
        response.headers["Cache-Control"] = "no-store"
        return Nonce(
            nonce=made, expires_in_s=store.nonce_s, chain_id=chain_id, domains=tuple(sorted(self._parts.domains))
        )

    async def sign_in(self, asked: SignInRequest, response: Response, browser: str | None) -> Who:
        try:
            message = parse(asked.message)
        except WireError:
            self._counted.labels("malformed").inc()
            raise
        await self._check(message, asked, browser)
        token, session = await self._parts.store.open_session(message.address, message.chain_id)
        self._counted.labels("ok").inc()
        return await self._told(response, token, session)

    async def who(self, response: Response, cookie: str | None) -> Who:
        name = self.name_of(cookie)
        session = await self._parts.store.session(name) if name else None
        if name is None or session is None:
            raise HTTPException(401, "nobody is signed in: ask for a nonce and sign in with a wallet")
        return await self._told(response, name, session)

    def name_of(self, cookie: str | None) -> str | None:
        """Which session a cookie is of; none for what is no cookie of ours."""
        try:
            return self._parts.keys.session_of(cookie).session if cookie else None
        except AccessDeniedError:
            return None

    async def _told(self, response: Response, name: str, session: Session) -> Who:
        roles, ends_at = await self._parts.accounts.roles(session.address), session.expires_at.timestamp()
        token = self._parts.keys.issue(session.address, roles, name, ends_at)
        self._set(response, SESSION, token, max(ends_at - time.time(), 0))
        response.headers["Cache-Control"] = "no-store"
        return _who(session, roles)

    async def _check(self, message: SignIn, asked: SignInRequest, browser: str | None) -> None:
        accounts = self._parts.accounts
        rule = Rule(self._parts.domains, await accounts.chain_id())
        problem = problem_of(message, rule, datetime.now(UTC))
        if problem is not None:
            raise self._refused(problem, SENTENCES[problem])
        # The nonce goes before the signature is looked at, so that one nonce is worth one try.
        if browser is None or not await self._parts.store.use_nonce(message.nonce, browser):
            raise self._refused("nonce", "the nonce is unknown, used or too old: ask for a new one and sign again")
        if not await accounts.signed(message.address, asked.message, bytes.fromhex(asked.signature[2:])):
            raise self._refused("signature", "the signature is not that of the account in the message")

    def _refused(self, outcome: str, sentence: str) -> HTTPException:
        self._counted.labels(outcome).inc()
        return HTTPException(401, sentence)

    def _set(self, response: Response, name: str, value: str, age_s: float) -> None:
        response.set_cookie(
            name, value, max_age=int(age_s), path="/", secure=self._parts.secure, httponly=True, samesite="strict"
        )


def _who(session: Session, roles: tuple[Role, ...]) -> Who:
    return Who(address=session.address, chain_id=session.chain_id, roles=roles, expires_at=session.expires_at)
