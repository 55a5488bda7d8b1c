"""Whoever has the hash of a transaction learns how it fared, and which one took its place."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI

from gridseal.runtime.problems import install_problem_handlers
from settlement_service.transactions.orders import Attempt, Inclusion, Order, Placed
from settlement_service.transactions.routes import transaction_routes

OLD, NEW = "0x" + "0a" * 32, "0x" + "0b" * 32
SENT = Placed(
    id=1,
    deployment_id="one",
    key="keeper",
    contract="Settlement",
    method="settle",
    calldata=b"",
    idempotency_key="settle:1",
    state="sent",
    nonce=4,
    attempts=(Attempt(OLD, 1, 4, 90_000, 8, 1, b""), Attempt(NEW, 1, 4, 90_000, 9, 2, b"")),
)


class OneOrder:
    """Implements ``Transactions`` for reading."""

    placed = SENT

    async def submit(self, order: Order) -> Placed:
        raise NotImplementedError

    async def find(self, idempotency_key: str) -> Placed | None:
        return self.placed

    async def of_transaction(self, tx_hash: str) -> Placed | None:
        return self.placed if tx_hash in (OLD, NEW) else None


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install_problem_handlers(app)
    app.include_router(transaction_routes(OneOrder()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as opened:
        yield opened


def at(tx_hash: str, *, succeeded: bool = True) -> Inclusion:
    return Inclusion(tx_hash, 7, "0x" + "0c" * 32, 1_780_272_000, succeeded)


@pytest.mark.parametrize(
    ("placed", "old", "new", "replaced_by"),
    [
        (SENT, "replaced", "sent", NEW),
        (replace(SENT, state="mined", included=at(NEW)), "replaced", "mined", NEW),
        (replace(SENT, state="final", included=at(OLD)), "final", "replaced", OLD),
        (replace(SENT, state="failed", included=at(NEW, succeeded=False)), "replaced", "failed", NEW),
        (replace(SENT, state="none", nonce=None), "replaced", "replaced", NEW),
    ],
)
async def test_states_of_both_transactions_of_an_order(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, placed: Placed, old: str, new: str, replaced_by: str
) -> None:
    monkeypatch.setattr(OneOrder, "placed", placed)
    answers = {h: (await client.get(f"/api/v1/settlements/transactions/{h}")).json() for h in (OLD, NEW)}

    assert (answers[OLD]["state"], answers[NEW]["state"]) == (old, new)
    assert replaced_by in (answers[OLD]["replaced_by"], answers[NEW]["replaced_by"])
    included = placed.included.tx_hash if placed.included else None
    assert [h for h in (OLD, NEW) if answers[h]["block_number"] == 7] == [h for h in (OLD, NEW) if h == included]


async def test_an_unknown_hash_is_a_problem_document(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/settlements/transactions/0x" + "0f" * 32)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
