"""However a stream is cut into batches, the rules find what they find in the whole."""

import dataclasses
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streaming_processor.quality.apply import Applied, apply_rules
from streaming_processor.quality.rules import RuleSet, packaged_rules
from streaming_processor.quality.sequence import CONTEXT, REMEMBERED, Tail, in_order
from streaming_processor.quantities import STORED
from streaming_processor.transforms.windows import Rows

from ..builders import START_S, a_reference, an_asset

REFERENCE = a_reference(
    an_asset("region", rating_w=100_000_000, telemetry_class="meter", quantities=("active_power",)),
    an_asset("turbine", quantities=("active_power", "air_temperature", "energy_export_register")),
)
SOURCES = tuple(
    REFERENCE.source(device, quantity)
    for device, quantity in (
        ("region", "active_power"),
        ("turbine", "active_power"),
        ("turbine", "air_temperature"),
        ("turbine", "energy_export_register"),
    )
)
Cell = tuple[int, int, int]
"""Source, number of the period, value."""


def rows_of(cells: list[Cell]) -> Rows:
    table = np.array(cells, np.int64).reshape(-1, 3)
    zeros = np.zeros(len(table), np.int64)
    return Rows(table[:, 0], START_S + table[:, 1] * 600, zeros + 600, table[:, 2], zeros, zeros)


def told(applied: Applied) -> set[tuple[str, int, int, int]]:
    return {(f.rule, f.device * len(STORED) + f.quantity, f.start_s, f.milli) for f in applied.findings}


def every_kind() -> RuleSet:
    """The packaged rules, with floors low enough for small numbers to be found."""
    rules = dict(packaged_rules().rules)
    spike = rules["spike"]
    low = {"share": np.where(np.isnan(spike.limits["share"]), np.nan, 1e-9), "times": spike.limits["times"] / 3}
    rules["spike"] = dataclasses.replace(spike, limits=spike.limits | low)
    ramp = rules["ramp"]
    rules["ramp"] = dataclasses.replace(ramp, limits=ramp.limits | {"share": ramp.limits["share"] / 50})
    return RuleSet(rules)


values = st.one_of(st.integers(0, 3), st.integers(-3 * 10**9, 3 * 10**9), st.sampled_from([7_000_000, 40_000_000_000]))
streams = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([1, 1, 1, 1, 2, 5]), values), max_size=120)


def a_stream(steps: list[tuple[int, int, int]]) -> list[Cell]:
    """Each source in the order of its periods, with holes."""
    at = dict.fromkeys(range(4), 0)
    cells = []
    for which, step, value in steps:
        at[which] += step
        cells.append((SOURCES[which], at[which], value))
    return cells


@given(streams, st.lists(st.integers(0, 120), max_size=8))
def test_any_batching_of_a_stream_finds_the_same(steps: list[tuple[int, int, int]], cuts: list[int]) -> None:
    cells, rules = a_stream(steps), every_kind()
    whole = apply_rules(rows_of(cells), REFERENCE, {}, rules)

    tails: dict[int, Tail] = {}
    doubted, found = [], set()
    edges = [0, *sorted({c for c in cuts if c < len(cells)}), len(cells)]
    for first, last in pairwise(edges):
        part = rows_of(cells[first:last])
        applied = apply_rules(part, REFERENCE, tails, rules)
        tails.update(applied.tails)
        doubted += applied.doubted.tolist()
        found |= told(applied)

    assert found == told(whole)
    assert doubted == whole.doubted.tolist()
    assert tails == whole.tails


@given(streams, st.integers(0, 120))
def test_a_tail_built_from_the_last_readings_is_the_one_that_was_carried(
    steps: list[tuple[int, int, int]], cut: int
) -> None:
    cells = a_stream(steps)[:cut]
    carried = in_order(rows_of(cells), {}).tails

    last = [c for s in SOURCES for c in [each for each in cells if each[0] == s][-REMEMBERED - 1 :]]
    assert in_order(rows_of(last), {}).tails == carried


def test_every_rule_over_sequences_is_found_by_the_streams_above() -> None:
    power, region, total = SOURCES[1], SOURCES[0], SOURCES[3]
    day = [(power, i, 10**7 + i) for i in range(CONTEXT + 1)]
    cells = [
        *day, (power, CONTEXT + 1, 2 * 10**9), (power, CONTEXT + 2, 10**7), (power, CONTEXT + 9, 5),
        *((region, i, 50_000_000_000) for i in range(3)), (region, 3, 80_000_000_000),
        (total, 0, 9), (total, 1, 8),
    ]  # fmt: skip
    applied = apply_rules(rows_of(cells), REFERENCE, {}, packaged_rules(), settled=True)

    found = {(f.rule, (f.start_s - START_S) // 600) for f in applied.findings}
    assert found == {
        ("spike", CONTEXT + 1), ("ramp", CONTEXT + 1), ("ramp", CONTEXT + 2), ("gap", CONTEXT + 9), ("stuck", 2),
        ("ramp", 3), ("register_back", 1),
    }  # fmt: skip


def test_a_late_reading_is_left_to_the_check_over_settled_readings() -> None:
    cells = [(SOURCES[0], i, 5) for i in (0, 1, 3)]
    tails = in_order(rows_of(cells), {}).tails
    ordered = in_order(rows_of([(SOURCES[0], 2, 5), (SOURCES[0], 4, 5)]), tails)

    assert ordered.late.tolist() == [0]
    assert ordered.run.tolist() == [4]


def test_runs_are_counted_only_as_far_as_a_restart_can_see() -> None:
    assert in_order(rows_of([(SOURCES[0], i, 5) for i in range(90)]), {}).run.max() == REMEMBERED
