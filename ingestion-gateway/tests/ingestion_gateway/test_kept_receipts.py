"""Receipts kept for proofs, in a real PostgreSQL, asked for as settlement-service does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from gridseal.identity.ed25519 import SigningKey
from gridseal.wire.signing import verified
from ingestion_gateway.accept import MessageId
from ingestion_gateway.database import GatewayDatabase
from ingestion_gateway.kept_receipts import KeptReceipts, install_kept_receipts
from ingestion_gateway.receipts import ReceiptBook
from local_stack.scratch import scratch_database, scratch_postgres

from .builders import BOOT_ID, RECEIPT_TOPIC

pytestmark = pytest.mark.servers
KEY = SigningKey.new()
PATH = "/api/v1/gateway/receipts"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with scratch_postgres() as address:
        yield address


@pytest.fixture
def dsn(server: str) -> Iterator[str]:
    with scratch_database(server) as address:
        yield address


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000)


def deliver(book: ReceiptBook, device: str, seq: int, at: datetime) -> None:
    book.delivered(RECEIPT_TOPIC, device, MessageId(BOOT_ID, seq))
    book.close(milliseconds(at))


async def test_the_newest_receipt_before_a_moment_is_told_and_its_signature_holds(dsn: str) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    book, database = ReceiptBook(KEY, keep_every_ms=1_000), GatewayDatabase(dsn)
    kept = KeptReceipts(database, book, keep_s=3_600)
    for seq in range(3):
        for device in ("home-01-pv", "home-02-pv"):
            deliver(book, device, seq, now + timedelta(seconds=seq))
        await kept.flush()
    app = FastAPI()
    install_kept_receipts(app, kept)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        asked = {"device_id": ["home-02-pv", "nobody"], "before": (now + timedelta(seconds=1)).isoformat()}
        answer = await client.get(PATH, params=asked)
        early = await client.get(PATH, params=asked | {"before": (now - timedelta(days=1)).isoformat()})
        nothing = await client.get(PATH, params={"before": now.isoformat()})

    [receipt] = answer.json()["items"]
    assert (receipt["device_id"], receipt["through"]) == ("home-02-pv", 1)
    assert receipt["issued_at_ms"] == milliseconds(now) + 1_000
    assert verified(receipt, KEY.public)
    assert early.json() == {"items": []}
    assert nothing.status_code == 422
    await database.close()


async def test_what_is_older_than_the_limit_is_deleted(dsn: str) -> None:
    now = datetime.now(UTC)
    book, database = ReceiptBook(KEY, keep_every_ms=1), GatewayDatabase(dsn)
    kept = KeptReceipts(database, book, keep_s=3_600)
    deliver(book, "home-01-pv", 0, now - timedelta(hours=2))
    deliver(book, "home-02-pv", 0, now)
    await kept.flush()

    found = await kept.before(["home-01-pv", "home-02-pv"], now + timedelta(seconds=1))
    assert [receipt.device_id for receipt in found] == ["home-02-pv"]
    await database.close()


async def test_without_a_database_the_newest_of_each_life_waits(server: str) -> None:
    now = datetime.now(UTC)
    book = ReceiptBook(KEY, keep_every_ms=1_000)
    kept = KeptReceipts(GatewayDatabase(f"{server}/nowhere"), book, keep_s=3_600)
    for seq in range(2):
        deliver(book, "home-01-pv", seq, now + timedelta(seconds=seq))
        await kept.flush()

    [(life, at, _)] = book.to_keep(10)
    assert (life.through, at) == (1, milliseconds(now + timedelta(seconds=1)))
