"""The site model in a backtest: asked twice it says the same, and what came after an issue changes nothing."""

from dataclasses import replace

import numpy as np
import pytest
from histories import START, a_history

from forecast_service.backtest.ports import TableSeries, Task
from forecast_service.model.levels import SITE_LEVELS_BPS
from forecast_service.training import TrainingOptions
from forecast_service.training.site_table import SiteForecaster, series_id_of
from gridseal.errors import ConfigError

pytestmark = pytest.mark.timeout(400)
QUICK = TrainingOptions(
    fit_steps=30, tune_steps=9, batch=32, max_seconds=1e6, min_days=14, holdout_days=10, trees=3, tree_rows=300, nets=1
)
TASK = Task(SITE_LEVELS_BPS, first_lead=0, horizon=6)
UNTIL = int(START.timestamp()) + 50 * 86_400
ISSUES = UNTIL + 3_600 * np.arange(0, 40, 5)


def a_table(name: str, seed: int, until_s: int) -> TableSeries:
    history = a_history("home_load", seed=seed, name=name)
    values = history.values[: (until_s - history.start_s) // 3_600]
    return TableSeries(f"home-0{seed}/{name}", history.start_s, 3_600, values, kind="home_load")


@pytest.fixture(scope="module")
def fitted() -> SiteForecaster:
    made = SiteForecaster(options=QUICK)
    made.fit([a_table("load", k, UNTIL) for k in (1, 2)], TASK, UNTIL)
    return made


def test_it_answers_every_issue_in_order_and_twice_the_same(fitted: SiteForecaster) -> None:
    series = [a_table("load", k, int(ISSUES[-1])) for k in (1, 2)]

    found = fitted.predict(series, ISSUES)

    assert fitted.name == "champion"
    assert found.shape == (2, len(ISSUES), 6, 7)
    assert (np.diff(found, axis=-1) >= 0).all()
    assert (fitted.predict(series, ISSUES) == found).all()
    assert (fitted.predict(series[::-1], ISSUES) == found[::-1]).all()


def test_what_came_after_an_issue_changes_nothing(fitted: SiteForecaster) -> None:
    series = [a_table("load", k, int(ISSUES[-1])) for k in (1, 2)]
    known = (int(ISSUES[2]) - series[0].start_s) // 3_600
    changed = [replace(s, target=np.concatenate([s.target[:known], s.target[known:] + 9e5])) for s in series]

    before, after = fitted.predict(series, ISSUES), fitted.predict(changed, ISSUES)

    assert (before[:, :3] == after[:, :3]).all()
    assert (before[:, 4:] != after[:, 4:]).any()


def test_a_series_that_never_moves_is_refused() -> None:
    dead = replace(a_table("load", 1, UNTIL), target=np.zeros(50 * 24))

    with pytest.raises(ConfigError, match="no moving value"):
        SiteForecaster(options=QUICK).fit([dead], TASK, UNTIL)


def test_ids_are_spelled_as_in_the_catalog() -> None:
    assert series_id_of(TableSeries("Farm/A/T1", 0, 900, np.zeros(1))) == "farm-a/t1"
    assert series_id_of(TableSeries("lhb-r80711", 0, 900, np.zeros(1))) == "site/lhb-r80711"
