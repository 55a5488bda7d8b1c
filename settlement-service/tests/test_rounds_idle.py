"""The loop of rounds asks for what may have changed, and for nothing else."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from settlement_service.contracts import Place
from settlement_service.rounds.loop import RoundLoop
from settlement_service.rounds.metrics import RoundMetrics
from settlement_service.rounds.policy import Policy
from settlement_service.rounds.values import Round

NOW = datetime(2026, 6, 8, 12, tzinfo=UTC)
DUE = NOW + timedelta(hours=1)


@dataclass
class Hand:
    """A clock that the test moves."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()


@dataclass
class Parts:
    """Store, ledger and steps at once: they count what they are asked."""

    clock: Hand
    sequence: int = 1
    until: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    opened: "asyncio.Queue[None]" = field(default_factory=asyncio.Queue)

    async def place(self) -> Place:
        return Place(1, "one", 0, {})

    async def chain_time(self) -> int:
        self.asked["chain_time"] += 1
        return int(self.clock.now().timestamp())

    async def newest(self) -> int:
        self.asked["newest"] += 1
        return self.sequence

    async def next_due(self, deployment_id: str, domain_now: datetime) -> datetime | None:
        self.asked["next_due"] += 1
        return DUE if domain_now < DUE else None

    async def products(self) -> list[str]:
        self.asked["products"] += 1
        return ["site-6h", "site-24h"]

    async def slots(self, product_id: str, since: datetime) -> list[datetime]:
        self.asked["slots"] += 1
        return []

    async def settled(self, product_id: str, since: datetime) -> list[datetime]:
        return []

    async def open(self, deployment_id: str, domain_now: datetime) -> list[Round]:
        self.asked["open"] += 1
        self.opened.put_nowait(None)
        return [Round("site-6h", NOW, DUE)] if domain_now >= DUE else []

    async def step(self, round_: Round, place: Place) -> int:
        self.asked["step"] += 1
        return self.until


@pytest.fixture
def parts() -> Parts:
    return Parts(Hand())


@pytest.fixture
def loop(parts: Parts) -> RoundLoop:
    told: Any = parts
    metrics = RoundMetrics(CollectorRegistry())
    return RoundLoop(told, told, told, parts.clock, Policy(), metrics, asyncio.Event(), every_s=0.001)


async def test_nothing_new_costs_one_question(loop: RoundLoop, parts: Parts) -> None:
    await loop.look()
    parts.asked.clear()
    for _ in range(100):
        await loop.look()

    assert parts.asked == {"newest": 100}


async def test_slots_are_looked_for_once_per_issued_run(loop: RoundLoop, parts: Parts) -> None:
    await loop.look()
    parts.asked.clear()
    parts.sequence = 2
    await loop.look()
    await loop.look()

    assert (parts.asked["products"], parts.asked["slots"]) == (1, 2)


async def test_a_round_is_looked_at_when_it_is_due_and_when_a_contract_says_something(
    loop: RoundLoop, parts: Parts
) -> None:
    await loop.look()
    before = parts.asked["step"]
    parts.clock.moment, parts.until = DUE, int((DUE + timedelta(hours=2)).timestamp())
    await loop.look()
    await loop.look()
    at_due = parts.asked["step"]
    loop.changed.set()
    await loop.look()
    on_event = parts.asked["step"]
    parts.clock.moment = DUE + timedelta(hours=2)
    await loop.look()

    assert (before, at_due, on_event, parts.asked["step"]) == (0, 1, 2, 3)


async def test_what_is_under_way_is_looked_at_every_time(loop: RoundLoop, parts: Parts) -> None:
    parts.clock.moment = DUE
    for _ in range(5):
        await loop.look()

    assert parts.asked["step"] == 5


async def test_the_loop_rests_and_wakes_by_an_event(loop: RoundLoop, parts: Parts) -> None:
    loop.every_s = 1_000.0
    task = asyncio.create_task(loop.run())
    try:
        async with asyncio.timeout(5):
            await parts.opened.get()
            loop.every_s = 0.001
            loop.changed.set()
            await parts.opened.get()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
