"""The receipt book in a real PostgreSQL: behind the receipts, never in front of them."""

from collections.abc import Iterator

import psycopg
import pytest

from gridseal.identity.ed25519 import SigningKey
from ingestion_gateway.accept import MessageId
from ingestion_gateway.database import GatewayDatabase
from ingestion_gateway.receipt_life import MAX_ENTRIES
from ingestion_gateway.receipt_store import ReceiptStore
from ingestion_gateway.receipts import ReceiptBook
from local_stack.scratch import scratch_database, scratch_postgres

from .builders import BOOT_ID, RECEIPT_TOPIC

pytestmark = pytest.mark.servers
DEVICE = "home-01-pv"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with scratch_postgres() as address:
        yield address


@pytest.fixture
def dsn(server: str) -> Iterator[str]:
    with scratch_database(server) as address:
        yield address


class Process:
    """The book of one life of the gateway."""

    def __init__(self, dsn: str) -> None:
        self.book = ReceiptBook(SigningKey.new())
        self.database = GatewayDatabase(dsn)
        self.store = ReceiptStore(self.database, self.book)

    def deliver(self, *seqs: int, device_id: str = DEVICE) -> None:
        for seq in seqs:
            self.book.delivered(RECEIPT_TOPIC, device_id, MessageId(BOOT_ID, seq))

    def known(self, until: int = 20) -> list[int]:
        return [seq for seq in range(until) if self.book.already(DEVICE, BOOT_ID, seq)]

    async def end(self) -> None:
        await self.database.close()


async def test_the_next_process_knows_what_was_promised(dsn: str) -> None:
    first = Process(dsn)
    await first.store.load()
    first.deliver(0, 1, 2, 7)
    first.book.refused(RECEIPT_TOPIC, DEVICE, MessageId(BOOT_ID, 3), "wrong_unit")
    await first.store.flush()
    await first.end()

    second = Process(dsn)
    await second.store.load()

    assert second.known() == [0, 1, 2, 3, 7]
    assert second.book.already_refused(DEVICE, BOOT_ID, 3)
    assert second.book.unsaved == 0
    await second.end()


async def test_what_two_replicas_know_is_united(dsn: str) -> None:
    """With a shared subscription each of them gets every other message."""
    one, other = Process(dsn), Process(dsn)
    await one.store.load()
    await other.store.load()
    one.deliver(0, 2, 4)
    await one.store.flush()
    other.deliver(1, 3)
    await other.store.flush()

    assert other.known() == [0, 1, 2, 3, 4]
    one.deliver(6)
    await one.store.flush()
    assert one.known() == [0, 1, 2, 3, 4, 6]
    await one.end()
    await other.end()


async def test_without_a_database_the_gateway_goes_on_and_catches_up(dsn: str, server: str) -> None:
    process = Process(f"{server}/later")
    await process.store.load()
    process.deliver(0, 1)
    await process.store.flush()
    assert not process.store.available
    assert (process.book.unsaved, process.known()) == (1, [0, 1])
    assert process.book.close(1)

    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute("CREATE DATABASE later")
    await process.store.flush()
    await process.end()

    again = Process(f"{server}/later")
    await again.store.load()
    assert again.known() == [0, 1]
    await again.end()


async def test_a_broken_connection_costs_no_row(dsn: str) -> None:
    process = Process(dsn)
    await process.store.load()
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                      " AND datname = current_database()")  # fmt: skip
    process.deliver(0)
    await process.store.flush()
    assert process.book.unsaved == 1

    await process.store.flush()

    assert process.book.unsaved == 0
    with psycopg.connect(dsn) as reader:
        assert reader.execute("SELECT durable::text FROM gateway.receipts").fetchall() == [("{[0,1)}",)]
    await process.end()


async def test_rows_stay_small_whatever_a_device_counts(dsn: str) -> None:
    process = Process(dsn)
    await process.store.load()
    for start in range(0, 8_000, 800):
        process.deliver(*range(start, start + 800, 2))
        await process.store.flush()

    with psycopg.connect(dsn) as reader:
        (count,) = reader.execute("SELECT count(*) FROM (SELECT unnest(durable) FROM gateway.receipts) r").fetchall()[0]
    assert 0 < count <= MAX_ENTRIES + 1
    await process.end()


async def test_more_devices_than_fit_one_statement_are_all_written(dsn: str) -> None:
    process = Process(dsn)
    await process.store.load()
    for number in range(2_500):
        process.deliver(0, device_id=f"device-{number}")
    await process.store.flush()

    with psycopg.connect(dsn) as reader:
        assert reader.execute("SELECT count(*) FROM gateway.receipts").fetchall() == [(2_500,)]
    await process.end()
