"""The scheduler waits for telemetry, says so, then sends each slot once."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from forecast_service.catalog import Catalog
from forecast_service.jobs.scheduler import SchedulerState, SlotLoop, SlotRule
from forecast_service.store.telemetry import Extent
from gridseal.runtime.clock import TimeLapseClock
from gridseal.runtime.metrics import new_registry
from gridseal.wire.catalog import Series

from .builders import SLOT, a_product, a_record, a_series


class World:
    """Stands for queue, telemetry and job table."""

    def __init__(self, newest: datetime | None, last: datetime | None = None) -> None:
        self.newest = newest
        self.sent_slots: list[datetime] = []
        self._last = last
        self.on = True

    def extents(self, series: Sequence[Series]) -> list[Extent]:
        return [Extent(s, self.newest, self.newest) for s in series]

    def last_slot(self, product_id: str) -> datetime | None:
        return self._last

    def missed(self) -> int:
        return 0

    def follow(self, product_id: str) -> None:
        pass

    def enabled(self, product_id: str) -> bool:
        return self.on

    async def send(self, job_id: str, product_id: str, slot: datetime, traceparent: str) -> bool:
        self.sent_slots.append(slot)
        return True

    def sent(self, job_id: str, product_id: str, slot: datetime, missed: int, domain_at: datetime) -> None:
        assert self.sent_slots[-1] == slot


def a_loop(world: Any, state: SchedulerState, scale: float = 3_600) -> SlotLoop:
    catalog = Catalog()
    for item in (a_product(), a_series()):
        catalog.apply(*a_record(item))
    anchor = datetime.now(SLOT.tzinfo)
    clock = TimeLapseClock(origin=SLOT + timedelta(minutes=1), anchor=anchor, scale=scale)
    return SlotLoop(catalog, world, world, world, clock, new_registry(), SlotRule(0, 0.5, 7_200), state)


async def until(met: Any) -> None:
    async with asyncio.timeout(20):
        while not met():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_slots_follow_each_other_and_those_missed_in_a_pause_are_counted() -> None:
    world, state = World(SLOT, last=SLOT - timedelta(hours=1)), SchedulerState()
    task = asyncio.create_task(a_loop(world, state).run())
    await until(lambda: len(world.sent_slots) >= 4)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    steps = (world.sent_slots[-1] - world.sent_slots[0]) // timedelta(minutes=15)
    late = steps - (len(world.sent_slots) - 1)  # slots that a busy machine slept through
    assert world.sent_slots == sorted(set(world.sent_slots))
    assert world.sent_slots[0] >= SLOT
    assert state.slots_missed == (world.sent_slots[0] - SLOT) // timedelta(minutes=15) + 3 + late
    assert state.waiting_for == ""


async def test_nothing_is_sent_while_telemetry_lags_and_the_state_says_why() -> None:
    world, state = World(SLOT - timedelta(days=9)), SchedulerState()
    loop = a_loop(world, state, scale=1)

    ready = await loop.look()

    assert not ready
    assert "telemetry to catch up: 0% of 1 series" in state.waiting_for
    assert world.sent_slots == []
