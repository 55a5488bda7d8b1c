"""One builder for training and serving: what it reads, and that it reads nothing later."""

from dataclasses import replace

import numpy as np
import pytest
from eia_tables import daily_issues, eia, made, until

from forecast_service.backtest.ports import TableSeries
from forecast_service.engine.columns import Inputs, Issue, build_inputs
from forecast_service.engine.direct import direct_features
from forecast_service.engine.frame import Frame, build_frame, scale_of
from forecast_service.engine.pool import draw_origins, newest_issue

WINDOW = (18, 24)


def framed(series: TableSeries, past: tuple[str, ...] = (), future: tuple[str, ...] = ()) -> Frame:
    return build_frame(series, scale_of(series, until(series, 60)), past, future, 44)


def at_issues(frame: Frame, first_day: int = 70, days: int = 3) -> np.ndarray:
    return np.arange(first_day, first_day + days) * frame.per_day + 10


def inputs_of(frame: Frame, issues: np.ndarray, window: tuple[int, int], is_future: np.ndarray) -> Inputs:
    return build_inputs(frame, newest_issue(frame, issues, window), is_future)


def same(one: Inputs, other: Inputs) -> None:
    np.testing.assert_allclose(one.encoder, other.encoder, atol=1e-5)
    np.testing.assert_allclose(one.decoder, other.decoder, atol=1e-5)
    np.testing.assert_allclose(one.candidates, other.candidates)
    np.testing.assert_allclose(one.unit, other.unit)


def test_nothing_that_ends_after_the_issue_is_read() -> None:
    series = eia()[0]
    weather = np.sin(np.arange(len(series.target)) / 9)
    series = replace(series, past={"p": weather}, future={"f": weather})
    at = 80 * 24 + 10
    spoilt = replace(
        series,
        target=np.where(np.arange(len(series.target)) < at, series.target, -1e6),
        past={"p": np.where(np.arange(len(weather)) < at, weather, 1e6)},
    )
    is_future = np.array([False, True])

    honest = inputs_of(framed(series, ("p",), ("f",)), np.array([at]), WINDOW, is_future)
    leaking = inputs_of(framed(spoilt, ("p",), ("f",)), np.array([at]), WINDOW, is_future)

    for name in ("encoder", "decoder", "candidates", "recent", "unit"):
        np.testing.assert_array_equal(getattr(honest, name), getattr(leaking, name), err_msg=name)
    levels = [
        direct_features(frame, newest_issue(frame, np.array([at]), WINDOW), is_future)
        for frame in (framed(series, ("p",), ("f",)), framed(spoilt, ("p",), ("f",)))
    ]
    np.testing.assert_array_equal(levels[0], levels[1])


def test_direct_features_are_past_levels_and_weather_at_the_target() -> None:
    days = np.arange(120 * 24)
    series = made(days.astype(float), future={"f": np.sin(days)})
    frame, at = framed(series, (), ("f",)), 100 * 24

    found = direct_features(frame, newest_issue(frame, np.array([at]), WINDOW), np.array([True]))[0, 6]

    levels = found * frame.scale.range_ + frame.scale.level
    target = at + 18 + 6
    assert np.isnan(levels[0])  # a day before the target has not come yet at the issue
    np.testing.assert_allclose(levels[1:4], [target - 24 * k for k in (2, 3, 4)], rtol=1e-5)
    np.testing.assert_allclose(found[-2], frame.columns[0, target], rtol=1e-5)


def test_what_is_known_of_the_future_is_read() -> None:
    series = eia()[0]
    weather = np.sin(np.arange(len(series.target)) / 9)
    at = 80 * 24 + 10
    other = np.where(np.arange(len(weather)) < at + 18, weather, 1.0)
    is_future = np.array([True])

    one = inputs_of(framed(replace(series, future={"f": weather}), (), ("f",)), np.array([at]), WINDOW, is_future)
    two = inputs_of(framed(replace(series, future={"f": other}), (), ("f",)), np.array([at]), WINDOW, is_future)

    assert np.abs(one.decoder - two.decoder).max() > 0.1


def test_serving_builds_what_training_built() -> None:
    series = eia()[1]
    at = 75 * 24 + 10
    whole, cut = framed(series), framed(replace(series, target=series.target[:at]))

    trained = build_inputs(whole, Issue(at_issues(whole), at_issues(whole), *WINDOW), np.zeros(0, dtype=bool))
    served = inputs_of(cut, np.array([at]), WINDOW, np.zeros(0, dtype=bool))
    again = build_inputs(whole, Issue(np.array([at]), np.array([at]), *WINDOW), np.zeros(0, dtype=bool))

    assert len(trained.encoder) == 3
    same(served, again)


def test_last_week_is_the_same_hour_on_the_clock_of_the_wall() -> None:
    """New York changed its clocks on 2019-03-10: seven days before is 167 hours before."""
    series = eia()[0]
    stamps = series.start_s + np.arange(len(series.target)) * 3_600.0
    frame = framed(replace(series, target=stamps))
    target = int(np.flatnonzero(stamps == 1_552_410_000)[0])  # 2019-03-12 13:00 in New York

    found = inputs_of(frame, np.array([target - 18]), (18, 1), np.zeros(0, dtype=bool))

    week = found.decoder[0, 0, 3] * frame.spread[frame.layout.day[target - 18]]
    assert week + frame.center[frame.layout.day[target - 18]] == pytest.approx(1_552_410_000 - 167 * 3_600, abs=600)


def test_a_covariate_that_never_changed_is_switched_off() -> None:
    snow = np.zeros(120 * 24)
    snow[100 * 24 :] = 30.0
    series = made(np.random.default_rng(0).normal(size=120 * 24), future={"snow": snow})

    found = inputs_of(framed(series, (), ("snow",)), np.array([101 * 24]), WINDOW, np.array([True]))

    assert np.abs(found.decoder).max() <= 8
    assert found.decoder[0, :, -1].max() == 0


@pytest.mark.parametrize("resolution_s", [900, 1_800, 3_600])
@pytest.mark.parametrize("shape", ["noise", "constant", "zero", "negative", "gaps", "nothing"])
def test_any_series_gives_finite_inputs(resolution_s: int, shape: str) -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=40 * 86_400 // resolution_s)
    target = {
        "noise": values,
        "constant": np.full_like(values, 7.5),
        "zero": np.zeros_like(values),
        "negative": values - 1e6,
        "gaps": np.where(random.random(len(values)) < 0.5, np.nan, values),
        "nothing": np.full_like(values, np.nan),
    }[shape]
    series = made(target, resolution_s)
    frame = build_frame(series, scale_of(series, until(series, 30)), (), (), 200)
    per_day = 86_400 // resolution_s

    found = inputs_of(frame, np.array([9, 35]) * per_day, (per_day, per_day), np.zeros(0, dtype=bool))

    for values in (found.encoder, found.decoder, found.candidates, found.recent, found.unit):
        assert np.isfinite(values).all()
    assert (found.unit > 0).all()


def test_origins_keep_their_targets_within_the_span() -> None:
    frame = framed(eia()[0])
    end_s = until(eia()[0], 60)

    origins = draw_origins(frame, 0, end_s, WINDOW, 10_000, np.random.default_rng(0))

    assert (origins.max() + sum(WINDOW)) * 3_600 + frame.start_s <= end_s
    assert origins.min() >= 9 * 24


def test_daily_issues_fall_on_the_grid() -> None:
    series = eia()[0]
    assert ((daily_issues(series, 70, 2) - series.start_s) % 3_600 == 0).all()
