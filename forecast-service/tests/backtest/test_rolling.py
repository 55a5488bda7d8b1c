"""Issues fall where the rule says, a model sees what had arrived, and one that reads on is caught."""

import json
from pathlib import Path

import numpy as np
import pytest
from tables import HOUR_S, Flat, config, frame

from forecast_service.backtest.config import read_config
from forecast_service.backtest.issues import cron_issues, every_issues, lead_buckets, next_day, targets_of
from forecast_service.backtest.leaks import probe, refuse_outcomes
from forecast_service.backtest.lineup import forecaster
from forecast_service.backtest.rolling import Plan, plan, roll
from forecast_service.backtest.run import Choice, run_set
from forecast_service.backtest.table import load_series
from gridseal.errors import ConfigError

PEERS = ["persistence", "seasonal_naive", "damped_anomaly", "analogue13", "linear", "lightgbm", "lightgbm_tuned",
         "random_forest"]  # fmt: skip


def _plan(folder: Path, **changes: object) -> Plan:
    part = read_config(config(folder, frame(), **changes)).parts[0]
    return plan(part, load_series(part, (folder,)))


def test_a_cron_issue_keeps_its_wall_clock_over_the_spring_change() -> None:
    from_s, until_s = (int(np.datetime64(d, "s").astype(int)) for d in ("2021-03-27", "2021-03-30"))

    issues = cron_issues("0 6 * * *", "Europe/Amsterdam", from_s, until_s)

    assert [str(t.astype("datetime64[s]")) for t in issues] == [
        "2021-03-27T05:00:00", "2021-03-28T04:00:00", "2021-03-29T04:00:00",
    ]  # fmt: skip


def test_no_hour_of_a_short_day_is_scored_twice() -> None:
    from_s, until_s = (int(np.datetime64(d, "s").astype(int)) for d in ("2021-03-26", "2021-03-31"))
    issues = cron_issues("0 6 * * *", "Europe/Amsterdam", from_s, until_s)
    targets = targets_of(issues, 18, 24, HOUR_S)

    counted = targets[next_day(issues, targets, "Europe/Amsterdam")]

    assert len(counted) == len(np.unique(counted))
    assert len(counted) == 24 * len(issues) - 1


def test_issues_every_so_many_periods_keep_to_whole_hours() -> None:
    assert every_issues(4, 900, 0, 1_000, 9_000).tolist() == [3_600, 7_200]


def test_leads_are_bucketed_by_the_end_of_their_period() -> None:
    assert lead_buckets(0, 24, 900)["lead:0-1h"] == [0, 1, 2, 3]
    assert list(lead_buckets(18, 24, HOUR_S)) == ["lead:18-24h", "lead:24-30h", "lead:30-36h", "lead:36-42h"]


def test_a_training_sees_nothing_after_its_end_and_is_repeated(tmp_path: Path) -> None:
    made, model = _plan(tmp_path, refit="7d"), Flat()

    roll(made, model)

    start = made.series[0].start_s
    assert len(model.trained_on) == 2
    assert all(start + (last + 1) * HOUR_S == until for until, last in model.trained_on)


def test_the_probe_passes_an_honest_model_and_catches_one_that_reads_one_period_on(tmp_path: Path) -> None:
    made = _plan(tmp_path)
    for late, caught in ((0, False), (1, True)):
        model = Flat(late)
        roll(made, model)
        assert (probe(made, model) is not None) is caught


@pytest.mark.parametrize("name", PEERS)
def test_no_peer_reads_the_future_and_none_crosses(tmp_path: Path, name: str) -> None:
    table = frame()
    table["temp"] += table["load"]
    source = {"path": "own.parquet", "period_start": "at", "target": "load", "future": {"temp": "oracle"}}
    part = read_config(config(tmp_path, table, source=source)).parts[0]
    made, model = plan(part, load_series(part, (tmp_path,))), forecaster(name)

    quantiles = roll(made, model)

    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    assert probe(made, model) is None


def test_a_planted_feature_of_the_next_period_is_refused(tmp_path: Path) -> None:
    table = frame()
    table["next"] = table["load"].shift(-1)
    source = {"path": "own.parquet", "period_start": "at", "target": "load", "past": ["next"]}
    part = read_config(config(tmp_path, table, source=source)).parts[0]

    with pytest.raises(ConfigError, match="past column next is the target one period later"):
        refuse_outcomes(plan(part, load_series(part, (tmp_path,))))


def test_an_outcome_called_a_forecast_is_refused_and_called_an_oracle_is_not(tmp_path: Path) -> None:
    table = frame()
    table["wind"] = 3 * table["load"] + 1
    for label, refused in (("forecast", True), ("oracle", False)):
        source = {"path": "own.parquet", "period_start": "at", "target": "load", "future": {"wind": label}}
        part = read_config(config(tmp_path, table, source=source)).parts[0]
        made = plan(part, load_series(part, (tmp_path,)))
        if refused:
            with pytest.raises(ConfigError, match="column wind is called a forecast but is the target itself"):
                refuse_outcomes(made)
        else:
            refuse_outcomes(made)


def test_a_run_writes_rows_and_a_report_that_needs_nothing_else(tmp_path: Path) -> None:
    wanted, said = read_config(config(tmp_path, frame(), note="A <wave>.")), []
    choice = Choice(wanted.models, make=lambda name: Flat() if name == "champion" else forecaster(name))

    run_set(wanted, (tmp_path,), tmp_path / "out", choice, said.append)

    rows = json.loads((tmp_path / "out" / "own.json").read_text())
    value = {(r["model"], r["metric"]): r for r in rows if r["slice"] == "all"}
    assert {"model", "metric", "slice", "value", "low", "high"} <= set(rows[0])
    assert value["champion", "rcrps"]["low"] < value["champion", "rcrps"]["value"] < value["champion", "rcrps"]["high"]
    assert value["seasonal_naive", "rcrps"]["value"] < value["champion", "rcrps"]["value"]
    skill = 1 - value["champion", "rcrps"]["value"] / value["seasonal_naive", "rcrps"]["value"]
    assert value["champion", "skill_vs_seasonal_naive"]["value"] == pytest.approx(skill)
    assert value["champion", "dm_p_vs_seasonal_naive"]["value"] > 0.5
    html = (tmp_path / "out" / "own.html").read_text()
    assert "A &lt;wave&gt;." in html
    assert html.count("<svg") >= 6
    assert "http" not in html.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    )


def test_peers_are_kept_until_data_or_task_change(tmp_path: Path) -> None:
    made_again: list[str] = []

    def make(name: str) -> Flat:
        made_again.append(name)
        return Flat(name=name)

    wanted = read_config(config(tmp_path, frame(), models=["champion", "persistence"]))
    choice = Choice(wanted.models, make=make)
    for _ in range(2):
        run_set(wanted, (tmp_path,), tmp_path / "out", choice, lambda _: None)
    assert made_again == ["champion", "persistence", "champion"]

    part = replace_test_end(wanted.parts[0])
    changed = wanted.model_copy(update={"parts": (part,)})
    run_set(changed, (tmp_path,), tmp_path / "out", choice, lambda _: None)

    assert made_again[3:] == ["champion", "persistence"]


def replace_test_end(part: object) -> object:
    window = part.test.model_copy(update={"end": part.test.end.replace(day=10)})  # type: ignore[attr-defined]
    return part.model_copy(update={"test": window})  # type: ignore[attr-defined]
