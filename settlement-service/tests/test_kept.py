"""Tables of rounds, events, requests and sign-in, on a real PostgreSQL."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from gridseal.notary.leaf import name_hash
from gridseal.notary.score import ActualLeaf
from gridseal.runtime.migrations import apply_migrations
from gridseal.wire.codec import decode
from gridseal.wire.forecasts import ForecastRun
from gridseal.wire.rounds import RoundChange
from local_stack.scratch import scratch_database, scratch_postgres
from settlement_service.actuals.leaves import committed
from settlement_service.contracts import Place
from settlement_service.events import ChainEvent
from settlement_service.events_store import StoredEvents
from settlement_service.overrides.store import OverrideStore
from settlement_service.overrides.values import Job, NewVersion
from settlement_service.rounds.store import RoundStore
from settlement_service.rounds.values import Round
from settlement_service.runs import Pool, Runs
from settlement_service.signin.store import SignInStore
from settlement_service.vault import Vault

from .round_world import PACKAGE

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]
SLOT = datetime(2026, 6, 1, tzinfo=UTC)
PRODUCT = "0x" + name_hash("site-6h").hex()


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with scratch_postgres() as address, scratch_database(address) as own:
        apply_migrations(own, "settlement", PACKAGE / "migrations")
        yield own


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool(dsn: str) -> AsyncIterator[Pool]:
    opened: Pool = AsyncConnectionPool(
        dsn, min_size=1, max_size=3, open=False, kwargs={"row_factory": dict_row, "autocommit": True}
    )
    async with opened:
        yield opened


def an_event(block: int, name: str = "Scored", **changes: object) -> ChainEvent:
    fields: dict[str, object] = {
        "block_number": block,
        "log_index": 0,
        "block_hash": f"0xb{block}",
        "block_time": SLOT + timedelta(seconds=block),
        "tx_hash": f"0xt{block}",
        "contract": "Settlement",
        "event": name,
        "product_hash": PRODUCT,
        "slot": SLOT,
        "account": "0xa",
        "arguments": {"score": str(10**18)},
    }
    return ChainEvent(**(fields | changes))  # type: ignore[arg-type]


def a_place(deployment_id: str = "one") -> Place:
    return Place(31337, deployment_id, 1, {"Settlement": "0x" + "5e" * 20})


async def test_what_a_reorganization_took_away_is_gone_and_what_came_is_there(pool: Pool) -> None:
    store = StoredEvents(pool)
    assert await store.reached("one") is None
    assert await store.replace(a_place("one"), 1, 5, [an_event(3), an_event(5)]) == 2
    moved = an_event(5, block_hash="0xother", tx_hash="0xt5b")

    assert await store.replace(a_place("one"), 4, 6, [moved, an_event(6)]) == 2
    assert await store.replace(a_place("one"), 4, 6, [moved, an_event(6)]) == 0
    assert [e.block_hash for e in await store.of_slot("one", PRODUCT, SLOT)] == ["0xb3", "0xother", "0xb6"]
    assert (await store.reached("one"), await store.hash_at("one", 5)) == (6, (3, "0xb3"))
    assert await store.of_slot("two", PRODUCT, SLOT) == []
    found = await store.named("one", ["Scored"], SLOT, SLOT + timedelta(seconds=6), "0xa")
    assert [e.block_number for e in found] == [3, 5]
    assert await store.named("one", ["Scored"], SLOT, SLOT + timedelta(days=1), "0xb") == []
    assert [e.block_number for e in await store.of_transactions("one", ["0xt3"])] == [3]


async def test_what_is_new_or_gone_about_a_round_waits_for_kafka(
    pool: Pool, make_run: Callable[..., ForecastRun]
) -> None:
    store = StoredEvents(pool)
    await Runs(pool, Vault([b"\7" * 32])).add(make_run(run_id="c" * 32, product_id="told-6h"), "benchmark")
    product = {"product_hash": "0x" + name_hash("told-6h").hex(), "account": "0x" + "aa" * 20}
    first, second = (an_event(n, tx_hash=f"0x{n:064x}", **product) for n in (3, 5))
    await store.replace(a_place("told"), 1, 5, [first, second])
    await store.replace(a_place("told"), 4, 6, [second])
    assert await _told(pool) == [("told-6h/2026-06-01T00:00:00Z", ["Scored", "Scored"])]
    await store.replace(a_place("told"), 4, 6, [])

    assert [steps for _, steps in await _told(pool)] == [["Scored", "Scored"], []]
    elsewhere = an_event(7, tx_hash="0x" + "7" * 64, account="0x" + "aa" * 20, product_hash="0x" + "ee" * 32)
    await store.replace(a_place("told"), 7, 7, [elsewhere])
    assert len(await _told(pool)) == 2


async def _told(pool: Pool) -> list[tuple[str, list[str]]]:
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT round_key, document FROM settlement.round_events ORDER BY id")
        rows = [(str(r["round_key"]), decode(RoundChange, bytes(r["document"]))) for r in await cursor.fetchall()]
    return [(key, [step.event for step in change.steps]) for key, change in rows]


async def test_a_round_is_kept_once_and_its_first_values_stay(pool: Pool) -> None:
    store = RoundStore(pool)
    round_ = Round("site-6h", SLOT, SLOT + timedelta(hours=5))
    await store.add(round_, "one")
    await store.add(replace(round_, due_at=SLOT), "one")
    leaf = ActualLeaf("home-00/net", int(SLOT.timestamp()), 3600, 5, 100)
    first = committed(1, [leaf], b"\1" * 32)
    await store.save_actuals(round_, first)

    assert await store.save_actuals(round_, committed(1, [replace(leaf, value_milli=6)], b"\2" * 32)) == first
    assert await store.open("one", SLOT) == []
    [found] = await store.open("one", SLOT + timedelta(hours=5))
    assert found.actuals == first
    assert await store.open("two", SLOT + timedelta(days=9)) == []
    await store.save_state(found, "settled")
    assert [r.state for r in await store.open("one", SLOT + timedelta(days=9))] == ["settled"]
    await store.save_state(found, "settled", ended=True)
    assert await store.open("one", SLOT + timedelta(days=9)) == []
    assert [r.state for r in await store.between(SLOT, SLOT + timedelta(days=1), None, 5)] == ["settled"]
    assert await store.settled("site-6h", SLOT) == [SLOT]


async def test_only_the_benchmark_says_which_slots_there_are(pool: Pool, make_run: Callable[..., ForecastRun]) -> None:
    runs, store = Runs(pool, Vault([b"\7" * 32])), RoundStore(pool)
    run = make_run()
    await runs.add(run)
    assert await store.slots("site-6h", SLOT) == []
    await runs.add(run.model_copy(update={"run_id": "b" * 32, "model_name": "analogue"}), "benchmark")

    assert await store.slots("site-6h", SLOT) == [SLOT]
    found = await store.benchmark_run("site-6h", SLOT)
    assert found is not None
    assert found.run_id == "b" * 32
    assert (await runs.summary()) == {"built": 1}


async def test_a_request_is_taken_once_its_block_is_deep_enough_and_keeps_its_way(pool: Pool) -> None:
    events, store = StoredEvents(pool), OverrideStore(pool)
    asked = an_event(
        7, "RecalibrationRequested", contract="Operations", slot=None,
        arguments={"requestId": 1, "reasonHash": "0xcd", "productId": PRODUCT, "operator": "0xa"},
    )  # fmt: skip
    await events.replace(a_place("three"), 1, 7, [asked])
    await store.take("three", 6)
    assert await store.unfinished("three") == []
    await store.take("three", 7)
    await store.take("three", 7)

    [found] = await store.unfinished("three")
    assert (found.request_id, found.product_hash, found.operator, found.state) == (1, PRODUCT, "0xa", "asked")
    assert await store.product_named(PRODUCT) == "site-6h"
    await store.set_product(found, "site-6h")
    await store.set_job(found, "done", Job("j", "retrain", "done", "version 4", SLOT))
    await store.set_reason(found, "why")
    await store.set_version(found, NewVersion("run", "site", "4"))
    [told] = await store.newest("three", 5)
    assert (told.state, told.job_id, told.detail, told.model_version) == ("linked", "j", "version 4", "4")
    assert told.reason == "why"
    assert await store.unfinished("three") == []


async def test_a_nonce_is_taken_once_by_its_browser_and_in_time(pool: Pool) -> None:
    store = SignInStore(pool)
    nonce = await store.new_nonce("browser")
    assert nonce is not None

    assert not await store.use_nonce(nonce, "other browser")
    assert await store.use_nonce(nonce, "browser")
    assert not await store.use_nonce(nonce, "browser")
    old = await SignInStore(pool, nonce_s=-1).new_nonce("browser")
    assert old is not None
    assert not await store.use_nonce(old, "browser")


async def test_a_session_ends_by_time_or_by_its_owner_and_its_token_is_not_kept(pool: Pool) -> None:
    store = SignInStore(pool)
    token, opened = await store.open_session("0xA", 31337)
    expired, _ = await SignInStore(pool, session_s=-1).open_session("0xB", 31337)

    assert await store.session(token) == opened
    assert await store.session(expired) is None
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT token FROM settlement.sessions")
        kept = [bytes(row["token"]) for row in await cursor.fetchall()]
    assert token.encode() not in kept
    await store.end_session(token)
    assert await store.session(token) is None
