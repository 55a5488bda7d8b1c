"""A slot's whole way on a real chain: commit, actuals, dispute, reveal, score, settlement, withdraw."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from eth_utils.crypto import keccak
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from gridseal.notary.leaf import leaves_of, name_hash
from gridseal.notary.score import ONE, ActualLeaf, period_score
from gridseal.runtime.migrations import apply_migrations
from gridseal.runtime.serve import http_part
from gridseal.wire.codec import decode
from gridseal.wire.fields import format_utc
from gridseal.wire.forecasts import ForecastRun
from gridseal.wire.rounds import RoundChange
from local_stack.scratch import free_port, scratch_database, scratch_postgres
from settlement_service.actuals.leaves import committed
from settlement_service.app import Parts, create_app
from settlement_service.rounds.evidence import EvidenceStore
from settlement_service.rounds.reader import EVER, RoundReader
from settlement_service.rounds.seals import SealedRuns
from settlement_service.signin.wallet import Wallets

from .round_world import PACKAGE, START, JumpClock, World, local_chain, service

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]
LEVELS = (500, 1000, 2500, 5000, 7500, 9000, 9500)
HOUR, UNIT = timedelta(hours=1), 10**18
ADMIN, OPERATOR, ARBITER, SECOND = 0, 1, 2, 5
EVIDENCE = "the meter was read twice"


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
    return RoundReader(world.life.book, world.life.rounds, world.life.events, seals, EvidenceStore(world.pool), ours)


@dataclass(frozen=True)
class Scheduler:
    """forecast-service, as far as it takes jobs."""

    url: str
    process: "subprocess.Popen[str]"

    def end(self, job_id: str) -> None:
        assert self.process.stdin is not None
        print(job_id, file=self.process.stdin, flush=True)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with scratch_postgres() as address:
        yield address


@pytest.fixture(scope="module")
def dsn(postgres: str) -> Iterator[str]:
    with scratch_database(postgres) as own:
        apply_migrations(own, "settlement", PACKAGE / "migrations")
        yield own


@pytest.fixture(scope="module")
def scheduler(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduler]:
    port, program = free_port(), Path(__file__).with_name("forecast_jobs.py")
    with scratch_database(postgres) as own, (tmp_path_factory.mktemp("jobs") / "log").open("w") as log:
        argv = [sys.executable, str(program), own, str(port)]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=log, stderr=log, text=True) as process:
            try:
                yield Scheduler(f"http://127.0.0.1:{port}", process)
            finally:
                process.kill()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(dsn: str, scheduler: Scheduler, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    clock, folder = JumpClock(), tmp_path_factory.mktemp("chain")
    async with (
        local_chain(folder, clock) as (url, told),
        service(folder, url, told, dsn, clock, jobs_url=scheduler.url) as running,
    ):
        clock.jump(START + 2 * HOUR)  # terms begin an hour after the deployment
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(world: World) -> FastAPI:
    return create_app(Parts(world.runs, world.clock, CollectorRegistry(), {}, world.life.routers()))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1") as opened:
        yield opened


@dataclass
class Wallet:
    """Someone who knows nothing but what REST tells."""

    world: World
    client: httpx.AsyncClient

    async def get(self, path: str) -> Any:
        return (await self.client.get(path)).raise_for_status().json()

    async def send(self, account: int, action: str, *arguments: Any) -> None:
        told = await self.get("/contracts")
        [call] = [a for a in told["actions"] if a["name"] == action]
        [place] = [c for c in told["contracts"] if c["name"] == call["contract"]]
        abi = await self.get(place["abi"].removeprefix("/api/v1"))
        assert len(arguments) == len(call["arguments"])
        contract = self.world.web3.eth.contract(address=place["address"], abi=abi)
        data = contract.encode_abi(call["method"], list(arguments))
        value = int(told.get(call["value"], "0"))
        fields = {"from": self.world.accounts[account], "to": place["address"], "gas": 500_000, "data": data,
                  "value": value}  # fmt: skip
        await self.world.receipt(fields)

    async def reaches(self, about: str, state: str) -> Any:
        async def there() -> Any:
            answer = await self.client.get(about.removeprefix("/api/v1"))
            return answer.json() if answer.is_success and answer.json()["state"] == state and _seen(answer) else None

        return await self.world.until(there, f"the round to be {state}")

    async def all_shown(self, about: str, authorities: int) -> bool:
        shown = (await self.get(about.removeprefix("/api/v1")))["revealed"]
        return len(shown) == authorities and set(shown.values()) == {6}

    async def treasury_is(self, amount: int) -> bool:
        due = (await self.get("/contracts"))["treasury_due"]
        return bool(due == "0" and (await self.get("/settlements/stakes"))["treasury"] == str(amount))

    async def override(self, state: str) -> Any:
        answer = await self.client.get("/overrides/1")
        return answer.json() if answer.is_success and answer.json()["state"] == state else None

    async def request(self, address: str, state: str) -> Any:
        found = (await self.get(f"/accounts/{address}"))["requests"]
        return next((r for r in found if r["state"] == state), None)


def _seen(answer: httpx.Response) -> bool:
    """Whether the events are as far as the state, which is read from the chain itself."""
    told = answer.json()
    steps = [step["event"] for step in told["steps"]]
    marks = {"proposed": "ActualsProposed", "disputed": "ActualsDisputed", "void": "ActualsVoid", "settled": "Settled"}
    return steps.count(marks.get(told["state"], "")) > 0 or told["state"] not in marks


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
    known = await world.life.events.named(world.told["deployment_id"], ["AuthorityRegistered"], *EVER)
    assert {e.account for e in known} == {world.told["authority"], world.told["keys"]["benchmark"]}
    assert {s.authority for s in history.items} == {world.told["authority"], world.told["keys"]["benchmark"]}
    assert all(s.counts and s.run_id for s in history.items)
    assert {s.name: s.stake for s in stakes.items} == {"forecast": str(950 * UNIT), "benchmark": str(1_000 * UNIT)}
    assert {s.product_id for s in scores} == {"site-6h"}
    assert all(0 <= s.score_ratio <= 1 for s in scores)
    assert [r.state for r in await reader.rounds(START, None, 10)] == ["settled"]


async def test_values_that_another_provider_would_give_are_taken_if_they_lead_to_the_root(
    world: World, client: httpx.AsyncClient
) -> None:
    slot = START + 3 * HOUR
    path = f"/settlements/rounds/site-6h/{format_utc(slot)}/actuals"
    told = (await client.get(path)).raise_for_status().json()
    items = [{k: v for k, v in item.items() if k != "salt"} for item in told["items"]]
    body = {"version": told["version"], "secret": told["secret"], "items": items}
    wrong = body | {"items": [items[0] | {"value_milli": 7}, *items[1:]]}
    async with world.pool.connection() as connection:
        await connection.execute("DELETE FROM settlement.actuals WHERE slot = %s", (slot,))
    answers = [(await client.put(path, json=b)).status_code for b in (wrong, body | {"version": 9}, body)]

    assert answers == [422, 404, 204]
    assert (await client.get(path)).json() == told


async def test_a_dispute_goes_from_commit_to_withdraw_by_what_rest_tells(
    world: World, client: httpx.AsyncClient, make_run: Callable[..., ForecastRun]
) -> None:
    slot = world.clock.now().replace(minute=0, second=0, microsecond=0) + HOUR
    run = a_slot_run(make_run, slot, around=2_000)
    about, wallet = f"/api/v1/settlements/rounds/{run.product_id}/{format_utc(slot)}", Wallet(world, client)
    challenger, treasury = world.told["people"]["operator"], int((await wallet.get("/settlements/stakes"))["treasury"])
    before = await wallet.get(f"/accounts/{challenger}")
    world.clock.jump(slot + timedelta(minutes=1))
    await world.issue(run, [2_000 + i for i in range(7)])
    await world.measure(run, 9_000)
    world.clock.jump(slot + 4 * HOUR + timedelta(minutes=31))
    proposed = await wallet.reaches(about, "proposed")

    told = await wallet.get("/contracts")
    key = (name_hash(run.product_id), int(slot.timestamp()))
    places = {c["name"]: c["address"] for c in told["contracts"]}
    await wallet.send(OPERATOR, "approve-bond", places["ActualsRegistry"], int(told["bond"]))
    await wallet.send(OPERATOR, "dispute", *key, proposed["actuals"]["version"], keccak(EVIDENCE.encode()))
    [doubt] = (await wallet.reaches(about, "disputed"))["disputes"]
    assert (doubt["challenger"], doubt["ruling"], doubt["evidence"]) == (challenger, None, None)
    on_chain = await world.ask("ActualsRegistry", "actuals", *key, proposed["actuals"]["version"])
    assert datetime.fromisoformat(doubt["ruling_deadline"]).timestamp() == on_chain[7]
    await evidence_is_taken_by_its_hash(client, doubt["dispute_id"])
    assert (await wallet.reaches(about, "disputed"))["disputes"] == [doubt | {"evidence": EVIDENCE}]
    assert (await wallet.get("/settlements/disputes"))["items"] == [doubt | {"evidence": EVIDENCE}]
    await wallet.send(ARBITER, "rule", int(doubt["dispute_id"]), 2)
    await wallet.reaches(about, "void")
    await world.measure(run, 2_003)
    await wallet.reaches(about, "proposed")
    world.clock.jump(world.clock.now() + 2 * HOUR)
    await wallet.reaches(about, "revealing")
    await world.until(partial(wallet.all_shown, about, 2), "both authorities' reveals")
    world.clock.jump(world.clock.now() + 2 * HOUR + timedelta(minutes=30))
    settled = await wallet.reaches(about, "settled")

    assert (settled["actuals"]["version"], settled["disputes"][0]["ruling"]) == (2, 2)
    assert {s["authority"]: int(s["score"]) < ONE // 1_000 for s in settled["scores"]}[world.told["authority"]]
    assert (await wallet.get(f"/accounts/{challenger}"))["owed"] == str(75 * UNIT)
    await wallet.send(OPERATOR, "withdraw-bond")
    after = await wallet.get(f"/accounts/{challenger}")
    assert (after["owed"], int(after["tokens"]) - int(before["tokens"])) == ("0", 25 * UNIT)
    await world.until(partial(wallet.treasury_is, treasury + 25 * UNIT), "half of the lost bond in the treasury")
    [newest, *_] = (await wallet.get("/settlements/slots?limit=1"))["items"]
    assert (newest["slot"], newest["round"], newest["seal"]) == (format_utc(slot), "settled", "final")


async def evidence_is_taken_by_its_hash(client: httpx.AsyncClient, dispute_id: str) -> None:
    path, told = f"/settlements/disputes/{dispute_id}/evidence", {"text": EVIDENCE}
    asked = ((path, {"text": "another"}), ("/settlements/disputes/77/evidence", told), (path, told), (path, told))
    answers = [await client.put(place, json=body) for place, body in asked]
    assert [a.status_code for a in answers] == [422, 404, 200, 200]
    assert answers[-1].json()["evidence"] == EVIDENCE


async def test_every_state_of_that_way_waits_for_kafka(world: World) -> None:
    async with world.pool.connection() as connection:
        cursor = await connection.execute("SELECT document FROM settlement.round_events ORDER BY id")
        told = [decode(RoundChange, bytes(row["document"])) for row in await cursor.fetchall()]
    newest = max(change.slot for change in told)
    states = [change.state for change in told if change.slot == newest]
    steps = [step.event for change in told if change.slot == newest for step in change.steps]

    way = ["proposed", "disputed", "void", "proposed", "final", "revealing", "settled"]
    assert [s for s, before in zip(states, ["", *states], strict=False) if s != before and s != "final"] == [
        s for s in way if s != "final"
    ]
    assert steps.count("ActualsFinal") == steps.count("RoundOpened") == steps.count("Settled") == 1
    assert len(told[-1].scores) == 2


async def test_a_slot_that_a_second_provider_measured_is_settled_by_what_rest_tells(
    world: World, client: httpx.AsyncClient, make_run: Callable[..., ForecastRun]
) -> None:
    slot = world.clock.now().replace(minute=0, second=0, microsecond=0) + 3 * HOUR
    run = a_slot_run(make_run, slot, around=2_000)
    about, wallet = f"/api/v1/settlements/rounds/{run.product_id}/{format_utc(slot)}", Wallet(world, client)
    key, second = (name_hash(run.product_id), int(slot.timestamp())), world.accounts[SECOND]
    await world.send(ADMIN, "Operations", "grantRole", await world.ask("Operations", "PROVIDER_ROLE"), second)
    await world.send(ADMIN, "Token", "mint", second, 50 * UNIT)
    world.clock.jump(slot + timedelta(minutes=1))
    await world.issue(run, [2_000 + i for i in range(7)])
    world.clock.jump(slot + 4 * HOUR)  # before our own provider looks, who has measured nothing of it
    items = [ActualLeaf(leaf.series_id, leaf.target_start, leaf.resolution_s, 2_003, 10_000) for leaf in leaves_of(run)]
    measured = committed(1, items, b"\x07" * 32)

    told = await wallet.get("/contracts")
    places = {c["name"]: c["address"] for c in told["contracts"]}
    await wallet.send(SECOND, "approve-bond", places["ActualsRegistry"], int(told["bond"]))
    await wallet.send(SECOND, "propose", *key, bytes.fromhex(measured.root[2:]), len(items))
    world.clock.jump(slot + 4 * HOUR + timedelta(minutes=31))
    proposed = await wallet.reaches(about, "proposed")
    assert (proposed["actuals"]["root"], proposed["actuals"]["leaf_count"]) == (measured.root, 6)
    world.clock.jump(world.clock.now() + 2 * HOUR)
    revealing = await wallet.reaches(about, "revealing")
    assert revealing["revealed"] == {}  # nobody here knows the values yet
    given = {"version": 1, "secret": "0x" + "07" * 32, "items": [as_given(item) for item in items]}
    (await client.put(f"{about.removeprefix('/api/v1')}/actuals", json=given)).raise_for_status()
    await world.until(partial(wallet.all_shown, about, 2), "both authorities' reveals")
    world.clock.jump(world.clock.now() + 2 * HOUR + timedelta(minutes=30))
    settled = await wallet.reaches(about, "settled")

    assert {int(s["score"]) < ONE // 1_000 for s in settled["scores"]} == {True}
    assert (await wallet.get(f"/accounts/{second}"))["owed"] == told["bond"]
    await wallet.send(SECOND, "withdraw-bond")
    assert (await wallet.get(f"/accounts/{second}"))["owed"] == "0"


async def test_a_wallet_takes_a_slot_the_whole_way(
    world: World, app: FastAPI, client: httpx.AsyncClient, make_run: Callable[..., ForecastRun]
) -> None:
    slot = world.clock.now().replace(minute=0, second=0, microsecond=0) + 2 * HOUR
    run = a_slot_run(make_run, slot, around=2_000)
    about, wallet = f"/api/v1/settlements/rounds/{run.product_id}/{format_utc(slot)}", Wallet(world, client)
    world.clock.jump(slot + timedelta(minutes=1))
    await world.issue(run, [2_500 + i for i in range(7)])
    await world.measure(run, 2_003)
    world.clock.jump(slot + 4 * HOUR + timedelta(minutes=31))
    await wallet.reaches(about, "proposed")
    port, node = free_port(), world.life.core.chain_rpc_url
    lines: list[str] = []
    rest = asyncio.create_task(http_part(app, "127.0.0.1", port)())
    places = {"GRIDSEAL_SETTLEMENT_URL": f"http://127.0.0.1:{port}", "GRIDSEAL_CHAIN_RPC_URL": node}
    command = [str(Path(sys.executable).with_name("gridseal")), "try-slot", "--patience-s", "120"]
    process = await asyncio.create_subprocess_exec(*command, env=os.environ | places, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async for line in process.stdout:
        lines.append(line.decode())
        if "second provider" in lines[-1]:
            world.clock.jump(world.clock.now() + 2 * HOUR)
            await wallet.reaches(about, "revealing")
            await world.until(partial(wallet.all_shown, about, 2), "both authorities' reveals")
            world.clock.jump(world.clock.now() + 2 * HOUR + timedelta(minutes=30))
    rest.cancel()
    settled = await wallet.get(about.removeprefix("/api/v1"))

    assert await process.wait() == 0, lines
    words = "sealed sealed proposed disputed ruled proposed scored scored settled withdrawn THE"
    assert " ".join(line.split()[0] for line in lines) == words
    assert (settled["actuals"]["version"], settled["disputes"][0]["ruling"]) == (2, 2)
    assert f"{25 * UNIT} more than before" in lines[-2]


def as_given(leaf: ActualLeaf) -> dict[str, Any]:
    start = format_utc(datetime.fromtimestamp(leaf.target_start, UTC))
    return {"series_id": leaf.series_id, "target_start": start, "resolution_s": leaf.resolution_s,
            "value_milli": leaf.value_milli, "capacity_milli": leaf.capacity_milli}  # fmt: skip


async def test_a_stake_leaves_after_the_unbonding_time(world: World, client: httpx.AsyncClient) -> None:
    authority, pool, wallet = world.told["authority"], world.contract("StakePool"), Wallet(world, client)
    [holding] = (await wallet.get(f"/accounts/{authority}"))["holdings"]
    await _as_authority(world, pool.encode_abi("startUnbonding", [authority, int(holding["shares"])]))
    assert (await world.until(partial(wallet.request, authority, "waiting"), "the request"))["amount"] is None
    world.clock.jump(world.clock.now() + timedelta(days=4))
    ready = await world.until(partial(wallet.request, authority, "ready"), "a block after the unbonding time")
    await _as_authority(world, pool.encode_abi("withdraw", [int(ready["request_id"])]))
    await world.until(partial(wallet.request, authority, "paid"), "the event of the payment")

    assert holding["worth"] == ready["amount"]
    assert str(await world.ask("Token", "balanceOf", authority)) == ready["amount"]
    assert await world.ask("StakePool", "stakeOf", authority) <= 1


async def test_a_request_on_the_chain_becomes_a_job_of_forecast_service_and_is_linked_to_a_new_version(
    world: World, client: httpx.AsyncClient, scheduler: Scheduler, make_run: Callable[..., ForecastRun]
) -> None:
    reason, wallet = "the inverter was replaced", Wallet(world, client)
    await wallet.send(OPERATOR, "request-recalibration", name_hash("site-6h"), keccak(reason.encode()))
    queued = await world.until(partial(wallet.override, "queued"), "the job", within_s=60)
    told = await client.put("/overrides/1/reason", json={"reason": reason})
    async with httpx.AsyncClient(base_url=scheduler.url) as forecasts:
        job = (await forecasts.get(f"/api/v1/jobs/retrain/runs/{queued['job_id']}")).raise_for_status().json()
    assert (job["flow"], job["state"], job["parameters"]) == ("retrain", "queued", {"mode": "finetune"})
    assert world.told["people"]["operator"] in job["reason"]
    assert (queued["operator"], told.json()["reason"]) == (world.told["people"]["operator"], reason)

    scheduler.end(job["job_id"])
    await world.until(partial(wallet.override, "done"), "the end of the job", within_s=60)
    slot = world.clock.now().replace(minute=0, second=0, microsecond=0) + HOUR
    run = a_slot_run(make_run, slot, around=2_000)
    await world.runs.add(run)
    async with world.pool.connection() as connection:
        await connection.execute("INSERT INTO forecast.runs VALUES (%s, 'gridseal', '5')", (run.run_id,))
    linked = await world.until(partial(wallet.override, "linked"), "the new version", within_s=60)
    assert (linked["model_version"], linked["first_run_id"]) == ("5", run.run_id)


async def test_roles_are_read_from_the_chain(world: World) -> None:
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
