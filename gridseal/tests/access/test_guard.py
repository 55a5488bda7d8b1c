"""The layer in front of every route: deny by default, cookies from our pages only, a line in the audit log."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from gridseal.access import guard
from gridseal.access.api_keys import KeyFile, append_to_file, new_key
from gridseal.access.authenticate import Development, Issuer, Login
from gridseal.access.guard import REFUSALS_PER_MIN, Access, require_guard
from gridseal.access.install import access_of, dashboard_origins, own_headers
from gridseal.access.key_sets import KeySet
from gridseal.access.principal import ROLES, AccessDeniedError, Role
from gridseal.access.sessions import COOKIE, ISSUER, RULE, SessionKeys
from gridseal.errors import ConfigError
from gridseal.http.counters import Counters
from gridseal.http.rates import Rates
from gridseal.runtime.health import install_health
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.serve import http_part
from gridseal.runtime.settings import CoreSettings

from .issuing import ORIGIN, POLICIES, Book, Lines, Served, a_login, a_token, an_app, claims

ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def a_client(app: FastAPI, host: str = "127.0.0.1", base: str = "http://test", **more: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app, client=(host, 1)), base_url=base, **more)


@asynccontextmanager
async def signed_in(access: Access, token: str | None, **more: Any) -> AsyncIterator[httpx.AsyncClient]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with a_client(an_app(access), "203.0.113.9", headers=headers, **more) as client:
        yield client


async def statuses(client: httpx.AsyncClient) -> dict[str, int]:
    asked = {n: await client.request("POST" if n in ("act", "seal") else "GET", f"/api/v1/{n}") for n in POLICIES}
    return {name: answer.status_code for name, answer in asked.items()}


@pytest.mark.parametrize("role", [None, *ROLES])
async def test_each_role_may_what_those_before_it_may(role: Role | None) -> None:
    rank = -1 if role is None else ROLES.index(role)
    token = a_token(claims(roles=[] if role is None else [role]))
    async with signed_in(Access("tried", authenticator=a_login()), token) as client:
        found = await statuses(client)

    needed = {"look": 0, "act": 1, "seal": 2, "rule": 3, "open": -1}
    assert found == {name: 200 if rank >= least else 403 for name, least in needed.items()}


async def test_without_a_token_only_what_is_public_answers() -> None:
    async with signed_in(Access("tried", authenticator=a_login()), None) as client:
        found = await statuses(client)
        refused = await client.get("/api/v1/look")
        health = await client.get("/problems/unauthorized")

    assert found == {"look": 401, "act": 401, "seal": 401, "rule": 401, "open": 200}
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    hardened = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
    assert all(hardened.items() <= dict(answer.headers).items() for answer in (refused, health))
    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.json()["reason"], refused.headers["Gridseal-Auth"], health.status_code) == ("missing", "login", 200)


@pytest.mark.parametrize(
    "given",
    [("Basic {}",), ("Token {}",), ("{}",), ("Bearer",), ("Bearer ",), ("Bearer {}", "Bearer {}"), ("", "Bearer {}")],
)
async def test_a_token_is_shown_once_and_as_bearer(given: tuple[str, ...]) -> None:
    async with signed_in(Access("tried", authenticator=a_login()), None) as client:
        headers = [("Authorization", text.format(a_token())) for text in given]
        answer = await client.get("/api/v1/look", headers=headers)

    assert (answer.status_code, answer.json()["reason"]) == (401, "malformed")


async def test_another_tenant_finds_nothing() -> None:
    access = Access("tried", "demo", a_login())
    async with signed_in(access, a_token(claims(tenant="other", roles=["admin"]))) as client:
        found = await statuses(client)

    assert found == {"look": 404, "act": 404, "seal": 404, "rule": 404, "open": 200}


async def test_a_route_without_a_policy_is_not_served() -> None:
    app = an_app(Access("tried"), {name: policy for name, policy in POLICIES.items() if name != "act"})

    with pytest.raises(ConfigError, match="who may use act"):
        await http_part(app, "127.0.0.1", 0)()
    async with a_client(app) as client:
        assert (await client.post("/api/v1/act")).status_code == 500


def test_an_application_without_rules_stays_on_this_machine() -> None:
    require_guard(FastAPI(title="bare"), "127.0.0.1")
    require_guard(an_app(Access("tried")), "0.0.0.0")
    with pytest.raises(ConfigError, match="bare has no rules"):
        require_guard(FastAPI(title="bare"), "0.0.0.0")


@pytest.mark.parametrize(
    ("host", "base", "origin", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:28000", None, None), ("::1", "http://localhost", None, None),
        ("127.0.0.1", "http://127.0.0.1:28000", "http://localhost:31620", None),
        ("192.0.2.7", "http://127.0.0.1:28000", None, "not_loopback"),
        ("127.0.0.1", "http://rebound.example.org:28000", None, "foreign_host"),
        ("127.0.0.1", "http://127.0.0.1.example.org", None, "foreign_host"),
        ("127.0.0.1", "http://127.0.0.1:28000", "https://evil.example", "foreign_origin"),
        ("127.0.0.1", "http://127.0.0.1:28000", "null", "foreign_origin"),
    ],
)  # fmt: skip
async def test_development_mode_is_for_this_machine(
    host: str, base: str, origin: str | None, expected: str | None
) -> None:
    headers = {} if origin is None else {"Origin": origin}
    async with a_client(an_app(Access("tried")), host, base, headers=headers) as client:
        answer = await client.post("/api/v1/act")

    assert answer.json().get("reason") == expected
    assert answer.status_code == (200 if expected is None else 403)
    assert answer.headers["Gridseal-Auth"] == "dev"


def a_session(roles: tuple[str, ...] = ("viewer", "operator"), tenant: str = "demo") -> tuple[str, Login]:
    keys = SessionKeys(Ed25519PrivateKey.generate(), [], tenant)
    served = Served(keys.key_set())
    login = Login(
        {ISSUER: Issuer(RULE, KeySet(served.fetch, RULE.algorithms), "wallet")}, (), "demo", frozenset({ORIGIN})
    )
    return keys.issue(ADDRESS, roles, "secret-of-the-session", time.time() + 600), login


async def test_a_session_is_taken_as_cookie_and_as_token() -> None:
    token, login = a_session()
    app = an_app(Access("tried", authenticator=login))
    async with a_client(app, cookies={COOKIE: token}) as page, a_client(app) as program:
        by_cookie = await page.post("/api/v1/act", headers={"Origin": ORIGIN})
        by_header = await program.post("/api/v1/act", headers={"Authorization": f"bearer {token}"})
        too_high = await page.post("/api/v1/seal", headers={"Origin": ORIGIN})

    assert by_cookie.json() == by_header.json() == {"who": f"wallet:{ADDRESS}"}
    assert too_high.status_code == 403


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", ORIGIN + ".evil.example", "http://grid.example.org"]
)
async def test_another_page_cannot_use_the_cookie(origin: str) -> None:
    token, login = a_session()
    async with a_client(an_app(Access("tried", authenticator=login)), cookies={COOKIE: token}) as client:
        answer = await client.post("/api/v1/act", headers={"Origin": origin})

    assert (answer.status_code, answer.json()["reason"]) == (403, "foreign_origin")


async def test_only_a_session_is_taken_as_a_cookie() -> None:
    async with a_client(an_app(Access("tried", authenticator=a_login())), cookies={COOKIE: a_token()}) as client:
        answer = await client.get("/api/v1/look")

    assert (answer.status_code, answer.json()["reason"]) == (401, "type")


def test_a_session_is_found_again_after_its_token_expired(tmp_path: Path) -> None:
    keys = SessionKeys.open(tmp_path / "s.key", tmp_path / "s.pub", "demo")
    old = keys.issue(ADDRESS, ("viewer",), "name", time.time() - 100)

    assert keys.session_of(old).session == "name"
    assert (tmp_path / "s.key").stat().st_mode & 0o777 == 0o600
    for wrong in (old[:-8] + "AAAAAAAA", a_token(), "x"):
        with pytest.raises(AccessDeniedError):
            keys.session_of(wrong)


async def test_keys_of_machines(tmp_path: Path) -> None:
    good, old = new_key("meter", "operator", "demo"), new_key("old", "admin", "demo", datetime.now(UTC) - timedelta(1))
    append_to_file(tmp_path / "keys.json", good.record)
    append_to_file(tmp_path / "keys.json", old.record)
    login = Login({}, (Book(), KeyFile(tmp_path / "keys.json")), "demo", frozenset())
    access = Access("tried", authenticator=login)
    secret = good.text[:-4] + ("AAAA" if good.text[-4:] != "AAAA" else "BBBB")
    reasons = []
    for text in (old.text, secret, "gs_", "gs_" + "x" * 5_000, good.text + "x", good.text.upper()):
        async with signed_in(access, text) as client:
            answer = await client.get("/api/v1/look")
            assert answer.status_code == 401
            reasons.append(answer.json()["reason"])
    async with signed_in(access, good.text) as client:
        found = await statuses(client)

    assert reasons == ["expired", "key", "malformed", "malformed", "malformed", "malformed"]
    assert found == {"look": 200, "act": 200, "seal": 403, "rule": 403, "open": 200}
    assert good.text not in (tmp_path / "keys.json").read_text()
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0


async def test_every_change_and_every_refusal_is_written_down() -> None:
    lines = Lines()
    async with signed_in(
        Access("tried", authenticator=a_login(), audit=lines), a_token(claims(roles=["operator"]))
    ) as c:
        for method, name in (("GET", "look"), ("POST", "act"), ("POST", "seal"), ("GET", "open")):
            await c.request(method, f"/api/v1/{name}?secret=canary", headers={"X-Canary": "canary"})

    assert [(e.action, e.status, e.actor, e.address) for e in lines.entries] == [
        ("act", 200, "person:alice", "203.0.113.9"), ("seal", 403, "nobody", "203.0.113.9"),
    ]  # fmt: skip
    assert "canary" not in json.dumps([e.model_dump() for e in lines.entries])


async def test_a_flood_of_refusals_does_not_flood_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [30.0]
    monkeypatch.setattr(guard, "time", SimpleNamespace(monotonic=lambda: now[0]))
    lines = Lines()
    async with signed_in(Access("tried", authenticator=a_login(), audit=lines), None) as client:
        for _ in range(REFUSALS_PER_MIN + 20):
            await client.get("/api/v1/look")
        assert len(lines.entries) == REFUSALS_PER_MIN
        now[0] += 60
        await client.get("/api/v1/look")

    assert len(lines.entries) == REFUSALS_PER_MIN + 1


async def test_who_is_signed_in_is_counted_by_who_it_is() -> None:
    access = Access("tried", authenticator=a_login(), rates=Rates(reads=2))
    app = an_app(access)

    async def ask(name: str, address: str) -> int:
        async with a_client(app, address, headers={"Authorization": f"Bearer {a_token(claims(sub=name))}"}) as client:
            return (await client.get("/api/v1/look")).status_code

    asked = [await ask("alice", f"192.0.2.{n}") for n in range(3)]

    assert asked == [200, 200, 429]
    assert await ask("bob", "192.0.2.1") == 200


async def test_without_redis_each_process_counts_to_the_half() -> None:
    now = [0.0]
    counters = Counters("redis://127.0.0.1:1/0", lambda: now[0])

    counted = [await counters.hit("x", 4, "a") for _ in range(3)]

    assert [c.allowed for c in counted] == [True, True, False]
    assert counted[0].limit == 2


def test_settings_that_would_let_somebody_in_are_refused(tmp_path: Path) -> None:
    for wrong in ("http://id.example.org", "https://user@id.example.org", "ftp://x", ISSUER):
        with pytest.raises(ConfigError):
            access_of(CoreSettings(auth="login", oidc_issuer=wrong), "tried")
    with pytest.raises(ConfigError, match="algorithms"):
        access_of(CoreSettings(auth="login", oidc_issuer="https://id.example.org", oidc_algorithms="HS256"), "tried")
    with pytest.raises(ConfigError, match="GRIDSEAL_API_KEYS_FILE"):
        access_of(CoreSettings(auth="login", api_keys_file=tmp_path / "none"), "tried")
    with pytest.raises(ConfigError, match="GRIDSEAL_SERVICE_KEY_FILE"):
        own_headers(CoreSettings(auth="login", service_key_file=tmp_path / "none"))
    assert isinstance(access_of(CoreSettings(), "tried").authenticator, Development)
    assert access_of(CoreSettings(auth="login"), "tried").authenticator.mode == "login"
    assert dashboard_origins(CoreSettings(allowed_origins="https://a.example/, https://b.example")) == {
        "http://127.0.0.1:23000", "http://localhost:23000", "https://a.example", "https://b.example",
    }  # fmt: skip


async def test_refusals_are_counted_by_reason_and_shown_with_the_figures() -> None:
    access, registry = Access("tried", "demo", a_login()), new_registry()
    app = an_app(access)
    install_health(app, "tried", {}, registry)
    async with a_client(app) as client:
        for headers in ({}, {}, {"Authorization": "Basic x"}, {"Authorization": f"Bearer {a_token(claims(roles=[]))}"}):
            await client.get("/api/v1/look", headers=headers)
        shown = (await client.get("/metrics")).text

    counts = {line for line in shown.splitlines() if line.startswith("gridseal_access_refused_total")}
    assert counts == {
        'gridseal_access_refused_total{reason="missing"} 2.0',
        'gridseal_access_refused_total{reason="malformed"} 1.0',
        'gridseal_access_refused_total{reason="role"} 1.0',
    }
