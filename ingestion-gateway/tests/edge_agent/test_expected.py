"""What the store should hold, by exact arithmetic."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from edge_agent.__main__ import run
from edge_agent.datasets.tracks import Channel, make_track
from edge_agent.expected import base_factor, expected_rows, to_milli, write_expected

from .builders import ORIGIN_S, a_track, an_agent


@pytest.mark.parametrize(
    ("value", "quantity", "unit", "period_s", "milli"),
    [
        (642.78003, "active_power", "kW", 600, 642_780_030),
        (-16.63, "active_power", "kW", 600, -16_630_000),
        (0.5, "active_energy_import", "kW.h", 3_600, -500_000),
        (0.5, "active_energy_import", "kW.h", 900, -2_000_000),
        (369.726, "active_energy_export", "kW.h", 600, 2_218_356_000),
        (-8.893, "active_energy_export", "kW.h", 600, -53_358_000),
        (-273.2, "air_temperature", "Cel", 600, -273_200),
        (0.0005, "active_power", "W", 900, 1),
        (0.0025, "active_power", "W", 900, 3),
        (36.0, "wind_speed", "km/h", 600, 10_000),
    ],
)
def test_a_value_becomes_thousandths_of_its_base_unit(
    value: float, quantity: str, unit: str, period_s: int, milli: int
) -> None:
    # 0.0005 and 0.0025 are a hair above the tie as binary numbers, so they go up: exact means exact.
    assert to_milli(value, base_factor(quantity, unit, period_s)) == milli


def test_a_true_tie_goes_to_the_even_side() -> None:
    assert [to_milli(v, Fraction(1_000)) for v in (0.0625, 0.1875)] == [62, 188]


def test_the_set_holds_what_is_due_between_the_two_moments_and_no_gap() -> None:
    starts = ORIGIN_S + 3_600 * np.arange(5, dtype=np.int64)
    track = make_track(
        "meter-1", 3_600, {Channel("active_energy_import", "kW.h"): np.array([1, 2, np.nan, 4, 5])}, starts
    )

    table = expected_rows([track], (ORIGIN_S + 1) * 1_000, (ORIGIN_S + 4 * 3_600 + 3_599) * 1_000)

    assert table["value_milli"].to_pylist() == [-2_000_000, -4_000_000]
    assert set(table["quantity"].to_pylist()) == {"active_power"}
    assert [int(t.timestamp()) - ORIGIN_S for t in table["period_start"].to_pylist()] == [3_600, 10_800]


def test_the_set_is_what_the_agent_sends(tmp_path: Path) -> None:
    track = a_track(hours=60)
    agent = an_agent(tmp_path / "q.db", [track], days=1)
    agent.connect()
    agent.clock.forward(hours=5, minutes=30)
    agent.drain()

    from_ms, until_ms = (ORIGIN_S - 86_400) * 1_000, int(agent.clock.now().timestamp() * 1_000)
    table = expected_rows([track], from_ms, until_ms)
    write_expected(table, tmp_path / "set.parquet")
    rows = pq.read_table(tmp_path / "set.parquet").to_pylist()

    factor = base_factor("active_energy_import", "kW.h", 3_600)
    sent = {r.period_start_ms: to_milli(r.value, factor) for m in agent.link.messages() for r in m.readings}
    assert {int(row["period_start"].timestamp() * 1_000): row["value_milli"] for row in rows} == sent


def test_the_fleet_is_printed_without_network_or_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run(["devices"])

    out = capsys.readouterr().out
    assert out.count('"device_id"') == 44
    assert '"telemetry_class": "wind"' in out
