"""However often the writer dies, and wherever: every run is sealed once or late, and none is skipped."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from gridseal.notary.batch import ZERO_HASH, SigningDomain, batch_hash, signer_of
from gridseal.wire.forecasts import ForecastRun
from settlement_service.metrics import SealMetrics
from settlement_service.sealer import Sealer
from settlement_service.sealing import (
    OPEN_STATES,
    ChainView,
    Deployment,
    Position,
    Sealing,
    Signing,
    State,
    Transaction,
)
from settlement_service.signer import Key

Fault = Literal["none", "before", "after", "forgotten"]
KEY = Key(b"\x42" * 32)
DEPLOYMENT = Deployment(31337, "0x" + "ab" * 20, KEY.address, 1, "one")
START = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) + 100


class CrashError(Exception):
    """The process dies here."""


@dataclass
class World:
    """Everything that outlives the process: the chain, the table, the time."""

    faults: Iterator[Fault]
    pauses: Iterator[int]
    lag_s: int = 0
    """The chain's clock is behind ours by so much."""
    now_s: int = START
    rows: dict[str, Sealing] = field(default_factory=dict)
    seals: list[tuple[Signing, Position]] = field(default_factory=list)
    mempool: dict[int, Transaction] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    mined: set[str] = field(default_factory=set)
    signings: dict[str, Signing] = field(default_factory=dict)
    made: list[Transaction] = field(default_factory=list)
    blocks: list[int] = field(default_factory=lambda: [START - 50])
    account_nonce: int = 0

    def fault(self) -> Fault:
        self.now_s += next(self.pauses, 0)
        return next(self.faults, "none")

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.now_s, UTC)

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()

    def mine(self) -> None:
        """One block, by the rules of the registry."""
        stamp = max(self.blocks[-1] + 1, self.now_s - self.lag_s)
        self.blocks.append(stamp)
        while (transaction := self.mempool.pop(self.account_nonce, None)) is not None:
            self.account_nonce += 1
            signing = self.signings[transaction.batch_hash]
            batch = signing.batch
            last = self.seals[-1][0].batch_hash if self.seals else ZERO_HASH
            in_order = (batch.nonce, batch.prev_batch) == (len(self.seals), last)
            if in_order and stamp < batch.gate_closure:
                height = len(self.blocks) - 1
                position = Position(transaction.tx_hash, height, f"0x{height:064x}", stamp, signing.batch_hash)
                self.seals.append((signing, position))
                self.mined.add(transaction.tx_hash)
            else:
                self.failed.add(transaction.tx_hash)


@dataclass
class MemoryChain:
    world: World

    async def deployment(self) -> Deployment | None:
        return DEPLOYMENT

    async def height(self) -> int:
        self.world.mine()
        return len(self.world.blocks) - 1

    async def position(self, deployment: Deployment, root: str) -> Position | None:
        return next((p for s, p in self.world.seals if s.batch.root == root), None)

    async def view(self, deployment: Deployment, sealing: Sealing) -> ChainView:
        world = self.world
        newest = sealing.newest.tx_hash if sealing.newest else ""
        pending = {t.tx_hash for t in world.mempool.values()}
        slot = int(sealing.slot.timestamp())
        return ChainView(
            height=len(world.blocks) - 1,
            block_time=world.blocks[-1],
            next_nonce=len(world.seals),
            last_batch=world.seals[-1][0].batch_hash if world.seals else ZERO_HASH,
            slot_version=max((s.batch.version for s, _ in world.seals if s.batch.slot == slot), default=0),
            position=await self.position(deployment, sealing.root),
            refused=newest in world.failed,
            known=newest in pending | world.failed | world.mined,
        )

    async def make_transaction(
        self, deployment: Deployment, signing: Signing, replaces: Transaction | None
    ) -> Transaction:
        nonce = self.world.account_nonce
        return Transaction(f"0x{len(self.world.made):064x}", signing.batch_hash, nonce, len(self.world.made), b"raw")

    async def send(self, transaction: Transaction) -> None:
        fault = self.world.fault()
        if fault == "before":
            raise CrashError
        if transaction.tx_nonce >= self.world.account_nonce and fault != "forgotten":
            self.world.mempool[transaction.tx_nonce] = transaction
        if fault == "after":
            raise CrashError


@dataclass
class MemoryStore:
    world: World

    async def head(self) -> Sealing | None:
        return next((s for s in self.world.rows.values() if s.state in OPEN_STATES), None)

    async def highest_block(self, deployment: Deployment) -> int:
        return max((s.block_number or 0 for s in self.world.rows.values()), default=0)

    async def recent_mined(self, deployment: Deployment, limit: int) -> Sequence[Sealing]:
        return [s for s in self.world.rows.values() if s.state == "mined"]

    async def newest_transaction(self) -> Transaction | None:
        return self.world.made[-1] if self.world.made else None

    async def save_signing(self, sealing: Sealing, signing: Signing, deployment: Deployment) -> Sealing:
        self.world.signings[signing.batch_hash] = signing
        return self._keep(replace(sealing, signing=signing, batch_hash=signing.batch_hash, state="signed"))

    async def save_transaction(self, sealing: Sealing, transaction: Transaction) -> Sealing:
        self.world.made.append(transaction)
        return self._keep(replace(sealing, transactions=(*sealing.transactions, transaction)))

    async def save_state(
        self, sealing: Sealing, state: State, *, position: Position | None = None, detail: str = ""
    ) -> Sealing:
        fresh = replace(self.world.rows[sealing.run_id], state=state, detail=detail)
        if position is not None:
            fresh = replace(fresh, tx_hash=position.tx_hash, block_number=position.block_number)
            fresh = replace(fresh, block_hash=position.block_hash)
        return self._keep(fresh)

    def _keep(self, sealing: Sealing) -> Sealing:
        fault = self.world.fault()
        if fault == "before":
            raise CrashError
        self.world.rows[sealing.run_id] = sealing
        if fault == "after":
            raise CrashError
        return sealing


def a_process(world: World) -> Sealer:
    metrics = SealMetrics(CollectorRegistry())
    events = asyncio.Event(), asyncio.Event()
    return Sealer(MemoryChain(world), MemoryStore(world), world, KEY, metrics, *events, poll_s=0.0001, ask_again_s=0.0)


async def live(world: World, delays: Sequence[int], runs: Sequence[Sealing]) -> None:
    """Deliver every run, some twice, and let the process die and come back until all is settled."""
    process = a_process(world)
    for number, run in enumerate([*runs, *runs]):
        world.rows.setdefault(run.run_id, run)
        world.now_s += delays[number % len(delays)] if delays else 0
        for _ in range(60):
            try:
                if not await process.advance():
                    break
            except CrashError:
                process = a_process(world)
        world.mine()  # whatever was given up: nothing of it may get in now
    for _ in range(100):  # what is still in flight: time goes on
        world.now_s += 600
        try:
            await process.advance()
        except CrashError:
            process = a_process(world)
    world.mine()
    assert not [s for s in world.rows.values() if s.state in OPEN_STATES]


FAULTS = st.lists(st.sampled_from(["none", "none", "before", "after", "forgotten"]), max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    faults=FAULTS,
    pauses=st.lists(st.sampled_from([0, 0, 900, 3_600]), max_size=20),
    lag_s=st.sampled_from([0, 900, 1_800]),
    delays=st.lists(st.integers(0, 2_400), max_size=8),
    count=st.integers(1, 5),
)
@example(faults=[], pauses=[0, 0, 0, 3_600], lag_s=1_800, delays=[0], count=1)  # the gate passes while it is in flight
@example(faults=["none"] * 3 + ["after"], pauses=[], lag_s=0, delays=[0], count=2)  # sent, and dead before knowing it
def test_every_run_is_sealed_once_or_late(
    faults: list[Fault],
    pauses: list[int],
    lag_s: int,
    delays: list[int],
    count: int,
    make_run: Callable[..., ForecastRun],
    make_sealing: Callable[..., Sealing],
) -> None:
    first = datetime(2026, 6, 1, tzinfo=UTC)
    runs = [make_sealing(make_run(slot=first + timedelta(minutes=15 * i), series=1)) for i in range(count)]
    world = World(iter(faults), iter(pauses), lag_s)
    asyncio.run(live(world, delays, runs))

    sealed_roots = [signing.batch.root for signing, _ in world.seals]
    states = {s.root: s.state for s in world.rows.values()}
    assert len(set(sealed_roots)) == len(sealed_roots), "a run was sealed twice"
    assert {root for root, state in states.items() if state == "mined"} == set(sealed_roots)
    assert set(states.values()) <= {"mined", "late"}
    assert [signing.batch.nonce for signing, _ in world.seals] == list(range(len(world.seals)))
    assert sealed_roots == [s.root for s in runs if states[s.root] == "mined"], "out of order"
    domain = SigningDomain(chain_id=DEPLOYMENT.chain_id, registry=DEPLOYMENT.registry)
    for signing, position in world.seals:
        assert position.block_time < signing.batch.gate_closure
        assert batch_hash(signing.batch) == signing.batch_hash
        assert signer_of(signing.batch, domain, signing.signature) == KEY.address


def test_without_faults_and_in_time_every_run_is_sealed(
    make_run: Callable[..., ForecastRun], make_sealing: Callable[..., Sealing]
) -> None:
    first = datetime(2026, 6, 1, tzinfo=UTC)
    runs = [make_sealing(make_run(slot=first + timedelta(minutes=15 * i), series=1)) for i in range(4)]
    world = World(iter(()), iter(()))
    asyncio.run(live(world, [5], runs))

    assert [s.state for s in world.rows.values()] == ["mined"] * 4
