"""Each rung sees less than the one above it, and the table says what that costs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from forecast_service.backtest.config import Part
from forecast_service.backtest.ports import Floats, Ints, TableSeries, Task
from forecast_service.backtest.rolling import Plan, plan
from forecast_service.ladder.measure import measured, thinned
from forecast_service.ladder.table import rungs_of, text_of

START = datetime(2026, 1, 1, tzinfo=UTC)
START_S = int(START.timestamp())
LEVELS = (500, 1_000, 2_500, 5_000, 7_500, 9_000, 9_500)
DAYS = 90


class Notes:
    """Says yesterday's value ± a band, or the weather where it has it; writes down what it was shown."""

    name = "notes"

    def __init__(self) -> None:
        self.weather: list[bool] = []
        self.newest: list[float] = []

    def __deepcopy__(self, memo: dict[int, object]) -> "Notes":
        return self

    def fit(self, series: Sequence[TableSeries], task: Task, until_s: int) -> None:
        self.task = task

    def predict(self, series: Sequence[TableSeries], issues_s: Ints) -> Floats:
        task, out = self.task, np.empty((len(series), len(issues_s), self.task.horizon, len(self.task.levels_bps)))
        for s, one in enumerate(series):
            known = np.flatnonzero(np.isfinite(one.target))
            self.newest.append(float(issues_s[-1] - (one.start_s + (known[-1] + 1) * 3_600)) / 3_600)
            self.weather.append(any(np.isfinite(v).any() for v in one.future.values()))
            for i, issue in enumerate(issues_s):
                at = (int(issue) - one.start_s) // 3_600 + task.first_lead + np.arange(task.horizon)
                level = one.future["warm"][at] if self.weather[-1] else one.target[at - 48]
                middle = np.where(np.isfinite(level), level, 50.0)
                out[s, i] = middle[:, None] + np.linspace(-1, 1, 7) * (2 if self.weather[-1] else 8)
        return out


@pytest.fixture(scope="module")
def made() -> Plan:
    rng = np.random.default_rng(5)
    hours = np.arange(24 * DAYS)
    level = 50 + 20 * np.sin(hours / 24 * 2 * np.pi) + np.repeat(rng.normal(0, 6, DAYS), 24)
    series = TableSeries("a/load", START_S, 3_600, level + rng.normal(0, 1, len(hours)), future={"warm": level})
    part = Part.model_validate(
        {
            "name": "all", "source": {"path": "x", "period_start": "t", "target": "y", "future": {"warm": "oracle"}},
            "resolution": "1h", "issue": {"every": 24}, "first_lead": 6, "horizon": "24h",
            "train_end": START + timedelta(days=60),
            "test": {"start": START + timedelta(days=62), "end": START + timedelta(days=88)},
        }
    )  # fmt: skip
    return plan(part, [series])


def test_each_rung_sees_no_more_than_the_one_above(made: Plan) -> None:
    model = Notes()
    model.fit(made.series, made.part.task, 0)

    measured(made, model, stale_s=12 * 3_600, stored_s=86_400)

    count = len(made.issues_s)
    assert model.weather == [True, False] + [False] * count
    assert model.newest[:2] == [0.0, 0.0]
    assert model.newest[2:] == [12.0] * count


def test_the_table_says_what_each_rung_costs_and_bands_widen(made: Plan) -> None:
    model = Notes()
    model.fit(made.series, made.part.task, 0)

    rungs = rungs_of(made, measured(made, model, stale_s=12 * 3_600, stored_s=86_400))

    by_rung = {r.rung: r for r in rungs}
    assert list(by_rung) == [0, 1, 2, 3, 4]
    assert by_rung[0].figures["rcrps"] < by_rung[1].figures["rcrps"]
    assert by_rung[3].against_analogues == 0
    assert by_rung[4].figures["width80"] > by_rung[0].figures["width80"]
    assert {r.figures["crossings"] for r in rungs} == {0.0}
    text = text_of("a set", rungs)
    assert "4 last stored forecast" in text
    assert len(text.splitlines()) == 2 + len(rungs)


def test_a_set_without_weather_begins_at_rung_1(made: Plan) -> None:
    model = Notes()
    model.fit(made.series, made.part.task, 0)
    dry = replace(made, series=tuple(replace(s, future={}) for s in made.series))

    assert list(measured(dry, model, stale_s=3_600, stored_s=86_400)) == [1, 2, 3, 4]


def test_rung_4_says_again_what_was_said_a_day_before(made: Plan) -> None:
    model = Notes()
    model.fit(made.series, made.part.task, 0)

    found = measured(made, model, stale_s=3_600, stored_s=86_400)

    middle = LEVELS.index(5_000)
    assert found[4][0, 5, :, middle] == pytest.approx(found[0][0, 4, :, middle], abs=1e-3)


def test_of_a_thinned_plan_only_the_chosen_issues_are_scored(made: Plan) -> None:
    few = thinned(made, 4, 86_400)

    scored = np.isfinite(few.outcomes[0]).any(axis=1)
    assert scored.sum() == 4
    assert len(few.issues_s) == 7  # the first has none before it
    assert thinned(made, 10_000, 86_400) is made
