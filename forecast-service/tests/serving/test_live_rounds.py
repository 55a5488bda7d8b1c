"""Rounds on the live channel: what was taken in is the snapshot, each change arrives."""

import asyncio
from typing import Any

import pytest

from forecast_service.live.hub import Hub
from forecast_service.live.narrow import round_event
from forecast_service.live.written import Batch
from gridseal.runtime.metrics import new_registry
from gridseal.wire.live import Filter


class Heard:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.states: list[str] = []

    def push(self, subscription: str, batch: Batch) -> None:
        self.states += [event.data["state"] for _, event in batch]


async def nothing(wanted: Filter) -> list[dict[str, Any]]:
    return []


def a_change(state: str, slot: str = "2026-06-08T12:00:00Z") -> dict[str, Any]:
    return {"product_id": "site-6h", "slot": slot, "state": state}


@pytest.fixture
def hub() -> Hub:
    return Hub({"rounds": nothing}, new_registry())


async def test_a_snapshot_holds_the_newest_state_of_each_slot(hub: Hub) -> None:
    for change in (a_change("proposed"), a_change("final"), a_change("settled", "2026-06-08T09:00:00Z")):
        hub.publish(round_event(change))

    assert sorted(d["state"] for d in await hub.snapshot("rounds", Filter())) == ["final", "settled"]
    assert await hub.snapshot("rounds", Filter(site_id="home-01")) == []


async def test_every_change_arrives_where_nothing_is_filtered(hub: Hub) -> None:
    everything, one_site = Heard(), Heard()
    hub.join(everything, "a", "rounds", Filter())
    hub.join(one_site, "b", "rounds", Filter(site_id="home-01"))
    for state in ("proposed", "disputed", "void"):
        hub.publish(round_event(a_change(state)))

    await asyncio.sleep(0)  # listeners get together what comes in one turn of the loop

    assert everything.states == ["proposed", "disputed", "void"]
    assert one_site.states == []
