"""The engine end to end, with as little training as shows that it learns."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from eia_tables import DAY_AHEAD, LEVELS, daily_issues, eia, made, until

from forecast_service.backtest.ports import TableSeries, Task
from forecast_service.engine.artifact import load_engine, save_engine
from forecast_service.engine.fit import Options
from forecast_service.engine.forecaster import EngineForecaster
from forecast_service.engine.live import EngineService
from forecast_service.engine.trees import Trees
from forecast_service.model.grid import take
from forecast_service.model.levels import crps
from forecast_service.model.sealed import ArtifactRefusedError
from forecast_service.ports import SeriesHistory
from gridseal.wire.catalog import Series, SeriesInput

QUICK = Options(seeds=1, steps=60, seconds=10.0, rounds=15, direct_rounds=30, rows=4_000)
TINY = Options(seeds=1, steps=2, seconds=5.0, rounds=2, direct_rounds=2, rows=1_000)


@pytest.fixture(scope="module")
def fitted() -> EngineForecaster:
    model = EngineForecaster(options=QUICK)
    model.fit(eia(), DAY_AHEAD, until(eia()[0], 95))
    return model


def loss(series: TableSeries, issues_s: np.ndarray, quantiles: np.ndarray) -> float:
    at = (issues_s - series.start_s) // 3_600
    actual = take(series.target, at[:, None] + DAY_AHEAD.first_lead + np.arange(24))
    return float(np.nanmean(crps(actual, quantiles, LEVELS)))


def test_it_beats_last_week(fitted: EngineForecaster) -> None:
    issues = daily_issues(eia()[0], 95, 24)

    made = fitted.predict(eia(), issues)

    for series, quantiles in zip(eia(), made, strict=True):
        at = (issues - series.start_s) // 3_600
        week = take(series.target, at[:, None] + DAY_AHEAD.first_lead + np.arange(24) - 168)
        # A point forecast's CRPS is its absolute error; a fair naive band is worth about a quarter of it.
        assert loss(series, issues, quantiles) < 0.75 * loss(series, issues, np.repeat(week[..., None], 7, axis=-1))
        assert (np.diff(quantiles, axis=-1) >= 0).all()


def test_a_forecast_does_not_depend_on_what_came_after_it(fitted: EngineForecaster) -> None:
    issues = daily_issues(eia()[0], 95, 3)
    last = int(issues[0] - eia()[0].start_s) // 3_600
    cut = [replace(s, target=np.where(np.arange(len(s.target)) < last, s.target, np.nan)) for s in eia()]

    np.testing.assert_allclose(fitted.predict(cut, issues[:1]), fitted.predict(eia(), issues)[:, :1], rtol=1e-6)


def test_a_series_never_seen_is_forecast(fitted: EngineForecaster) -> None:
    stranger = replace(eia()[0], series_id="stranger", target=eia()[0].target[-40 * 24 :] / 50)
    issues = daily_issues(stranger, 30, 2)

    out = fitted.predict([stranger], issues)

    assert out.shape == (1, 2, 24, 7)
    assert np.isfinite(out).all()
    assert 50 < out.mean() < 500


def test_it_goes_on_learning(fitted: EngineForecaster) -> None:
    model = EngineForecaster(options=TINY)
    model.fit(eia(), DAY_AHEAD, until(eia()[0], 80))
    before = model.engine
    model.predict(eia(), daily_issues(eia()[0], 80, 2))
    model.fit(eia(), DAY_AHEAD, until(eia()[0], 90))

    assert model.engine.until_s == until(eia()[0], 90)
    assert model.engine.scales == before.scales
    assert np.isfinite(model.predict(eia(), daily_issues(eia()[0], 90, 2))).all()


@pytest.mark.parametrize("shape", ["constant", "negative", "gaps", "short", "nothing"])
def test_odd_tables_are_forecast(shape: str) -> None:
    random = np.random.default_rng(2)
    days = 15 if shape == "short" else 50
    values = random.normal(size=days * 48) + np.sin(np.arange(days * 48) / 48 * 2 * np.pi)
    target = {
        "constant": np.full(len(values), 3.0),
        "negative": values - 100,
        "gaps": np.where(random.random(len(values)) < 0.6, np.nan, values),
        "short": values,
        "nothing": np.full(len(values), np.nan),
    }[shape]
    series, task = made(target, 1_800), Task((1_000, 5_000, 9_000), 2, 12)
    model = EngineForecaster(options=TINY)
    model.fit([series], task, until(series, days - 3))

    out = model.predict([series], daily_issues(series, days - 3, 2))

    assert out.shape == (1, 2, 12, 3)
    assert np.isfinite(out).all()
    assert (np.diff(out, axis=-1) >= 0).all()


def test_an_engine_survives_the_journey_bit_for_bit(fitted: EngineForecaster, tmp_path: Path) -> None:
    engine = fitted.engine
    made_hash = save_engine(engine, tmp_path / "engine")
    again = load_engine(tmp_path / "engine", made_hash)
    at = np.array([100 * 24 + 10])

    for series in eia():
        one = engine.calibrated(engine.frame(series, 0), at)
        np.testing.assert_array_equal(one, again.calibrated(again.frame(series, 0), at))
    assert isinstance(again.trees, Trees)


def test_a_changed_byte_is_refused(fitted: EngineForecaster, tmp_path: Path) -> None:
    made_hash = save_engine(fitted.engine, tmp_path)
    path = tmp_path / "net0.safetensors"
    content = bytearray(path.read_bytes())
    content[-7] ^= 1
    path.write_bytes(content)

    with pytest.raises(ArtifactRefusedError, match="net0"):
        load_engine(tmp_path, made_hash)


def history(series: TableSeries, until_s: int) -> SeriesHistory:
    record = Series(
        tenant_id="t",
        series_id="t/" + series.series_id.lower(),
        site_id="s",
        name="n",
        kind="demand",
        unit="W",
        resolution_s=3_600,
        issue_every_s=3_600,
        direction="from_grid",
        inputs=(SeriesInput(device_id="d", quantity="active_power"),),
    )
    return SeriesHistory(record, series.start_s, series.target[: (until_s - series.start_s) // 3_600])


def test_it_serves_a_day_ahead_product(fitted: EngineForecaster) -> None:
    service = EngineService(fitted.engine, name="day-ahead", version="1", model_hash="0x00")
    slot_s = int(daily_issues(eia()[0], 100, 1)[0])
    slot = datetime.fromtimestamp(slot_s, UTC)

    answer = service.forecast([history(eia()[0], slot_s)], slot, 41 * 3_600, (1_000, 5_000, 9_000))[0]

    assert answer.first_target_s == slot_s + 18 * 3_600
    assert answer.values_milli.shape == (24, 3)
    assert answer.rung == 1
    assert service.forecast([history(eia()[0], slot_s)], slot, 42 * 3_600, LEVELS) == []


def test_old_telemetry_is_left_to_the_baseline(fitted: EngineForecaster) -> None:
    service = EngineService(fitted.engine, name="day-ahead", version="1", model_hash="0x00")
    slot_s = int(daily_issues(eia()[0], 100, 1)[0])
    slot = datetime.fromtimestamp(slot_s, UTC)

    def ask(hours: int) -> list[int]:
        late = history(eia()[0], slot_s - hours * 3_600)
        return [one.rung for one in service.forecast([late], slot, 41 * 3_600, LEVELS)]

    assert ask(12) == [2]
    assert ask(60) == []
