"""One seed, one plan and one load."""

import json
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from gridseal.errors import WireError
from gridseal.runtime.failpoints import NAMES, parse
from gridseal.wire.codec import decode
from gridseal.wire.telemetry import Telemetry
from tests.chaos.load import LoadOptions, catalog, expected_row, plan_message
from tests.chaos.plan import TIERS, Plan, draw
from tests.chaos.report import as_markdown, quantile, upper_bound

LOAD = LoadOptions(seed=1, devices=10, messages=4_000, messages_per_s=100.0, base_ms=1_780_876_800_000)
BOOT = "00112233445566ff"


def test_the_same_seed_gives_the_same_plan() -> None:
    assert draw(TIERS["full"], 7) == draw(TIERS["full"], 7)
    assert draw(TIERS["full"], 7) != draw(TIERS["full"], 8)


@pytest.mark.parametrize("seed", range(20))
def test_the_tiers_kill_as_often_as_they_promise(seed: int) -> None:
    assert draw(TIERS["ci"], seed).kills >= 20
    assert draw(TIERS["full"], seed).kills >= 200
    assert (TIERS["ci"].messages, TIERS["full"].messages) == (20_000, 300_000)


def test_the_full_plan_reaches_every_process_and_every_failpoint() -> None:
    plan = draw(TIERS["full"], 1)
    faults = [fault for step in plan.steps for fault in step.faults]

    targets = {"agent", "mosquitto", "gateway", "kafka", "stream", "postgres", "redis", "mongo"}
    assert {fault.target for fault in faults} == targets
    to_the_store = {name for name in NAMES if name.startswith(("gw.", "sink."))}  # seals have test_chain_faults.py
    assert {fault.point for fault in faults if fault.point} == to_the_store
    assert all(parse(f"{f.point}=kill@{f.passes}") for f in faults if f.point)


def test_a_plan_is_written_down_whole() -> None:
    plan: Plan = draw(TIERS["ci"], 3)

    assert len(json.loads(json.dumps(plan.as_record()))["steps"]) == len(plan.steps)


def test_a_message_is_the_same_after_a_restart_of_its_sender() -> None:
    first, again = (plan_message(LOAD, 3, 41).encode(BOOT, 9, 5) for _ in range(2))

    assert first == again


def test_the_load_holds_every_kind_of_message_and_each_is_what_it_says() -> None:
    shares: Counter[str] = Counter()
    kinds = set()
    for number in range(LOAD.devices):
        for k in range(600):
            planned = plan_message(LOAD, number, k)
            payload = planned.encode(BOOT, k, 1_780_876_800_000)
            shares[planned.share] += 1
            kinds.add(planned.what)
            if planned.share in ("poison", "stranger") and planned.what not in ("unit", "quantity", "period", "future"):
                if planned.what != "foreign-device":
                    with pytest.raises(WireError):
                        decode(Telemetry, payload)
            else:
                assert decode(Telemetry, payload).readings
    assert shares.keys() == {"good", "again", "skewed", "poison", "late-poison", "stranger"}
    assert len(kinds) >= 12
    assert 0.005 < (shares["poison"] + shares["late-poison"] + shares["stranger"]) / shares.total() < 0.02


def test_strangers_differ_from_each_other_byte_by_byte() -> None:
    options = replace(LOAD, messages=100_000)
    payloads = [
        planned.encode("", 0, 0)
        for number in range(4)
        for k in range(5_000)
        if (planned := plan_message(options, number, k)).share == "stranger"
    ]

    assert len(payloads) == len(set(payloads)) > 10


def test_what_the_store_should_hold_is_computed_exactly() -> None:
    assert expected_row(["voltage", "V", 5_000, 1_000, 230.125]) == ("voltage", 5, 1, 230_125)
    energy = expected_row(["active_energy_import", "kW.h", 0, 1_000, 0.001])
    assert energy == ("active_power", 0, 1, round(-Fraction(0.001) * 3_600 * 1_000_000))


def test_the_catalog_lists_every_device_with_its_series() -> None:
    kinds = Counter(record.record for record in catalog(10))

    assert kinds == {"site": 1, "asset": 10, "series": 20}


def test_the_bound_is_the_rule_of_three() -> None:
    assert upper_bound(200) == pytest.approx(3 / 200, rel=0.02)
    assert upper_bound(0) == 1.0


def test_a_quantile_is_a_measured_value() -> None:
    values = [float(n) for n in range(1, 101)]

    assert (quantile(values, 0.5), quantile(values, 0.95), quantile(values, 0.99)) == (50.0, 95.0, 99.0)
    assert quantile([4.0], 0.99) == 4.0


def test_a_run_without_a_verdict_does_not_read_as_one_without_losses() -> None:
    report: dict[str, Any] = {
        **dict.fromkeys(("tier", "seed", "commit", "machine", "load_average", "command", "kills", "freezes"), 1),
        "failpoints_reached": {},
        "findings": None,
        "recovery": {},
        "loss_per_kill_below": 1.0,
        "loss_per_message_below": 1.0,
    }

    assert "no verdict" in as_markdown(report)
    assert "lost" not in as_markdown(report)
