"""Which runs go to the registry in one call."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gridseal.wire.forecasts import ForecastRun
from settlement_service.grouping import Grouping, together
from settlement_service.sealing import Sealing
from settlement_service.settings import SettlementSettings

SLOT = datetime(2026, 6, 1, tzinfo=UTC)
EARLY = int(SLOT.timestamp())
RECEIVED = datetime(2026, 11, 1, tzinfo=UTC)
POLICY = Grouping(frozenset({"site-6h"}), most=3, wait_s=30, margin_s=600)


@pytest.fixture
def runs(make_run: Callable[..., ForecastRun], make_sealing: Callable[..., Sealing]) -> list[Sealing]:
    return [make_sealing(make_run(slot=SLOT + timedelta(minutes=15 * i), series=1)) for i in range(5)]


def slots(head: Sealing, following: list[Sealing], waited_s: float = 0, now: int = EARLY) -> list[int]:
    wall = RECEIVED + timedelta(seconds=waited_s)
    found = together(head, following, POLICY, domain_now=now, wall_now=wall)
    return [int((s.slot - SLOT).total_seconds()) // 900 for s in found]


def test_runs_wait_for_others_until_they_are_enough_or_have_waited_long_enough(runs: list[Sealing]) -> None:
    assert slots(runs[0], []) == []
    assert slots(runs[0], runs[1:2]) == []
    assert slots(runs[0], runs[1:2], waited_s=30) == [0, 1]
    assert slots(runs[0], runs[1:]) == [0, 1, 2]


def test_a_near_gate_is_not_waited_for(runs: list[Sealing]) -> None:
    assert slots(runs[0], [], now=runs[0].gate_closure - 601) == []
    assert slots(runs[0], [], now=runs[0].gate_closure - 600) == [0]


@pytest.mark.parametrize(
    "change",
    [{"version": 2}, {"product_id": "site-24h"}, {"state": "signed"}, {"tries": 1}, {"slot": SLOT}],
)
def test_what_does_not_fit_ends_the_group_and_is_not_overtaken(runs: list[Sealing], change: dict[str, object]) -> None:
    other = replace(runs[1], **change)  # type: ignore[arg-type]

    assert slots(runs[0], [other, runs[2]]) == [0]
    if "slot" not in change:
        assert len(together(other, runs[2:], POLICY, domain_now=EARLY, wall_now=RECEIVED)) == 1


def test_the_policy_is_a_setting_and_off_by_default() -> None:
    assert SettlementSettings().grouping.products == frozenset()
    assert SettlementSettings(batched_products="site-6h, site-24h", batch_most=4).grouping == Grouping(
        frozenset({"site-6h", "site-24h"}), 4, 30.0, 600
    )
