"""What a run saw can be read back to the bit, and costs only what is new."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast_service.ports import SeriesHistory
from forecast_service.replay.inputs import (
    InputsUnreadableError,
    LineageState,
    LineageWriter,
    RunInputs,
    apply_entry,
)
from forecast_service.worker.compose import feature_hash
from gridseal.wire.catalog import Product, Series, SeriesInput

HOUR = 3_600
NOON_S = int(datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp())
PRODUCT = Product.model_validate(
    {"product_id": "site-6h", "name": "n", "kinds": ("pv",), "horizon_s": 6 * HOUR, "slot_s": HOUR,
     "levels_bps": (5_000,), "model_family": "global-lstm"}
)  # fmt: skip
windows = st.lists(st.none() | st.integers(-(10**13), 10**13), max_size=12)
changes = st.lists(st.tuples(st.integers(0, 3), windows, st.integers(0, 2)), min_size=1, max_size=6)


def a_series(name: str = "a/pv", **given: object) -> Series:
    fields = {
        "tenant_id": "t", "series_id": name, "site_id": "a", "name": "n", "kind": "pv", "unit": "W",
        "resolution_s": HOUR, "issue_every_s": HOUR, "direction": "into_grid",
        "inputs": (SeriesInput(device_id="d", quantity="active_power"),),
    }  # fmt: skip
    return Series.model_validate(fields | given)


def a_history(milli: list[int | None], start_s: int = NOON_S, series: Series | None = None) -> SeriesHistory:
    values = np.array([np.nan if v is None else v / 1_000 for v in milli], dtype=np.float64)
    return SeriesHistory(series or a_series(), start_s, values)


def inputs_of(*histories: SeriesHistory) -> RunInputs:
    return RunInputs((PRODUCT, *(h.series for h in histories)), histories)


def stored(writer: LineageWriter, inputs: RunInputs) -> bytes:
    entry = writer.entry(inputs)
    writer.settle(inputs, entry, stored=True)
    return entry.payload


def same(left: RunInputs, right: RunInputs) -> bool:
    return (
        {r.key: r for r in left.records} == {r.key: r for r in right.records}
        and [h.series for h in left.histories] == [h.series for h in right.histories]
        and feature_hash(left.histories) == feature_hash(right.histories)
        and all(a.values.tobytes() == b.values.tobytes() for a, b in zip(left.histories, right.histories, strict=True))
    )


@given(changes)
def test_every_run_of_a_lineage_reads_back_to_the_bit(steps: list[tuple[int, list[int | None], int]]) -> None:
    writer, state = LineageWriter(), LineageState()
    for shift, milli, capacity in steps:
        series = a_series(capacity_w=capacity + 1)
        given = inputs_of(a_history(milli, NOON_S + shift * HOUR, series), a_history([1], NOON_S, a_series("b/pv")))
        assert same(apply_entry(stored(writer, given), state), given)


def test_a_corrected_window_does_not_change_what_an_earlier_run_saw() -> None:
    writer = LineageWriter()
    first, second = inputs_of(a_history([5, None, 7])), inputs_of(a_history([5, 6, 9, 1]))
    entries = [stored(writer, first), stored(writer, second)]

    assert same(apply_entry(entries[0], LineageState()), first)


def test_an_entry_holds_only_what_is_new() -> None:
    writer = LineageWriter()
    year = np.random.default_rng(1).integers(0, 10**7, 8_928).tolist()
    whole = stored(writer, inputs_of(a_history(year)))
    step = stored(writer, inputs_of(a_history([*year[1:], 42], NOON_S + HOUR)))

    assert len(whole) > 10_000
    assert len(step) < 600


def test_a_run_that_was_not_stored_starts_a_new_lineage() -> None:
    writer, given = LineageWriter(), inputs_of(a_history([1, 2]))
    lost = writer.entry(given)
    writer.settle(given, lost, stored=False)
    kept = writer.entry(given)

    assert kept.lineage != lost.lineage
    assert same(apply_entry(kept.payload, LineageState()), given)


def test_one_series_in_windows_of_two_widths_stays_cheap() -> None:
    writer, state = LineageWriter(), LineageState()
    year = np.random.default_rng(1).integers(0, 10**7, 8_928).tolist()
    given = inputs_of(a_history(year))
    fine = replace(given, histories=(a_history([3, 4, 5], series=a_series(resolution_s=900)),))
    sizes = []
    for one in (given, fine, given, fine):
        payload = stored(writer, one)
        sizes.append(len(payload))
        assert feature_hash(apply_entry(payload, state).histories) == feature_hash(one.histories)

    assert max(sizes[2:]) < 600


def test_another_resolution_is_another_grid() -> None:
    writer, state = LineageWriter(), LineageState()
    fine = a_series(resolution_s=900, issue_every_s=900)
    for one in (inputs_of(a_history([1, 2])), inputs_of(a_history([3, 4, 5], NOON_S + 900, fine))):
        assert same(apply_entry(stored(writer, one), state), one)


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b"x" + b, lambda b: b""])
def test_damaged_inputs_are_refused(damage: object) -> None:
    payload = stored(LineageWriter(), inputs_of(a_history([1, 2])))

    with pytest.raises(InputsUnreadableError, match="cannot be read"):
        apply_entry(damage(payload), LineageState())  # type: ignore[operator]
