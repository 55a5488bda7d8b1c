"""Sign-In with Ethereum: the grammar, the rules, one nonce for one try, and what a stolen message is worth."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_account import Account
from eth_account.messages import encode_defunct
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from gridseal.access.sessions import SessionKeys
from gridseal.errors import WireError
from gridseal.runtime.problems import install_problem_handlers
from settlement_service.signin.check import Problem, Rule, problem_of
from settlement_service.signin.message import parse
from settlement_service.signin.routes import SESSION, SignInParts, session_routes
from settlement_service.signin.store import Session
from settlement_service.signin.wallet import Role, recovered

KEY = b"\x42" * 32
WALLET = str(Account.from_key(KEY).address)
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RULE = Rule({"127.0.0.1:23000"}, 31337)


def a_message(now: datetime = NOW, **changes: str | None) -> str:
    """The text as viem writes it; a field set to None is left out."""
    fields: dict[str, str | None] = {
        "URI": "http://127.0.0.1:23000/wallet",
        "Version": "1",
        "Chain ID": "31337",
        "Nonce": "6f1d5be0a4c2970e",
        "Issued At": now.isoformat(),
        "Expiration Time": (now + timedelta(minutes=5)).isoformat(),
    }
    head = str(changes.pop("head", "127.0.0.1:23000 wants you to sign in with your Ethereum account:"))
    address, statement = changes.pop("address", WALLET), changes.pop("statement", "See what your stake does.")
    tail = changes.pop("tail", "")
    lines = [f"{k}: {v}" for k, v in (fields | changes).items() if v is not None]
    middle = f"\n{statement}\n" if statement is not None else "\n"
    return f"{head}\n{address}\n{middle}\n" + "\n".join(lines) + str(tail)


def signed(text: str, key: bytes = KEY) -> str:
    return "0x" + bytes(Account.sign_message(encode_defunct(text=text), key).signature).hex()


def test_a_message_of_a_wallet_is_read_field_by_field() -> None:
    read = parse(a_message(tail="\nResources:\n- https://example.org/a\n- https://example.org/b"))

    assert (read.domain, read.address, read.chain_id) == ("127.0.0.1:23000", WALLET, 31337)
    assert read.statement == "See what your stake does."
    assert read.issued_at == NOW
    assert read.resources == ("https://example.org/a", "https://example.org/b")
    assert parse(a_message(statement=None)).statement is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        a_message(head="127.0.0.1:23000 wants your money:"),
        a_message(address=WALLET.lower()),
        a_message(Version="2"),
        a_message(Nonce="short"),
        a_message(Nonce=None),
        a_message(**{"Chain ID": "0x7a69"}),
        a_message(**{"Issued At": "yesterday"}),
        a_message(**{"Issued At": "2026-11-22T09:00:00"}),
        a_message(**{"Issued At": "2026-02-30T09:00:00Z"}),
        a_message(tail="\nNonce: 6f1d5be0a4c2970e"),
        a_message(tail="\nand more"),
        a_message(statement="two\nlines"),
        a_message().replace("\n", "\r\n"),
        a_message(statement="x" * 5_000),
    ],
)
def test_what_is_not_of_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(WireError, match="sign-in message"):
        parse(text)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"head": "evil.example wants you to sign in with your Ethereum account:"}, "wrong_domain"),
        ({"URI": "http://evil.example/wallet"}, "wrong_uri"),
        ({"URI": "javascript:alert(1)"}, "wrong_uri"),
        ({"head": "https://127.0.0.1:23000 wants you to sign in with your Ethereum account:"}, "wrong_uri"),
        ({"Chain ID": "1"}, "wrong_chain"),
        ({"Expiration Time": None}, "too_long"),
        ({"Expiration Time": (NOW + timedelta(hours=1)).isoformat()}, "too_long"),
        ({"Expiration Time": NOW.isoformat()}, "expired"),
        ({"Not Before": (NOW + timedelta(minutes=1)).isoformat()}, "not_yet"),
    ],
)
def test_a_message_for_another_site_chain_or_time_is_refused(
    changes: dict[str, str | None], problem: Problem | None
) -> None:
    assert problem_of(parse(a_message(**changes)), RULE, NOW) == problem


def test_a_message_from_the_future_is_refused() -> None:
    later = a_message(now=NOW + timedelta(minutes=3))

    assert problem_of(parse(later), RULE, NOW) == "not_yet"


def test_only_the_key_of_the_account_signs_for_it() -> None:
    text = a_message()

    assert recovered(text, bytes.fromhex(signed(text)[2:])) == WALLET
    assert recovered(text + " ", bytes.fromhex(signed(text)[2:])) != WALLET
    assert recovered(text, b"\0" * 65) is None
    assert recovered(text, b"") is None


@dataclass
class MemoryStore:
    """Keeps nonces and sessions as the tables do."""

    nonce_s: float = 300
    session_s: float = 3_600
    nonces: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)

    async def new_nonce(self, browser: str) -> str | None:
        nonce = f"nonce{len(self.nonces):011d}"
        self.nonces[nonce] = browser
        return nonce

    async def use_nonce(self, nonce: str, browser: str) -> bool:
        return self.nonces.pop(nonce, None) == browser

    async def open_session(self, address: str, chain_id: int) -> tuple[str, Session]:
        token = f"token-{len(self.sessions)}"
        self.sessions[token] = Session(address, chain_id, datetime.now(UTC) + timedelta(hours=1))
        return token, self.sessions[token]

    async def session(self, token: str) -> Session | None:
        return self.sessions.get(token)

    async def end_session(self, token: str) -> None:
        self.sessions.pop(token, None)


@dataclass
class MemoryAccounts:
    granted: tuple[Role, ...] = ("viewer", "operator")

    async def chain_id(self) -> int:
        return 31337

    async def signed(self, address: str, text: str, signature: bytes) -> bool:
        return recovered(text, signature) == address

    async def roles(self, address: str) -> tuple[Role, ...]:
        return self.granted


@pytest.fixture
def accounts() -> MemoryAccounts:
    return MemoryAccounts()


@pytest.fixture
async def client(accounts: MemoryAccounts) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install_problem_handlers(app)
    keys = SessionKeys(Ed25519PrivateKey.generate(), [], "demo")
    parts = SignInParts(MemoryStore(), accounts, {"127.0.0.1:23000"}, CollectorRegistry(), keys)
    app.include_router(session_routes(parts))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as opened:
        yield opened


async def a_request(client: httpx.AsyncClient, key: bytes = KEY) -> dict[str, str]:
    told = (await client.post("/api/v1/session/nonce")).json()
    text = a_message(now=datetime.now(UTC).replace(microsecond=0), Nonce=told["nonce"])
    return {"message": text, "signature": signed(text, key)}


async def test_a_wallet_signs_in_and_out_and_its_roles_are_those_of_the_chain_now(
    client: httpx.AsyncClient, accounts: MemoryAccounts
) -> None:
    answer = await client.post("/api/v1/session", json=await a_request(client))

    assert answer.status_code == 200, answer.text
    assert (answer.json()["address"], answer.json()["roles"]) == (WALLET, ["viewer", "operator"])
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(SESSION))
    assert re.search("httponly", cookie, re.IGNORECASE)
    assert re.search("samesite=strict", cookie, re.IGNORECASE)
    accounts.granted = ("viewer",)
    assert (await client.get("/api/v1/session")).json()["roles"] == ["viewer"]
    assert (await client.delete("/api/v1/session")).status_code == 204
    assert (await client.get("/api/v1/session")).status_code == 401


async def test_a_nonce_is_worth_one_try(client: httpx.AsyncClient) -> None:
    request = await a_request(client)

    assert (await client.post("/api/v1/session", json=request)).status_code == 200
    assert (await client.post("/api/v1/session", json=request)).status_code == 401


async def test_a_wrong_signature_costs_the_nonce(client: httpx.AsyncClient) -> None:
    request = await a_request(client, key=b"\x43" * 32)
    refused = await client.post("/api/v1/session", json=request)
    right = request | {"signature": signed(request["message"])}

    assert refused.status_code == 401
    assert "signature" in refused.json()["detail"]
    assert (await client.post("/api/v1/session", json=right)).status_code == 401


async def test_a_message_that_was_stolen_is_worth_nothing_in_another_browser(client: httpx.AsyncClient) -> None:
    request = await a_request(client)
    client.cookies.clear()

    assert (await client.post("/api/v1/session", json=request)).status_code == 401


async def test_nobody_is_signed_in_by_a_made_up_cookie(client: httpx.AsyncClient) -> None:
    client.cookies.set(SESSION, "made-up")

    assert (await client.get("/api/v1/session")).status_code == 401
    assert (await client.post("/api/v1/session", json={"message": "x", "signature": "0x00"})).status_code == 422
