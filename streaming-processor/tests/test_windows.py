"""Windows conserve energy, and depend on nothing but the set of readings."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streaming_processor.quantities import STORED
from streaming_processor.reference import Reference
from streaming_processor.transforms.windows import Rows, first_of_each, mean_half_even, window_deltas

from .builders import START_S, a_reference, a_series, an_asset

Row = tuple[int, int, int, int]
State = dict[tuple[int, int], tuple[int, int, int, int, int]]

REFERENCE = a_reference(
    an_asset("a"),
    an_asset("b", native_period_s=1_800),
    a_series("a", ("a", 1)),
    a_series("b", ("b", 1), resolution_s=1_800),
    a_series("net", ("a", 1), ("b", -1), resolution_s=3_600),
)
SOURCES = [REFERENCE.source("a", "active_power"), REFERENCE.source("b", "active_power")]


def rows_of(rows: Sequence[Row]) -> Rows:
    columns = [np.array(column, np.int64) for column in zip(*rows, strict=True)] or [np.empty(0, np.int64)] * 4
    source, start, period, milli = columns
    return Rows(source, start, period, milli, np.zeros(len(rows), np.int64), np.ones(len(rows), np.int64))


def merged(batches: Sequence[Sequence[Row]], reference: Reference = REFERENCE) -> State:
    """What the store holds after these batches: first of each natural key, deltas added."""
    seen: set[tuple[int, int]] = set()
    state: State = {}
    for batch in batches:
        rows = rows_of(batch)
        rows = rows.take(first_of_each(rows))
        new = [i for i in range(len(rows)) if (int(rows.source[i]), int(rows.start_s[i])) not in seen]
        rows = rows.take(np.array(new, np.int64))
        seen |= {(int(s), int(t)) for s, t in zip(rows.source, rows.start_s, strict=True)}
        d = window_deltas(rows, reference.lanes)
        for i in range(len(d)):
            key = int(d.lane[i]), int(d.window_start[i])
            total, covered, count, low, high = state.get(key, (0, 0, 0, 2**62, -(2**62)))
            state[key] = (
                total + int(d.weighted_sum[i]),
                covered + int(d.covered_s[i]),
                count + int(d.count[i]),
                min(low, int(d.min_milli[i])),
                max(high, int(d.max_milli[i])),
            )
    return state


@st.composite
def readings(draw: st.DrawFn) -> list[Row]:
    """Distinct readings of two devices; a value belongs to its key, so a repeat is a true repeat."""
    found: dict[tuple[int, int], Row] = {}
    for _ in range(draw(st.integers(0, 25))):
        source = draw(st.sampled_from(SOURCES))
        period = draw(st.sampled_from([1, 60, 600, 900, 1_000, 1_800, 3_600, 86_400]))
        start = START_S + draw(st.integers(0, 40)) * 300 + draw(st.sampled_from([0, 0, 1, 299]))
        found.setdefault((source, start), (source, start, period, draw(st.integers(-(10**13), 10**13))))
    return list(found.values())


@given(readings())
def test_every_lane_holds_the_energy_of_its_inputs(rows: list[Row]) -> None:
    deltas = window_deltas(rows_of(rows), REFERENCE.lanes)
    signs = {0: {"a": 1}, 1: {"b": 1}, 2: {"a": 1, "b": -1}}
    for lane, plan in enumerate(REFERENCE.lane_plan):
        sign = signs[int(plan)]
        mine = [(s, p, v) for s, _, p, v in rows if ("a", "b")[SOURCES.index(s)] in sign]
        energy = sum(p * v * sign[("a", "b")[SOURCES.index(s)]] for s, p, v in mine)

        assert deltas.weighted_sum[deltas.lane == lane].sum() == energy
        assert deltas.covered_s[deltas.lane == lane].sum() == sum(p for _, p, _ in mine)


@given(readings(), st.data())
def test_order_repeats_and_batches_do_not_matter(rows: list[Row], data: st.DataObject) -> None:
    once = merged([rows])
    shuffled = data.draw(
        st.permutations(rows + data.draw(st.lists(st.sampled_from(rows), max_size=10)) if rows else rows)
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=4)))
    bounds = [0, *cuts, len(shuffled)]

    assert merged([shuffled[a:b] for a, b in pairwise(bounds)]) == once


@given(readings())
def test_a_part_of_a_window_is_never_longer_than_the_window_or_the_reading(rows: list[Row]) -> None:
    for row in rows:
        deltas = window_deltas(rows_of([row]), REFERENCE.lanes)
        width = REFERENCE.lanes.width_s[deltas.lane]

        assert (deltas.covered_s > 0).all()
        assert (deltas.covered_s <= np.minimum(width, row[2])).all()
        assert (deltas.window_start % width == 0).all()


def test_ten_minute_readings_are_split_over_quarter_hours_by_seconds() -> None:
    source = SOURCES[0]
    state = merged(
        [[(source, START_S, 600, 300), (source, START_S + 600, 600, 900), (source, START_S + 1_200, 600, 0)]]
    )
    quarter = next(i for i, w in enumerate(REFERENCE.lanes.width_s) if w == 900)

    assert state[quarter, START_S] == (600 * 300 + 300 * 900, 900, 2, 300, 900)
    assert state[quarter, START_S + 900] == (300 * 900, 900, 2, 0, 900)


def test_widths_hold_a_whole_period_and_always_the_resolution() -> None:
    assert [plan.widths_s for plan in REFERENCE.plans] == [(900, 3_600), (1_800, 3_600), (3_600,)]


@given(st.integers(-(2**62), 2**62), st.integers(1, 10), st.integers(1, 86_400))
def test_the_mean_is_rounded_half_to_even(weighted_sum: int, inputs: int, covered_s: int) -> None:
    assert mean_half_even(weighted_sum, inputs, covered_s) == round(Fraction(weighted_sum * inputs, covered_s))


def test_lanes_of_some_series_alone_keep_their_numbers() -> None:
    rows = rows_of([(SOURCES[0], START_S, 600, 5), (SOURCES[1], START_S, 1_800, 7)])
    net = [i for i, plan in enumerate(REFERENCE.plans) if plan.series.name == "net"]

    alone, full = window_deltas(rows, REFERENCE.only(net)), window_deltas(rows, REFERENCE.lanes)

    kept = np.isin(REFERENCE.lane_plan[full.lane], net)
    assert alone.lane.tolist() == full.lane[kept].tolist()
    assert alone.weighted_sum.tolist() == full.weighted_sum[kept].tolist()


def test_the_source_of_a_quantity_that_no_series_takes_goes_nowhere() -> None:
    source = REFERENCE.source("a", "wind_speed")
    assert source % len(STORED) == STORED.index("wind_speed")
    assert len(window_deltas(rows_of([(source, START_S, 600, 5)]), REFERENCE.lanes)) == 0
