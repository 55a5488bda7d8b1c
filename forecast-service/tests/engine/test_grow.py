"""Trees of one series alone: there where each series answers to weather in its own way, and in the artifact."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from eia_tables import DAY_AHEAD, daily_issues, eia, until

from forecast_service.backtest.ports import TableSeries
from forecast_service.engine.artifact import load_engine, save_engine
from forecast_service.engine.fit import Options, fit_engine
from forecast_service.engine.model import Engine

TINY = Options(seeds=1, steps=2, seconds=5.0, rounds=2, direct_rounds=20, rows=4_000)
DAYS = 60
WIND = np.random.default_rng(0).uniform(0, 1, 200 * 24)


def blown(turned: float) -> list[TableSeries]:
    """Two series that a known wind drives, the second by ``turned`` times as much."""
    return [
        replace(
            one, target=1_000 + 500 * share * WIND[: len(one.target)], future={"wind_share": WIND[: len(one.target)]}
        )
        for one, share in zip(eia(), (1.0, turned), strict=True)
    ]


def engine_of(series: list[TableSeries]) -> Engine:
    return fit_engine(series, DAY_AHEAD, until(series[0], DAYS), TINY).engine


def test_series_with_known_weather_have_trees_of_their_own() -> None:
    engine = engine_of(blown(-1.0))

    assert sorted(engine.alone) == ["DUK", "SRP"]


def test_without_weather_or_company_there_are_none() -> None:
    assert engine_of(eia()).alone == {}
    assert engine_of(blown(-1.0)[:1]).alone == {}


def test_each_follows_its_own_weather() -> None:
    series = blown(-1.0)
    engine = engine_of(series)
    issues = (daily_issues(series[0], DAYS, 5) - series[0].start_s) // 3_600
    with_own, without = [], []
    for one in series:
        frame = engine.frame(one, until(one, DAYS))
        actual = np.stack([one.target[at + 18 : at + 42] for at in issues])
        with_own.append(abs(engine.members(frame, issues)[2, ..., 3] - actual).mean())
        without.append(abs(replace(engine, alone={}).members(frame, issues)[2, ..., 3] - actual).mean())

    assert np.mean(with_own) < 0.95 * np.mean(without)


def test_they_travel_with_the_engine(tmp_path: Path) -> None:
    series = blown(-1.0)
    engine = engine_of(series)
    again = load_engine(tmp_path / "engine", save_engine(engine, tmp_path / "engine"))
    at = np.array([DAYS * 24 + 10])

    for one in series:
        expected = engine.quantiles(engine.frame(one, 0), at)
        np.testing.assert_array_equal(again.quantiles(again.frame(one, 0), at), expected)
    assert sorted(again.alone) == sorted(engine.alone)
