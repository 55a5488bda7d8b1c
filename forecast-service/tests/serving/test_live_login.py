"""``/ws/forecasts`` where there is a login: no token, no frames; another site's page gets nothing (CSWSH)."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from forecast_service.live.endpoint import install_live
from forecast_service.live.hub import Hub
from forecast_service.policies import POLICIES
from gridseal.access import socket as access_socket
from gridseal.access.api_keys import KeyRecord, new_key
from gridseal.access.authenticate import Issuer, Login
from gridseal.access.guard import Access, install_guard
from gridseal.access.key_sets import KeySet
from gridseal.access.sessions import COOKIE, ISSUER, RULE, SessionKeys
from gridseal.client import Update, stream
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.serve import http_part
from gridseal.wire.live import SUBPROTOCOL, TOKEN_PROTOCOL
from local_stack.scratch import free_port

from .builders import SLOT

PAGE = "http://127.0.0.1:23000"
KEYS = SessionKeys(Ed25519PrivateKey.generate(), [], "demo")
OTHERS = SessionKeys(Ed25519PrivateKey.generate(), [], "demo")


class Door:
    """A hub behind a login that takes sessions and keys of machines."""

    def __init__(self) -> None:
        self.port = free_port()
        self.records: dict[str, KeyRecord] = {}
        self.hub = Hub({"forecasts": self._all}, new_registry())

    async def _all(self, wanted: object) -> list[dict[str, Any]]:
        return [{"series_id": "a/x"}]

    async def find(self, key_id: str) -> KeyRecord | None:
        return self.records.get(key_id)

    def app(self) -> FastAPI:
        async def fetch() -> bytes:
            return KEYS.key_set()

        issuers = {ISSUER: Issuer(RULE, KeySet(fetch, RULE.algorithms), "wallet")}
        app = FastAPI(docs_url=None, redoc_url=None)
        install_guard(app, Access("tried", "demo", Login(issuers, (self,), "demo", frozenset({PAGE}))), POLICIES)
        install_live(app, self.hub, frozenset({PAGE}), lambda: SLOT, 60)
        return app

    def key(self, role: str = "viewer", tenant: str = "demo") -> str:
        made = new_key("m", role, tenant)  # type: ignore[arg-type]
        self.records[made.record.key_id] = made.record
        return made.text

    def open(
        self, origin: str | None = None, offered: tuple[str, ...] = (), headers: Mapping[str, str] | None = None
    ) -> connect:
        return connect(
            f"ws://127.0.0.1:{self.port}/ws/forecasts", subprotocols=[Subprotocol(p) for p in (SUBPROTOCOL, *offered)],
            origin=None if origin is None else Origin(origin), additional_headers=dict(headers or {}),
        )  # fmt: skip


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    made = Door()
    task = asyncio.create_task(http_part(made.app(), "127.0.0.1", made.port)())
    async with asyncio.timeout(20):
        while True:
            try:
                (await asyncio.open_connection("127.0.0.1", made.port))[1].close()
                break
            except OSError:
                await asyncio.sleep(0.01)
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def a_session(keys: SessionKeys = KEYS, roles: tuple[str, ...] = ("viewer",), seconds: float = 600) -> str:
    return keys.issue("0xabc", roles, "name", time.time() + seconds)


async def first(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(20):
        found: dict[str, Any] = json.loads(await socket.recv())
        return found


async def code(socket: ClientConnection) -> int | None:
    """With which the server closes, before it says anything."""
    async with asyncio.timeout(20):
        try:
            while True:
                assert json.loads(await socket.recv())["type"] == "ping"
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


async def test_a_token_comes_by_header_sub_protocol_cookie_or_first_message(door: Door) -> None:
    token = a_session()
    async with door.open(headers={"Authorization": f"Bearer {door.key()}"}) as socket:
        assert (await first(socket))["type"] == "hello"
    async with door.open(PAGE, (TOKEN_PROTOCOL + token,)) as socket:
        assert (await first(socket))["type"] == "hello"
        assert socket.subprotocol == SUBPROTOCOL
    async with door.open(PAGE, headers={"Cookie": f"{COOKIE}={token}"}) as socket:
        assert (await first(socket))["type"] == "hello"
    async with door.open() as socket:
        await socket.send(json.dumps({"type": "authenticate", "token": token}))
        assert (await first(socket))["type"] == "hello"
        await socket.send(json.dumps({"type": "subscribe", "id": "s", "channel": "forecasts"}))
        assert (await first(socket))["type"] == "ack"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", PAGE + ".evil.example", "https://127.0.0.1:23000"])
async def test_a_page_of_another_site_gets_nothing_with_the_cookie_of_a_person(door: Door, origin: str) -> None:
    async with door.open(origin, headers={"Cookie": f"{COOKIE}={a_session()}"}) as socket:
        assert await code(socket) == 4403


@pytest.mark.parametrize(
    "sent",
    [
        '{"type": "subscribe", "id": "s", "channel": "forecasts"}', '{"type": "authenticate", "token": "x"}',
        '{"type": "authenticate"}', "[" * 10_000, "NaN", json.dumps({"type": "authenticate", "token": "x" * 60_000}),
    ],
)  # fmt: skip
async def test_whoever_shows_no_token_first_is_let_go(door: Door, sent: str) -> None:
    async with door.open() as socket:
        await socket.send(sent)
        assert await code(socket) == 4401


async def test_tokens_of_others_of_no_role_and_of_another_tenant(door: Door) -> None:
    for token, expected in (
        (a_session(OTHERS), 4401), (a_session(seconds=-100), 4401), (a_session(roles=()), 4403),
        (door.key(tenant="other"), 4403), (door.key()[:-4] + "AAAA", 4401),
    ):  # fmt: skip
        async with door.open(offered=(TOKEN_PROTOCOL + token,)) as socket:
            assert await code(socket) == expected


async def test_in_the_address_a_token_says_nothing(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_socket, "FIRST_WITHIN_S", 0.2)
    async with connect(
        f"ws://127.0.0.1:{door.port}/ws/forecasts?token={door.key()}", subprotocols=[Subprotocol(SUBPROTOCOL)]
    ) as socket:
        assert await code(socket) == 4401


async def test_a_connection_ends_with_its_token_and_with_its_key(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(access_socket, "RECHECK_S", 0.1)
    async with door.open(offered=(TOKEN_PROTOCOL + a_session(seconds=2),)) as socket:
        assert (await first(socket))["type"] == "hello"
        assert await code(socket) == 4401
    async with door.open(headers={"Authorization": f"Bearer {door.key()}"}) as socket:
        assert (await first(socket))["type"] == "hello"
        door.records.clear()
        assert await code(socket) == 4401


async def test_the_client_of_the_package_brings_its_token(door: Door) -> None:
    updates = stream(f"ws://127.0.0.1:{door.port}/ws/forecasts", token=door.key())
    async with asyncio.timeout(20):
        update = await anext(aiter(updates))

    assert isinstance(update, Update)
    assert update.data == {"series_id": "a/x"}
