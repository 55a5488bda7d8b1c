"""However often the writer dies, and wherever: every run is sealed once or late, and none is skipped."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from gridseal.wire.forecasts import ForecastRun
from settlement_service.grouping import Grouping
from settlement_service.metrics import SealMetrics
from settlement_service.sealer import Sealer
from settlement_service.sealing import OPEN_STATES, Sealing

from .chain_world import START, CrashError, Fault
from .seal_world import MemoryAuthority, MemoryBox, MemoryChain, MemoryStore, SealWorld
from .test_orders import POLICY, a_sender


def a_sealer(world: SealWorld) -> Sealer:
    events = (asyncio.Event() for _ in range(3))
    chain, store, box = MemoryChain(world), MemoryStore(world), MemoryBox(world)
    metrics = SealMetrics(CollectorRegistry())
    sealer = Sealer(chain, store, box, world, MemoryAuthority(), metrics, *events)
    sealer.confirmations, sealer.grouping = POLICY.confirmations, world.grouping
    return sealer


class Process:
    """Sealer and sender together; they die together, and are started again."""

    def __init__(self, world: SealWorld) -> None:
        self._world = world
        self._start()

    def _start(self) -> None:
        self.sealer, self.sender = a_sealer(self._world), a_sender(self._world)

    async def step(self, times: int = 4) -> None:
        for _ in range(times):
            try:
                await self.sealer.advance()
                await self.sender.advance()
            except CrashError:
                self._start()


async def live(
    world: SealWorld, runs: Sequence[Sealing], pauses: Iterator[int], moves: Iterator[int], at_once: int = 1
) -> None:
    """Deliver every run while blocks come and go, then let time go on until everything is settled."""
    process = Process(world)
    for start in range(0, len(runs), at_once):
        for run in runs[start : start + at_once]:
            world.rows.setdefault(run.run_id, run)
        for _ in range(4):
            await process.step()
            world.wall_s += 10 + next(pauses, 0)
            world.mine()
            depth = next(moves, 0)
            world.reorganize(min(abs(depth), POLICY.confirmations - 1), keep=depth > 0)
    for _ in range(60):
        await process.step()
        world.wall_s += 600
        world.mine()
    assert not [s for s in world.rows.values() if s.state in (*OPEN_STATES, "mined")]


BATCHED = frozenset({"site-6h"})
FAULTS = st.lists(st.sampled_from(["none", "none", "before", "after", "forgotten"]), max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    faults=FAULTS,
    pauses=st.lists(st.sampled_from([0, 0, 300, 3_600]), max_size=20),
    moves=st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, -1, -2, -3]), max_size=20),
    lag_s=st.sampled_from([0, 900, 1_800]),
    count=st.integers(1, 5),
    at_once=st.integers(1, 3),
)
@example(
    faults=[], pauses=[0, 0, 0, 3_600], moves=[], lag_s=1_800, count=1, at_once=1
)  # the gate passes while it is in flight
@example(
    faults=["none"] * 4 + ["after"], pauses=[], moves=[], lag_s=0, count=2, at_once=1
)  # sent, and dead before knowing it
@example(
    faults=["none"] * 3 + ["after"], pauses=[], moves=[], lag_s=0, count=3, at_once=3
)  # dead after the order of all
@example(faults=["none"] * 2 + ["after"], pauses=[], moves=[], lag_s=0, count=3, at_once=3)  # dead before it
@example(faults=[], pauses=[0, 0, 0, 3_600], moves=[], lag_s=1_800, count=3, at_once=3)  # a gate of one passes
@example(faults=[], pauses=[], moves=[0] * 3 + [-3], lag_s=0, count=3, at_once=3)  # all are undone and forgotten
@example(
    faults=[], pauses=[], moves=[0] * 11 + [-3], lag_s=0, count=4, at_once=1
)  # three seals are undone and forgotten
@example(
    faults=[], pauses=[0] * 11 + [3_600], moves=[0] * 11 + [-3], lag_s=0, count=4, at_once=1
)  # the same after a gate
def test_every_run_is_sealed_once_or_late(
    faults: list[Fault],
    pauses: list[int],
    moves: list[int],
    lag_s: int,
    count: int,
    at_once: int,
    make_run: Callable[..., ForecastRun],
    make_sealing: Callable[..., Sealing],
) -> None:
    runs = [make_sealing(make_run(slot=START + timedelta(minutes=15 * i), series=1)) for i in range(count)]
    world = SealWorld(iter(faults), lag_s=lag_s, grouping=Grouping(BATCHED if at_once > 1 else frozenset()))
    asyncio.run(live(world, runs, iter(pauses), iter(moves), at_once))

    recorded = world.recorded()
    roots = [r.batch.root for r in recorded]
    states = {s.root: s.state for s in world.rows.values()}
    assert len(set(roots)) == len(roots), "a run was sealed twice"
    assert {root for root, state in states.items() if state == "final"} == set(roots)
    assert set(states.values()) <= {"final", "late"}
    assert [r.batch.nonce for r in recorded] == list(range(len(recorded)))
    assert all(r.position.block_time < r.batch.gate_closure for r in recorded)
    positions = {r.batch.root: (r.position.tx_hash, r.position.block_hash) for r in recorded}
    assert {s.root: (s.tx_hash, s.block_hash) for s in world.rows.values() if s.state == "final"} == positions


def test_without_faults_and_in_time_every_run_is_sealed(
    make_run: Callable[..., ForecastRun], make_sealing: Callable[..., Sealing]
) -> None:
    runs = [make_sealing(make_run(slot=START + timedelta(minutes=15 * i), series=1)) for i in range(4)]
    world = SealWorld()
    asyncio.run(live(world, runs, iter(()), iter(())))

    assert [s.state for s in world.rows.values()] == ["final"] * 4
    assert [r.batch.root for r in world.recorded()] == [s.root for s in runs]
    assert len(world.attempts) == 4, "each was sent once"


def test_runs_that_wait_together_go_together_and_each_proof_finds_its_log(
    make_run: Callable[..., ForecastRun], make_sealing: Callable[..., Sealing]
) -> None:
    runs = [make_sealing(make_run(slot=START + timedelta(minutes=15 * i), series=1)) for i in range(4)]
    world = SealWorld(grouping=Grouping(BATCHED))
    asyncio.run(live(world, runs, iter(()), iter(()), at_once=4))

    assert [s.state for s in world.rows.values()] == ["final"] * 4
    assert len(world.attempts) == 1, "one transaction for all"
    assert len({s.tx_hash for s in world.rows.values()}) == 1
    assert [s.log_position for s in world.rows.values()] == [1, 3, 5, 7]
