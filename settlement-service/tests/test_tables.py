"""What the tables guarantee: sealed secrets, one order per key of idempotency, one owner per nonce and per key."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from psycopg import AsyncConnection
from psycopg.rows import DictRow
from psycopg_pool import AsyncConnectionPool

from gridseal.errors import ChainError, ConfigError, UnavailableError
from gridseal.notary.batch import tree_of
from gridseal.runtime.migrations import apply_migrations
from gridseal.wire.forecasts import ForecastRun
from local_stack.scratch import scratch_database, scratch_postgres
from settlement_service.runs import Runs
from settlement_service.transactions.box import TransactionBox
from settlement_service.transactions.contracts import Calls, Place, load_abis
from settlement_service.transactions.ledger import KeyLedger
from settlement_service.transactions.orders import Attempt, Order
from settlement_service.vault import Vault

from .real_parts import PACKAGE, open_pool

pytestmark = pytest.mark.servers
OLD, NEW = b"o" * 32, b"n" * 32
PLACE = Place(31337, "one", {"Settlement": "0x" + "22" * 20})
Pool = AsyncConnectionPool[AsyncConnection[DictRow]]


class OnePlace:
    """Implements ``Places``."""

    there: Place | None = PLACE

    async def place(self, *, fresh: bool = False) -> Place | None:
        return self.there


def settle(name: str, **changes: object) -> Order:
    return Order("keeper", "Settlement", "settle", (b"\x01" * 32, 7), name, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with scratch_postgres() as address:
        yield address


@pytest.fixture
def dsn(server: str) -> Iterator[str]:
    with scratch_database(server) as own:
        apply_migrations(own, "settlement", PACKAGE / "migrations")
        yield own


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[Pool]:
    async with open_pool(dsn) as opened:
        yield opened


async def stored_secrets(pool: Pool) -> list[bytes]:
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT secret FROM settlement.batches ORDER BY sequence")
        return [bytes(row["secret"]) for row in await cursor.fetchall()]


async def test_secrets_are_sealed_also_those_of_before_and_those_of_an_old_key(
    pool: Pool, make_run: Callable[..., ForecastRun]
) -> None:
    plain, old, new = (make_run(version=version, series=1) for version in (1, 2, 3))
    for run, key in ((plain, OLD), (old, OLD), (new, NEW)):
        await Runs(pool, Vault([key])).add(run)
    found = await Runs(pool, Vault([OLD])).find(plain.run_id)
    assert found is not None
    async with pool.connection() as connection:  # as it was stored before there was encryption
        await connection.execute(
            "UPDATE settlement.batches SET secret = %s WHERE run_id = %s", (found.secret, plain.run_id)
        )
    both = Runs(pool, Vault([NEW, OLD]))

    assert await both.seal_secrets() == 2
    assert await both.seal_secrets() == 0
    assert found.secret not in b"".join(await stored_secrets(pool))
    for run in (plain, old, new):
        sealing = await Runs(pool, Vault([NEW])).find(run.run_id)
        assert sealing is not None
        assert sealing.root == "0x" + tree_of(run, sealing.secret).root.hex()


async def test_the_same_key_of_idempotency_is_one_order(pool: Pool) -> None:
    wake = asyncio.Event()
    box = TransactionBox(pool, OnePlace(), Calls(load_abis()), {"keeper": wake})
    first = await box.submit(settle("round-1"))
    again = await box.submit(settle("round-1", gas_limit=9))
    other = await box.submit(settle("round-2"))

    assert first == again
    assert other.id != first.id
    assert (first.state, first.key, wake.is_set()) == ("none", "keeper", True)
    assert first.calldata == Calls(load_abis()).encode("Settlement", "settle", (b"\x01" * 32, 7))


async def test_an_order_that_the_key_is_not_for_is_refused(pool: Pool) -> None:
    box = TransactionBox(pool, OnePlace(), Calls(load_abis()), {})

    with pytest.raises(ConfigError, match="relayer key may not call"):
        await box.submit(Order("relayer", "Settlement", "settle", (b"\x01" * 32, 7), "x"))


async def test_without_contracts_nothing_is_ordered(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OnePlace, "there", None)

    with pytest.raises(UnavailableError, match="not deployed"):
        await TransactionBox(pool, OnePlace(), Calls(load_abis()), {}).submit(settle("round-1"))


async def test_a_nonce_belongs_to_one_order_and_a_key_to_one_writer(dsn: str, pool: Pool) -> None:
    box = TransactionBox(pool, OnePlace(), Calls(load_abis()), {})
    first, second = await box.submit(settle("round-1")), await box.submit(settle("round-2"))
    async with KeyLedger.open(dsn, "keeper") as ledger:
        await ledger.save_attempt("one", Attempt("0xa", first.id, 5, 1, 10, 1, b"raw"))
        await ledger.save_attempt("one", Attempt("0xb", first.id, 5, 1, 12, 2, b"raw"))
        with pytest.raises(ChainError, match="nonce 5 of the keeper key was given away"):
            await ledger.save_attempt("one", Attempt("0xc", second.id, 5, 1, 12, 2, b"raw"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0), KeyLedger.open(dsn, "keeper", retry_s=0.05):
                pass
        async with KeyLedger.open(dsn, "provider"):
            [placed, waiting] = await ledger.unsettled("one")

    assert (placed.state, placed.nonce, [a.tx_hash for a in placed.attempts]) == ("signed", 5, ["0xa", "0xb"])
    assert (waiting.state, waiting.nonce) == ("none", None)
