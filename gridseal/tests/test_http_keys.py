"""The same ``Idempotency-Key`` twice is one request: on a real PostgreSQL, over restarts."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from gridseal.http.install import Conventions, install_conventions
from gridseal.http.keys_store import PostgresAnswers
from local_stack.scratch import scratch_database, scratch_postgres

pytestmark = pytest.mark.servers


class Order(BaseModel):
    name: str


class Made(BaseModel):
    number: int


class Shop:
    """Counts what it makes."""

    def __init__(self) -> None:
        self.made = 0
        self.asked = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()


def an_app(dsn: str, shop: Shop, **terms: float) -> FastAPI:
    app = FastAPI()
    install_conventions(app, Conventions(answers=PostgresAnswers(dsn, "shop", **terms)))

    @app.post("/api/v1/orders", status_code=201)
    async def order(wanted: Order) -> Made:
        shop.asked.set()
        await shop.open.wait()
        if wanted.name == "none":
            raise HTTPException(404, "none")
        shop.made += 1
        return Made(number=shop.made)

    return app


@pytest.fixture(scope="module")
def server_dsn() -> Iterator[str]:
    with scratch_postgres() as address:
        yield address


@pytest.fixture
def dsn(server_dsn: str) -> Iterator[str]:
    with scratch_database(server_dsn) as own:
        yield own


@pytest.fixture
async def shop() -> Shop:
    return Shop()


@pytest.fixture
async def client(dsn: str, shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(an_app(dsn, shop)) as opened:
        yield opened


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


async def order(client: httpx.AsyncClient, name: str = "tea", key: str | None = "k1") -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post("/api/v1/orders", json={"name": name}, headers=headers)


async def test_the_first_answer_is_given_again_also_by_a_new_process(
    client: httpx.AsyncClient, dsn: str, shop: Shop
) -> None:
    first = await order(client)
    async with client_of(an_app(dsn, shop)) as restarted:
        again = await order(restarted)

    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (201, {"number": 1})
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert shop.made == 1


async def test_another_request_under_the_key_is_refused(client: httpx.AsyncClient, shop: Shop) -> None:
    await order(client)
    other = await order(client, "coffee")

    assert (other.status_code, other.json()["reason"], shop.made) == (422, "key_reused", 1)


async def test_other_keys_and_no_key_are_other_requests(client: httpx.AsyncClient, shop: Shop) -> None:
    for key in ("k1", "k2", None, None):
        await order(client, key=key)

    assert shop.made == 4


async def test_while_the_first_is_under_way_the_second_waits_outside(client: httpx.AsyncClient, shop: Shop) -> None:
    shop.open.clear()
    first = asyncio.create_task(order(client))
    await shop.asked.wait()
    second = await order(client)
    shop.open.set()

    assert ((await first).status_code, second.status_code) == (201, 409)
    assert (second.headers["Retry-After"], shop.made) == ("1", 1)


async def test_a_refused_request_leaves_its_key_free(client: httpx.AsyncClient) -> None:
    refused, corrected = await order(client, "none"), await order(client, "tea")

    assert (refused.status_code, corrected.status_code) == (404, 201)


async def test_a_key_dies_and_a_lost_request_gives_way(dsn: str, shop: Shop) -> None:
    async with client_of(an_app(dsn, shop, ttl_s=0)) as forgetful:
        await order(forgetful)
        await order(forgetful)
    store = PostgresAnswers(dsn, "shop", stale_s=0)
    begun = [await store.begin("POST /lost", "k", b"x") for _ in range(2)]

    assert (shop.made, begun) == (2, ["new", "new"])


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_a_key_that_is_none_is_refused(client: httpx.AsyncClient, key: str) -> None:
    answer = await client.post("/api/v1/orders", json={"name": "tea"}, headers={"Idempotency-Key": key})

    assert answer.status_code == 422


async def test_a_store_that_is_away_is_said_and_nothing_is_done(shop: Shop) -> None:
    async with client_of(an_app("postgresql://nobody@127.0.0.1:1/none", shop)) as cut_off:
        answer = await order(cut_off)

    assert (answer.status_code, answer.headers["Content-Type"], shop.made) == (503, "application/problem+json", 0)
