"""What must not serve does not: the over-fitted, the leaking, the merely lucky, the ill-calibrated."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from histories import START, a_history
from simple import DAY, HOUR, SIX_HOURS, Simple, at, of_three_days, yesterday

from forecast_service.model.levels import SITE_LEVELS_BPS
from forecast_service.ports import SeriesHistory
from forecast_service.training.contest import Duel, cut, duel
from forecast_service.training.gate import Verdict, Windows, judge
from forecast_service.training.leakage import Column, column_of, forecaster_leaks, leaking
from forecast_service.training.promotion import slots_between
from forecast_service.training.rules import GateRule

T0 = int(START.timestamp())
FIT_END, TEST_START, END = T0 + 40 * DAY, T0 + 45 * DAY, T0 + 60 * DAY
HONEST = Windows(FIT_END, FIT_END, TEST_START, TEST_START + SIX_HOURS, SIX_HOURS)


@pytest.fixture(scope="module")
def homes() -> list[SeriesHistory]:
    return [a_history("home_load", seed=k, name=f"load-{k}") for k in range(4)]


def slots(first_s: int = TEST_START + SIX_HOURS) -> list[int]:
    return slots_between(first_s, END - SIX_HOURS, 3 * HOUR)


def fight(challenger: Simple, champion: Simple, homes: list[SeriesHistory], since: int | None = None) -> Duel:
    some = slots() if since is None else slots_between(since, since + 15 * DAY, 3 * HOUR)
    return duel(challenger, champion, homes, some, SIX_HOURS, SITE_LEVELS_BPS)


def verdict(found: Duel, leaks: Sequence[str] = (), windows: Windows = HONEST, **rule: float) -> Verdict:
    given = GateRule(**({"coverage_slack": 0.15} | rule))  # type: ignore[arg-type]
    return judge(found, windows, leaks, given, rival="champion 1")


def test_a_model_that_is_better_every_day_serves(homes: list[SeriesHistory]) -> None:
    found = verdict(fight(Simple(of_three_days), Simple(yesterday, band=500), homes))

    assert found.accepted, found.sentence
    assert found.comparison.change < -0.05
    assert "champion 1" in found.sentence


def memory_of(homes: list[SeriesHistory]) -> Simple:
    """Knows every target it was fitted on by heart, and is lost without."""
    known = {h.series.series_id: h for h in (cut(h, FIT_END, 10_000 * DAY) for h in homes)}
    random = np.random.default_rng(1)

    def point(history: SeriesHistory, slot_s: int, targets_s: np.ndarray) -> np.ndarray:
        learned = at(known[history.series.series_id], targets_s)
        guess = yesterday(history, slot_s, targets_s) + 600 * random.normal(size=len(targets_s))
        return np.where(np.isfinite(learned), learned, guess)

    return Simple(point, band=50)


def test_an_over_fitted_challenger_is_refused_though_it_shines_on_what_it_was_fitted_on(
    homes: list[SeriesHistory],
) -> None:
    challenger, champion = memory_of(homes), Simple(of_three_days)

    in_sample = fight(challenger, champion, homes, since=T0 + 20 * DAY)
    out_of_sample = verdict(fight(challenger, champion, homes))

    assert np.nanmean(in_sample.mine) < 0.2 * np.nanmean(in_sample.theirs)
    assert not out_of_sample.accepted
    assert "not significantly better" in out_of_sample.sentence


def test_the_same_model_again_is_not_better(homes: list[SeriesHistory]) -> None:
    assert not verdict(fight(Simple(yesterday), Simple(yesterday), homes)).accepted


def test_bands_that_do_not_hold_are_refused_even_if_the_median_is_better(homes: list[SeriesHistory]) -> None:
    found = verdict(fight(Simple(of_three_days, band=60), Simple(yesterday, band=400), homes), coverage_slack=0.05)

    assert not found.accepted
    assert "of outcomes lie in the" in found.sentence


def test_a_few_days_are_not_enough(homes: list[SeriesHistory]) -> None:
    short = duel(Simple(of_three_days), Simple(yesterday), homes, slots(END - 2 * DAY), SIX_HOURS, SITE_LEVELS_BPS)

    assert "days could be judged" in verdict(short).sentence


def test_windows_that_touch_are_refused(homes: list[SeriesHistory]) -> None:
    found = fight(Simple(of_three_days), Simple(yesterday, band=500), homes)

    no_gap = replace(HONEST, test_from=TEST_START)
    reused = replace(HONEST, calibrated_from=FIT_END - DAY)

    assert "less than a horizon" in verdict(found, windows=no_gap).sentence
    assert "fitted on" in verdict(found, windows=reused).sentence


def test_a_kind_that_gets_much_worse_is_refused(homes: list[SeriesHistory]) -> None:
    found = fight(Simple(of_three_days), Simple(yesterday, band=500), homes)
    spoiled = replace(found, kinds={**found.kinds, "wind": (0.13, 0.10)})

    assert "wind gets worse by 30%" in verdict(spoiled).sentence


def test_a_planted_feature_of_the_next_hour_is_refused(homes: list[SeriesHistory]) -> None:
    def off_by_one(history: SeriesHistory, slot_s: int, targets_s: np.ndarray) -> np.ndarray:
        ahead = at(history, np.array([slot_s]))  # the period that only begins at the slot
        return yesterday(history, slot_s, targets_s) + 0.5 * np.nan_to_num(ahead)

    leaks = forecaster_leaks(Simple(off_by_one), homes, slots()[:2], SIX_HOURS, SITE_LEVELS_BPS)

    assert len(leaks) == 2
    assert "home-01/load-0" in leaks[0]
    found = fight(Simple(of_three_days), Simple(yesterday, band=500), homes)
    assert not verdict(found, leaks).accepted
    assert "leak: uses what came after" in verdict(found, leaks).sentence
    assert forecaster_leaks(Simple(of_three_days), homes, slots()[:2], SIX_HOURS, SITE_LEVELS_BPS) == []


def weather(random: np.random.Generator) -> Column:
    """Three runs for each hour, 12 h apart, each nearer to the truth; the last is published after the hour."""
    starts = np.repeat(T0 + HOUR * np.arange(100), 3)
    arrived = starts - np.tile([24 * HOUR, 12 * HOUR, -HOUR], 100)
    return Column(starts, arrived, 20 + random.normal(size=300))


def newest_run(column: Column, targets_s: np.ndarray, issue_s: int | None) -> np.ndarray:
    """The newest run for each target, as known at an issue, or simply the newest that there is."""
    usable = np.ones(len(column.starts_s), dtype=bool) if issue_s is None else column.arrived_s <= issue_s
    out = np.zeros(len(targets_s))
    for k, target in enumerate(targets_s):
        mine = np.flatnonzero(usable & (column.starts_s == target))
        out[k] = column.values[mine[np.argmax(column.arrived_s[mine])]] if len(mine) else 0.0
    return out


def test_a_restated_weather_run_is_noticed(homes: list[SeriesHistory]) -> None:
    columns = {"load": column_of(homes[0]), "temperature": weather(np.random.default_rng(0))}
    issue = T0 + 50 * HOUR

    def honest(given: Mapping[str, Column], issue_s: int) -> np.ndarray:
        return newest_run(given["temperature"], issue_s + HOUR * np.arange(1, 7), issue_s)

    def restated(given: Mapping[str, Column], issue_s: int) -> np.ndarray:
        return newest_run(given["temperature"], issue_s + HOUR * np.arange(1, 7), None)

    assert leaking(honest, columns, issue) == []
    assert leaking(restated, columns, issue) == ["temperature"]
    found = verdict(fight(Simple(of_three_days), Simple(yesterday, band=500), homes), leaking(restated, columns, issue))
    assert not found.accepted
    assert "leak: temperature" in found.sentence
