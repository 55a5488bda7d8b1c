"""Each reading is accepted or refused with one reason, and nothing disappears."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridseal.wire.telemetry import Reading
from streaming_processor.quality.judge import Judged, judge
from streaming_processor.quality.sequence import Tail
from streaming_processor.quantities import QUALITIES

from ..builders import NOW_S, START_S, a_message, a_reading, a_reference, an_asset, arrived_of


def judged(*readings: Reading, device_id: str = "a", tails: dict[int, Tail] | None = None) -> Judged:
    return judge(arrived_of([a_message(*readings, device_id=device_id)]), a_reference(), NOW_S, tails or {})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"quantity": "irradiance", "unit": "W/m2"}, "unknown_quantity"),
        ({"unit": "kWh"}, "unit"),
        ({"quantity": "wind_speed", "unit": "kW"}, "unit"),
        ({"period_ms": 600_500}, "period"),
        ({"period_start_ms": START_S * 1_000 + 1}, "period"),
        ({"period_start_ms": 0}, "time"),
        ({"period_start_ms": (NOW_S + 86_400) * 1_000}, "time"),
        ({"quality": "bad"}, "device_bad"),
        ({"value": 1e12}, "range"),
        ({"value": 1e12, "unit": "MW"}, "range"),
        ({"quantity": "air_temperature", "unit": "Cel", "value": -50.001}, "range"),
        ({"quantity": "air_temperature", "unit": "Cel", "value": 60.001}, "range"),
        ({"quantity": "wind_speed", "unit": "m/s", "value": -0.001}, "range"),
        ({"quantity": "wind_speed", "unit": "m/s", "value": 75.001}, "range"),
    ],
)
def test_a_bad_reading_is_refused_and_its_neighbor_is_not(changes: dict[str, Any], reason: str) -> None:
    result = judged(a_reading(**changes), a_reading(start_s=START_S + 600))

    assert [r.reason for r in result.refusals] == [reason]
    assert result.rows.start_s.tolist() == [START_S + 600]


@pytest.mark.parametrize(
    ("quantity", "unit", "value"),
    [
        ("air_temperature", "Cel", -50.0),
        ("air_temperature", "Cel", 60.0),
        ("wind_speed", "m/s", 75.0),
        ("wind_speed", "m/s", 0.0),
    ],
)
def test_the_bounds_themselves_are_good(quantity: str, unit: str, value: float) -> None:
    assert len(judged(a_reading(quantity=quantity, unit=unit, value=value)).rows) == 1


def test_an_unknown_device_is_refused_with_its_payload() -> None:
    result = judged(a_reading(5.0), device_id="stranger")

    assert [(r.device_id, r.reason) for r in result.refusals] == [("stranger", "unknown_device")]
    assert '"value": 5.0' in result.refusals[0].payload


def test_not_a_number_is_refused() -> None:
    arrived = dataclasses.replace(arrived_of([a_message()]), value=np.array([np.nan]))

    assert [r.reason for r in judge(arrived, a_reference(), NOW_S, {}).refusals] == ["value"]


def test_a_device_with_two_sources_of_power_is_refused_rather_than_guessed() -> None:
    reference = a_reference(an_asset("a", quantities=("active_energy_import", "active_energy_export")))
    message = a_message(a_reading(quantity="active_energy_import", unit="kW.h", value=1.0))

    assert [r.reason for r in judge(arrived_of([message]), reference, NOW_S, {}).refusals] == ["unknown_quantity"]


def test_a_meter_may_stand_for_a_country() -> None:
    country = judge(
        arrived_of([a_message(a_reading(-7.5e11), device_id="a")]),
        a_reference(an_asset("a", telemetry_class="meter")), NOW_S, {},
    )  # fmt: skip

    assert (country.refusals, len(country.rows)) == ((), 1)


def test_a_range_fault_raises_a_finding_that_points_at_its_refusal() -> None:
    fault = a_reading(quantity="air_temperature", unit="Cel", value=-273.0)
    result = judged(a_reading(unit="lightyear"), fault)

    finding = result.findings[0]
    assert (finding.rule, finding.milli) == ("range", -273_000)
    assert result.refusals[finding.position].reason == "range"


def test_more_than_the_rating_allows_is_stored_as_suspect() -> None:
    result = judged(a_reading(2_200_000.0), a_reading(2_200_000.1, start_s=START_S + 600))

    assert [QUALITIES[q] for q in result.rows.quality] == ["good", "suspect"]
    assert [(f.rule, f.start_s) for f in result.findings] == [("rating", START_S + 600)]


def test_a_repeat_within_a_batch_is_counted_and_the_first_one_stays() -> None:
    result = judged(a_reading(1.0), a_reading(2.0))

    assert result.repeated == 1
    assert result.rows.milli.tolist() == [1_000]


def test_the_twelfth_equal_value_in_a_row_is_suspect_also_over_a_batch_border() -> None:
    first = judged(*(a_reading(7.0, start_s=START_S + 600 * i) for i in range(8)))
    second = judged(*(a_reading(7.0, start_s=START_S + 600 * i) for i in range(8, 14)), tails=first.tails)

    assert [QUALITIES[q] for q in second.rows.quality] == ["good"] * 3 + ["suspect"] * 3


def test_zero_is_never_stuck() -> None:
    result = judged(*(a_reading(0.0, start_s=START_S + 600 * i) for i in range(30)))

    assert set(result.rows.quality.tolist()) == {0}


@given(st.lists(st.tuples(st.integers(0, 20), st.floats(-1e12, 1e12), st.sampled_from(["W", "kW", "J"])), min_size=1))
def test_nothing_disappears(cells: list[tuple[int, float, str]]) -> None:
    result = judged(*(a_reading(v, start_s=START_S + 600 * n, unit=u) for n, v, u in cells))

    assert len(result.rows) + result.repeated + len(result.refusals) == len(cells)
