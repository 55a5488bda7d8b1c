"""However often the writer dies, nodes forget and chains reorganize: every order is carried out once, in order."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from settlement_service.metrics import ChainMetrics
from settlement_service.transactions.fees import FeePolicy
from settlement_service.transactions.plan import Policy
from settlement_service.transactions.sender import Sender

from .chain_world import (
    CALLS,
    SELECTOR,
    START,
    CrashError,
    Fault,
    MemoryLedger,
    MemoryNode,
    MemorySigner,
    OnePlace,
    World,
)

POLICY = Policy(confirmations=4, window=3, replace_s=30, fees=FeePolicy(priority_fee=100, cap=10_000))


def a_sender(world: World, policy: Policy = POLICY) -> Sender:
    metrics = ChainMetrics(CollectorRegistry())
    node, ledger, signer = MemoryNode(world), MemoryLedger(world), MemorySigner()
    return Sender(
        "relayer", node, ledger, signer, OnePlace(), CALLS, world, policy, metrics, asyncio.Event(), [], ask_again_s=0.0
    )


async def live(world: World, moves: Sequence[int] = (), rounds: int = 45, policy: Policy = POLICY) -> None:
    """Blocks and steps in turn; a move is the depth of a reorganization after a round, negative if it forgets."""
    sender = a_sender(world, policy)
    for number in range(rounds):
        for _ in range(3):
            try:
                await sender.advance()
            except CrashError:
                sender = a_sender(world, policy)
        world.wall_s += 7
        world.mine()
        if number < len(moves) and moves[number]:
            world.reorganize(min(abs(moves[number]), POLICY.confirmations - 1), keep=moves[number] > 0)


@settings(max_examples=60, deadline=None)
@given(
    faults=st.lists(st.sampled_from(["none", "none", "before", "after", "forgotten"]), max_size=40),
    moves=st.lists(st.sampled_from([0, 0, 1, 2, 3, -1, -2, -3]), max_size=25),
    count=st.integers(1, 8),
)
@example(faults=[], moves=[0, 0, -3, -3, 3], count=6)
@example(faults=["none", "after"], moves=[], count=2)
def test_every_order_is_carried_out_once_and_in_order(faults: list[Fault], moves: list[int], count: int) -> None:
    world = World(iter(faults))
    placed = [world.order(n) for n in range(count)]
    asyncio.run(live(world, moves))

    assert world.effects() == [p.calldata for p in placed]
    assert {p.state for p in world.orders.values()} == {"final"}


async def test_an_order_that_reverts_fails_with_the_contracts_words() -> None:
    world = World(reverting=frozenset({SELECTOR + b"0000"}))
    world.order(0)
    world.order(1)
    await live(world, rounds=8)

    assert (world.orders[0].state, world.orders[0].detail) == ("failed", "NotNow(1)")
    assert world.orders[1].state == "final"


async def test_an_order_without_a_gas_limit_that_would_revert_is_not_sent() -> None:
    world = World(reverting=frozenset({SELECTOR + b"0001"}))
    world.order(0)
    world.order(1, gas_limit=None)
    await live(world, rounds=8)

    assert (world.orders[1].state, world.orders[1].detail) == ("failed", "the contract refuses it: NotNow(1)")
    assert [a.order_id for a in world.attempts] == [0]


async def test_an_order_whose_time_passed_is_not_begun() -> None:
    world = World()
    world.order(0, not_after=START)
    world.order(1, not_after=START + timedelta(hours=9))
    await live(world, rounds=8)

    assert (world.orders[0].state, world.orders[0].detail) == ("failed", "its time passed before it was sent")
    assert world.effects() == [SELECTOR + b"0001"]


async def test_a_stuck_transaction_is_outbid_by_an_eighth_until_the_cap() -> None:
    world = World(deaf=True)
    world.order(0)
    world.order(1)
    await live(world, rounds=400)

    offers = [(a.max_fee, a.priority_fee) for a in world.attempts if a.order_id == 0]
    assert len(offers) > 5
    for (fee, tip), (next_fee, next_tip) in pairwise(offers):
        assert next_fee * 8 >= fee * 9
        assert next_tip * 8 >= tip * 9
    assert POLICY.fees.cap * 8 // 9 - 1 <= offers[-1][0] <= POLICY.fees.cap
    assert len([a for a in world.attempts if a.order_id == 1]) == 1, "only what holds up the others is outbid"
    world.deaf = False
    await live(world, rounds=8)
    assert [p.state for p in world.orders.values()] == ["final", "final"]


async def test_a_nonce_that_something_else_took_is_given_up_only_when_that_is_final() -> None:
    world = World()
    world.order(0)
    sender = a_sender(world)
    await sender.advance()
    world.pool = {0: b'{"nonce": 0, "data": ""}'}  # the same key, used by someone else
    world.mine()
    for _ in range(2):
        await sender.advance()
        assert world.orders[0].nonce == 0
        world.mine()
    await live(world, rounds=8)

    assert (world.orders[0].nonce, world.orders[0].state) == (1, "final")


async def test_an_order_whose_block_went_away_is_sent_again_and_says_so() -> None:
    world = World()
    world.order(0)
    await live(world, rounds=1)
    sender = a_sender(world)
    await sender.advance()
    before = world.orders[0].state
    world.reorganize(1, keep=False)
    await sender.advance()

    assert (before, world.orders[0].state, world.orders[0].included) == ("mined", "sent", None)
    assert list(world.pool.values()) == [a.raw for a in world.attempts]


async def test_a_gap_of_nonces_is_filled() -> None:
    world = World()
    world.order(0)
    await live(world, rounds=8)
    [lost] = [raw for _, taken in world.chain for raw in taken]
    world.reorganize(99, keep=False)  # deeper than anything should be
    world.order(1)
    await live(world, rounds=8)

    assert world.orders[1].state == "final"
    assert world.orders[1].nonce == 1
    assert lost in [raw for _, taken in world.chain for raw in taken], "sent again as it was"


async def test_a_row_changed_in_the_database_is_not_signed() -> None:
    world = World()
    world.order(0, calldata=b"\xa9\x05\x9c\xbb" + b"\x00" * 64)
    world.order(1)
    await live(world, rounds=8)

    assert world.orders[0].state == "failed"
    assert "does not sign" in world.orders[0].detail
    assert world.effects() == [SELECTOR + b"0001"]
