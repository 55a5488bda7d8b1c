"""A slot's whole way on a real chain: commit, actuals, dispute, reveal, score, settlement, withdraw."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from eth_utils.crypto import keccak

from gridseal.notary.leaf import name_hash
from gridseal.notary.score import ONE, period_score
from gridseal.runtime.migrations import apply_migrations
from gridseal.wire.forecasts import ForecastRun
from local_stack.scratch import scratch_database, scratch_postgres
from settlement_service.rounds.reader import EVER, RoundReader
from settlement_service.rounds.seals import SealedRuns
from settlement_service.signin.wallet import Wallets

from .round_world import PACKAGE, START, JumpClock, World, local_chain, service

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]
LEVELS = (500, 1000, 2500, 5000, 7500, 9000, 9500)
HOUR, UNIT = timedelta(hours=1), 10**18
OPERATOR, ARBITER = 1, 2
EVIDENCE = keccak(b"the meter was read twice")


def a_slot_run(make_run: Callable[..., ForecastRun], slot: datetime, around: int) -> ForecastRun:
    """Three hours of two homes, all quantiles within a watt of ``around`` (milliwatts)."""
    run = make_run(slot=slot, levels_bps=LEVELS[:3], region_id="several")
    values = tuple(around + i for i in range(len(LEVELS)))
    series = tuple(
        s.model_copy(update={"points": tuple(p.model_copy(update={"values_milli": values}) for p in s.points)})
        for s in run.series
    )
    return run.model_copy(update={"levels_bps": LEVELS, "series": series})


def reader_of(world: World) -> RoundReader:
    seals = SealedRuns(world.pool, world.life.vault)
    ours = {"forecast": world.told["authority"], "benchmark": world.told["keys"]["benchmark"]}
    return RoundReader(world.life.book, world.life.rounds, world.life.events, seals, ours)


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with scratch_postgres() as address, scratch_database(address) as own:
        apply_migrations(own, "settlement", PACKAGE / "migrations")
        yield own


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    clock, folder = JumpClock(), tmp_path_factory.mktemp("chain")
    async with local_chain(folder, clock) as (url, told), service(folder, url, told, dsn, clock) as running:
        clock.jump(START + 2 * HOUR)  # terms begin an hour after the deployment
        yield running


async def test_a_slot_goes_from_commit_to_settlement_and_the_stake_can_leave(
    world: World, make_run: Callable[..., ForecastRun]
) -> None:
    slot = START + 3 * HOUR
    run = a_slot_run(make_run, slot, around=5_000)
    world.clock.jump(slot + timedelta(minutes=1))
    await world.issue(run, [1_000 + i for i in range(7)])
    await world.measure(run, 1_000)
    world.clock.jump(slot + 4 * HOUR + timedelta(minutes=31))
    await world.reaches(run, "proposed")
    assert await world.ask("ActualsRegistry", "bondAmount") == 50 * UNIT
    world.clock.jump(world.clock.now() + 2 * HOUR)
    await world.reaches(run, "revealing")
    authority, key = world.told["authority"], (name_hash(run.product_id), int(slot.timestamp()))

    async def revealed() -> bool:
        return (await world.ask("Settlement", "tally", *key, authority))[0] == 6

    await world.until(revealed, "all reveals")
    world.clock.jump(world.clock.now() + 2 * HOUR)
    await world.reaches(run, "settled")

    expected = period_score(LEVELS, [5_000 + i for i in range(7)], 1_000, 10_000)
    score = await world.ask("Settlement", "scoreOf", *key, authority)
    assert abs(score - expected) <= 1
    penalty = 1_000 * UNIT - await world.ask("StakePool", "stakeOf", authority)
    assert penalty == 50 * UNIT  # the cap: a forecast forty percent of capacity off is far beyond the threshold
    assert await world.ask("StakePool", "treasury") == penalty

    async def told() -> Any:
        found = await reader_of(world).detail(run.product_id, slot)
        return found if found and found.scores else None

    detail = await world.until(told, "the events of the settlement")
    assert {(s.authority, s.score) for s in detail.scores} >= {(authority, str(score))}
    assert (detail.taken, detail.given) == (str(penalty), "0")
    assert [(m.kind, m.amount) for m in detail.moves] == [("taken", str(penalty)), ("treasury", str(penalty))]
    provider = world.told["keys"]["provider"]

    async def claimed() -> bool:
        return bool(await world.ask("Token", "balanceOf", provider) == 100_000 * UNIT)

    await world.until(claimed, "the bond of the provider")
    assert await world.ask("ActualsRegistry", "owed", provider) == 0


async def test_what_a_stranger_needs_is_told(world: World, make_run: Callable[..., ForecastRun]) -> None:
    slot, reader = START + 3 * HOUR, reader_of(world)
    actuals = await reader.actuals("site-6h", slot, None)
    history = await reader.slot("site-6h", slot)
    stakes = await reader.stakes()
    scores = await reader.scores(*EVER, None)

    assert actuals is not None
    assert {i.value_milli for i in actuals.items} == {1_000}
    assert len(actuals.items) == 6
    assert {s.authority for s in history.items} == {world.told["authority"], world.told["keys"]["benchmark"]}
    assert all(s.counts and s.run_id for s in history.items)
    assert {s.name: s.stake for s in stakes.items} == {"forecast": str(950 * UNIT), "benchmark": str(1_000 * UNIT)}
    assert {s.product_id for s in scores} == {"site-6h"}
    assert all(0 <= s.score_ratio <= 1 for s in scores)
    assert [r.state for r in await reader.rounds(START, None, 10)] == ["settled"]


async def test_a_dispute_that_is_won_voids_the_values_and_corrected_ones_settle(
    world: World, make_run: Callable[..., ForecastRun]
) -> None:
    slot = world.clock.now().replace(minute=0, second=0, microsecond=0) + HOUR
    run = a_slot_run(make_run, slot, around=2_000)
    world.clock.jump(slot + timedelta(minutes=1))
    await world.issue(run, [2_000 + i for i in range(7)])
    await world.measure(run, 9_000)
    world.clock.jump(slot + 4 * HOUR + timedelta(minutes=31))
    await world.reaches(run, "proposed")
    key = (name_hash(run.product_id), int(slot.timestamp()))
    await world.send(OPERATOR, "Token", "approve", world.told["contracts"]["ActualsRegistry"], 50 * UNIT)
    await world.send(OPERATOR, "ActualsRegistry", "dispute", *key, 1, EVIDENCE)
    await world.reaches(run, "disputed")

    async def disputed() -> Any:
        return await reader_of(world).disputes(*EVER)

    [open_one] = await world.until(disputed, "the event of the dispute")
    assert (open_one.product_id, open_one.ruling) == ("site-6h", None)
    await world.send(ARBITER, "Arbiter", "giveRuling", int(open_one.dispute_id), 2)
    await world.reaches(run, "void")
    await world.measure(run, 2_003)
    await world.reaches(run, "proposed")
    world.clock.jump(world.clock.now() + 2 * HOUR)
    await world.reaches(run, "revealing")
    world.clock.jump(world.clock.now() + timedelta(minutes=30))
    authority = world.told["authority"]

    async def revealed() -> bool:
        return (await world.ask("Settlement", "tally", *key, authority))[0] == 6

    await world.until(revealed, "all reveals")
    world.clock.jump(world.clock.now() + 2 * HOUR)
    await world.reaches(run, "settled")

    winner = world.told["people"]["operator"]
    assert await world.ask("ActualsRegistry", "owed", winner) == 75 * UNIT
    [closed] = await reader_of(world).disputes(*EVER)
    assert closed.ruling == 2
    assert (await world.ask("Settlement", "round", *key))[1] == 2
    assert await world.ask("Settlement", "scoreOf", *key, authority) < ONE // 1_000


async def test_a_stake_leaves_after_the_unbonding_time(world: World) -> None:
    authority, pool = world.told["authority"], world.contract("StakePool")
    shares = await world.ask("StakePool", "sharesOf", authority, authority)
    await _as_authority(world, pool.encode_abi("startUnbonding", [authority, shares]))
    world.clock.jump(world.clock.now() + timedelta(days=4))
    held = await world.ask("StakePool", "stakeOf", authority)

    async def ready() -> bool:
        return bool(await asyncio.to_thread(_block_time, world) >= world.clock.now().timestamp() - 60)

    await world.until(ready, "a block after the unbonding time")
    await _as_authority(world, pool.encode_abi("withdraw", [1]))

    assert await world.ask("Token", "balanceOf", authority) == held
    assert await world.ask("StakePool", "stakeOf", authority) <= 1


async def test_a_request_on_the_chain_is_taken_and_roles_are_read_there(world: World) -> None:
    reason = keccak(b"the inverter was replaced")
    await world.send(OPERATOR, "Operations", "requestRecalibration", name_hash("site-6h"), reason)
    deployment = world.told["deployment_id"]

    async def taken() -> Any:
        return await world.life.overrides.find(deployment, 1)

    found = await world.until(taken, "the request")
    assert (found.operator, found.reason_hash) == (world.told["people"]["operator"], "0x" + reason.hex())
    wallets = Wallets(world.life.book)
    assert await wallets.roles(world.told["people"]["operator"]) == ("viewer", "operator")
    assert await wallets.roles(world.told["authority"]) == ("viewer", "authority")
    assert await wallets.roles(world.told["people"]["admin"]) == ("viewer", "admin")


async def test_a_contract_wallet_is_asked_with_little_time_and_gas(world: World) -> None:
    yes, silent, stranger = ("0x" + f"{n:02x}" * 20 for n in (0xA1, 0xA2, 0xA3))
    magic = "7f1626ba7e" + "00" * 28 + "60005260206000f3"
    for address, code in ((yes, magic), (silent, "5b600056")):
        await asyncio.to_thread(world.web3.provider.make_request, "hardhat_setCode", [address, "0x" + code])  # type: ignore[arg-type]
    wallets = Wallets(world.life.book, timeout_s=5)

    assert await wallets.signed(yes, "text", b"\1" * 65)
    assert not await wallets.signed(silent, "text", b"\1" * 65)
    assert not await wallets.signed(stranger, "text", b"\1" * 65)


def _block_time(world: World) -> int:
    return int(world.web3.eth.get_block("latest")["timestamp"])


async def _as_authority(world: World, data: str) -> None:
    """A transaction that the authority's own key signs, as its owner would with a wallet."""
    key = world.life.keys["authority"]
    pool, eth = world.told["contracts"]["StakePool"], world.web3.eth
    nonce = await asyncio.to_thread(eth.get_transaction_count, key.address)  # type: ignore[arg-type]
    fields = {"type": 2, "chainId": 31337, "nonce": nonce, "to": pool, "value": 0, "gas": 500_000, "data": data,
              "maxFeePerGas": 20 * 10**9, "maxPriorityFeePerGas": 10**9}  # fmt: skip
    _, raw = await key.sign(fields)  # type: ignore[attr-defined]
    digest = await asyncio.to_thread(eth.send_raw_transaction, raw)
    found = await asyncio.to_thread(eth.wait_for_transaction_receipt, digest, 60)
    assert found["status"] == 1
