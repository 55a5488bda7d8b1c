"""Drift check, performance check, retraining and ingestion over a real PostgreSQL."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from psycopg.types.json import Jsonb

from forecast_service.catalog import Catalog
from forecast_service.jobs import training
from forecast_service.jobs.flows import DRIFT_CHECK, RETRAIN, FlowRun
from forecast_service.jobs.scheduler import SchedulerState
from forecast_service.jobs.small_flows import IngestionFlow
from forecast_service.jobs.standard_flows import RetrainDesk, shown
from forecast_service.jobs.training import RetrainFlow
from forecast_service.monitoring.drift_check import DriftCheck, DriftRule, renew_reference
from forecast_service.monitoring.performance_check import PerformanceCheck, PerformanceRule, too_bad
from forecast_service.physics.sky import clear_sky_share
from forecast_service.store.database import Pool
from forecast_service.store.drift_log import DriftLog
from forecast_service.store.flow_runs import FlowRuns
from forecast_service.store.generation import GenerationRows
from forecast_service.store.job_runs import JobRuns
from forecast_service.store.pages import LATEST, Pages
from forecast_service.store.performance import DemandErrors, PerformanceStore, Rolling
from forecast_service.store.training_features import FEATURES, TrainingFeatures, from_parquet, to_parquet
from gridseal.errors import ConfigError, UnavailableError
from gridseal.runtime.clock import TimeLapseClock
from gridseal.runtime.metrics import new_registry
from gridseal.wire.catalog import Series

from .builders import SLOT, a_product, a_record, a_run, a_series, a_site, put_window

pytestmark = pytest.mark.servers
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = SLOT
RUN = FlowRun("drift-check-1", DRIFT_CHECK, "manual", "", 0)


def a_clock(now: datetime = NOW) -> TimeLapseClock:
    return TimeLapseClock(origin=now, anchor=datetime.now(UTC), scale=1e-12)


def put_features(pool: Pool, start: datetime, hours: int, *, warmer: float = 0.0, who: str = "us-duk") -> None:
    rng = np.random.default_rng(int(start.timestamp()))
    rows = []
    for h in range(hours):
        at = start + h * HOUR
        heat = 15 + 6 * math.sin((at.hour - 9) * math.pi / 12) + rng.normal(0, 2) + warmer
        demand = 10_000 + 2_000 * math.sin((at.hour - 9) * math.pi / 12) + rng.normal(0, 200)
        rows.append((
            at, who, heat, heat + 1, 60 + rng.normal(), 5 + rng.normal(), 50 + rng.normal(), 100.0, 0.0, at.hour,
            at.weekday(), at.month, int(at.weekday() > 4), 0, demand, demand, demand, demand, 1_400 + rng.normal(),
            heat**2, max(heat - 18.3, 0), max(18.3 - heat, 0), demand,
        ))  # fmt: skip
    columns = ", ".join(('"timestamp"', "respondent", *FEATURES, "demand_mwh"))
    with pool.connection() as connection:
        marks = ", ".join(["%s"] * 23)
        connection.cursor().executemany(f"INSERT INTO energy_mlops.features ({columns}) VALUES ({marks})", rows)


def a_check(pool: Pool, reports: Path, catalog: Catalog | None = None) -> DriftCheck:
    features, runs, jobs = TrainingFeatures(pool), FlowRuns(pool), JobRuns(pool)
    desk, rows = RetrainDesk(runs, jobs, a_clock(), DAY, trains=True), GenerationRows(pool, catalog or Catalog())
    show, rule = shown(Pages(pool), reports), DriftRule(0.3, 1_000)
    return DriftCheck(features, rows, DriftLog(pool), desk.ask, a_clock(), show, rule, desk.trained_at)


def put_plant(pool: Pool, series: Series, days: int, lost_from: datetime) -> None:
    """Hours of a plant that gives what a clear sky allows less changing clouds; half of it from some day on."""
    rng, start = np.random.default_rng(1), NOW - days * DAY
    share = clear_sky_share(34.09, -117.43, int(start.timestamp()), 3_600, days * 24)
    clear = np.repeat(rng.uniform(0.4, 0.8, days), 24) + rng.normal(0, 0.05, days * 24)
    moments = [start + h * HOUR for h in range(days * 24)]
    half = np.array([0.5 if at >= lost_from else 1.0 for at in moments])
    milli = np.rint(np.maximum(clear, 0) * share * 5_000_000 * half).astype(int).tolist()
    put_window(pool, series, start, milli[0])
    with pool.connection() as connection:
        connection.cursor().executemany(
            "INSERT INTO telemetry.window_rows SELECT series_no, 3600, %s, %s::bigint * 3600, 3600, 1, 1, %s, %s, %s,"
            " 1, clock_timestamp() FROM telemetry.series",
            [(at, m, m, m, m) for at, m in zip(moments[1:], milli[1:], strict=True)],
        )


@pytest.mark.parametrize("trained_before", [None, 20 * DAY, 2 * DAY])
async def test_half_a_plant_that_is_gone_is_drift_of_pv_and_asks_once_a_fortnight(
    pool: Pool, tmp_path: Path, trained_before: timedelta | None
) -> None:
    plant, catalog = a_series("home-01/pv", kind="pv", direction="into_grid", capacity_w=5_000), Catalog()
    for item in (a_product(), a_site(), plant):
        catalog.apply(*a_record(item))
    put_plant(pool, plant, 80, NOW - 28 * DAY)
    put_features(pool, NOW - 67 * DAY, 67 * 24)
    runs = FlowRuns(pool)
    if trained_before is not None:
        name, _ = runs.enqueue(RETRAIN, "schedule", "first training", NOW - trained_before)
        runs.ended(name, "done", "")

    ended = await a_check(pool, tmp_path, catalog)(RUN)

    (row,) = DriftLog(pool).newest()
    page, asked = Pages(pool).read(LATEST), [run for run in runs.history(RETRAIN, 5) if run.cause == "drift"]
    assert (row.detected, row.n_total, row.triggered_retrain) == (True, 4, trained_before != 2 * DAY)
    assert row.details["pv/clear_sky_index_noon"]["drifted"] is True
    assert row.details["temperature"]["drifted"] is False
    assert "demand: drift_share 0.0" in ended.detail
    assert page is not None
    assert "drift_share of pv" in page
    assert len(asked) == (0 if trained_before == 2 * DAY else 1)


async def test_ten_degrees_more_are_logged_shown_and_ask_for_a_training(pool: Pool, tmp_path: Path) -> None:
    put_features(pool, NOW - 67 * DAY, 60 * 24)
    put_features(pool, NOW - 7 * DAY, 7 * 24, warmer=10)

    ended = await a_check(pool, tmp_path)(RUN)

    (row,) = DriftLog(pool).newest()
    (asked,) = FlowRuns(pool).history(RETRAIN, 5)
    page = (tmp_path / "latest_drift.html").read_text()
    assert (row.detected, row.n_drifted, row.triggered_retrain) == (True, 5, True)
    assert row.share == pytest.approx(5 / row.n_total)
    assert row.details["temperature"]["drifted"] is True
    assert row.details["month"]["unjudged"] == "calendar"
    assert (asked.state, asked.cause) == ("queued", "drift")
    assert "drift_share 0." in asked.reason
    assert "temperature" in asked.reason
    assert ended.state == "done"
    assert asked.job_id in ended.detail
    assert "drift detected" in page
    assert page.count("<svg") == row.n_total
    assert (tmp_path / "drift_report.html").read_text() == page
    assert Pages(pool).read(LATEST) == page


async def test_the_same_data_is_no_drift_and_asks_for_nothing(pool: Pool, tmp_path: Path) -> None:
    put_features(pool, NOW - 7 * DAY, 7 * 24)
    features = TrainingFeatures(pool)
    features.keep_reference(features.read(NOW - 7 * DAY, NOW), "the same week")

    await a_check(pool, tmp_path)(RUN)

    (row,) = DriftLog(pool).newest()
    assert (row.detected, row.n_drifted, row.triggered_retrain) == (False, 0, False)
    assert FlowRuns(pool).history(RETRAIN, 5) == []
    assert "no drift" in (tmp_path / "latest_drift.html").read_text()


async def test_a_training_that_has_just_ended_is_not_asked_for_again(pool: Pool, tmp_path: Path) -> None:
    put_features(pool, NOW - 67 * DAY, 60 * 24)
    put_features(pool, NOW - 7 * DAY, 7 * 24, warmer=10)
    runs = FlowRuns(pool)
    name, _ = runs.enqueue(RETRAIN, "schedule", "first training", NOW - 23 * HOUR)
    runs.ended(name, "done", "")

    await a_check(pool, tmp_path)(RUN)

    assert len(runs.history(RETRAIN, 5)) == 1
    assert DriftLog(pool).newest()[0].detected
    assert not DriftLog(pool).newest()[0].triggered_retrain


async def test_without_rows_or_reference_the_check_is_skipped_and_says_why(pool: Pool, tmp_path: Path) -> None:
    check = a_check(pool, tmp_path)
    nothing = await check(RUN)
    put_features(pool, NOW - 20 * DAY, 20 * 24)
    too_little = await check(RUN)

    assert (nothing.state, nothing.detail) == ("skipped", "no feature rows in the window")
    assert (too_little.state, too_little.detail) == ("skipped", "no reference yet, and too few rows")
    with pytest.raises(ConfigError, match="days"):
        await check(FlowRun("x", DRIFT_CHECK, "manual", "", 0, {"days": 0}))


async def test_after_a_training_the_reference_is_what_it_learned_from_less_the_test_part(
    pool: Pool, tmp_path: Path
) -> None:
    features = TrainingFeatures(pool)
    put_features(pool, NOW - 100 * DAY, 100 * 24, warmer=10)

    said = renew_reference(features, NOW, 30 * DAY, "retrain-1, drift", 1_000)
    too_few = renew_reference(features, NOW, 99 * DAY, "retrain-2, drift", 1_000)

    kept = features.reference()
    assert kept is not None
    assert said == f"reference renewed with {70 * 24} rows"
    assert too_few == "reference stays: 24 feature rows before the test part"
    assert (kept.made_for, kept.data_until) == ("retrain-1, drift", NOW - 30 * DAY - HOUR)
    read = features.read(NOW - 100 * DAY, NOW - 30 * DAY)
    np.testing.assert_array_equal(kept.table.values, read.values)
    np.testing.assert_array_equal(from_parquet(to_parquet(read)).times_s, read.times_s)
    assert (await a_check(pool, tmp_path)(RUN)).state == "done"
    assert not DriftLog(pool).newest()[0].detected


def matured(pool: Pool, ratio: float, base: float, count: int = 400) -> None:
    """Scores of a trained model, one an hour before now."""
    run = a_run(NOW - DAY, model="lstm", levels_bps=(500, 5_000, 9_500))
    with pool.connection() as connection:
        for i in range(count):
            at = NOW - DAY / 2 - i * HOUR / 4
            name = f"{i:032x}"
            document = Jsonb({})
            connection.execute(
                "INSERT INTO forecast.runs (run_id, product_id, slot, version, issued_at, delivery_start, gate_closure,"
                " levels_bps, model_name, model_version, model_hash, feature_hash, document)"
                " VALUES (%s, 'site-6h', %s, 1, %s, %s, %s, %s, 'm', '1', '', '', %s)",
                (name, at, at, at, at, list(run.levels_bps), document),
            )
            connection.execute(
                "INSERT INTO forecast.values (run_id, series_id, target_start, resolution_s, issued_at, values_milli,"
                " model, rung, data_age_s) VALUES (%s, 's', %s, 900, %s, %s, 'lstm', 0, 0)",
                (name, at, at, [800_000, 1_100_000, 1_200_000]),
            )
            connection.execute(
                "INSERT INTO forecast.scores (run_id, series_id, target_start, kind, model, actual_milli,"
                " window_version, range_milli, level_ratios, pinball_ratio, covered_90, baseline_ratio,"
                " baseline_covered_90)"
                " VALUES (%s, 's', %s, 'wind', 'lstm', 1000000, 1, 2000000, '{}', %s, %s, %s, true)",
                (name, at, ratio, i % 10 != 0, base),
            )


def a_performance_check(pool: Pool, told: Any = lambda figures: None) -> PerformanceCheck:
    desk = RetrainDesk(FlowRuns(pool), JobRuns(pool), a_clock(), DAY, trains=True)
    return PerformanceCheck(PerformanceStore(pool), desk.ask, a_clock(), PerformanceRule(1_500, "PJM"), told)


async def test_rolling_figures_are_kept_and_a_model_worse_than_the_analogues_is_trained_again(pool: Pool) -> None:
    matured(pool, 0.05, 0.04)
    seen: list[Sequence[Rolling]] = []

    ended = await a_performance_check(pool, seen.append)(RUN)

    ((figure,),) = seen
    assert (figure.product_id, figure.kind, figure.model, figure.forecasts) == ("site-6h", "wind", "lstm", 400)
    assert (figure.mae, figure.rmse, figure.mape_percent) == pytest.approx((100.0, 100.0, 10.0))
    assert (figure.pinball_ratio, figure.baseline_ratio) == pytest.approx((0.05, 0.04))
    assert (figure.coverage_80, figure.coverage_90) == (None, pytest.approx(0.9))
    (asked,) = FlowRuns(pool).history(RETRAIN, 5)
    assert asked.cause == "performance"
    assert asked.reason == "lstm on wind of site-6h: pinball 0.0500, analogues 0.0400"
    assert ended.detail.startswith("400 matured, 0 late actuals")
    with pool.connection() as connection:
        assert connection.execute("SELECT kind, mae FROM forecast.performance").fetchall() == [("wind", 100.0)]


async def test_actuals_are_filled_late_and_corrected_and_a_large_mae_asks_for_a_training(pool: Pool) -> None:
    store = PerformanceStore(pool)
    with pool.connection() as connection:
        for h, who in ((3, {"respondent": "us-duk"}), (2, {}), (1, {"respondent": "us-duk"})):
            connection.execute(
                'INSERT INTO energy_mlops.prediction_log ("timestamp", predicted_demand, model_version, features_json)'
                " VALUES (%s, 10000, 'v7', %s)",
                (NOW - h * HOUR, Jsonb(who)),
            )
        for h, who_, value in ((3, "us-duk", 12_000), (2, "PJM", 8_000), (2, "us-duk", 1)):
            connection.execute(
                "INSERT INTO energy_mlops.raw_demand (period, respondent, value) VALUES (%s, %s, %s)",
                (NOW - h * HOUR, who_, value),
            )

    ended = await a_performance_check(pool)(RUN)
    again = store.fill_actuals("PJM", NOW - DAY)
    with pool.connection() as connection:
        connection.execute("UPDATE energy_mlops.raw_demand SET value = 12500 WHERE value = 12000")
    corrected = store.fill_actuals("PJM", NOW - DAY)

    assert "2 matured, 2 late actuals; demand model v7: MAE 2000 MWh > 1500" in ended.detail
    assert (again, corrected) == (0, 1)
    (errors,) = store.demand(NOW - DAY, NOW)
    assert (errors.mae_mwh, errors.predictions) == (2_250, 2)
    assert FlowRuns(pool).history(RETRAIN, 5)[0].cause == "performance"


def test_few_forecasts_and_good_ones_are_no_reason() -> None:
    rule = PerformanceRule(1_500, "PJM")
    few = Rolling("site-6h", "wind", "lstm", 335, 1, 1, 1, 0.05, 0.04, 0.8, 0.9)
    good = Rolling("site-6h", "wind", "lstm", 9_999, 1, 1, 1, 0.04, 0.05, 0.8, 0.9)
    baseline = Rolling("site-6h", "wind", "analogue", 9_999, 1, 1, 1, 0.05, 0.04, 0.8, 0.9)

    assert too_bad([few, good, baseline], [DemandErrors("v1", 9, 1_500.0, 1, 1)], rule) == []


def a_retrain(pool: Pool, rows: int) -> RetrainFlow:
    catalog = Catalog()
    for item in (a_product(), a_series()):
        catalog.apply(*a_record(item))
    for h in range(rows):
        put_window(pool, a_series(), NOW - h * HOUR, 1_000)
    features = TrainingFeatures(pool)
    return RetrainFlow(features.windows, catalog, new_registry(), SchedulerState(), 12, lambda run: "reference renewed")


async def test_a_training_with_too_few_rows_is_skipped(pool: Pool) -> None:
    ended = await a_retrain(pool, 11)(FlowRun("retrain-1", RETRAIN, "drift", "", 0))

    assert (ended.state, ended.detail) == ("skipped", "11 rows are there, 12 are needed")


@pytest.mark.parametrize(("code", "error"), [(1, UnavailableError), (2, ConfigError)])
async def test_a_training_that_fails_is_tried_again_unless_it_was_asked_wrongly(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, code: int, error: type[Exception]
) -> None:
    step = a_retrain(pool, 12)
    asked = FlowRun("retrain-1", RETRAIN, "drift", "drift_share 0.4", 0, {"mode": "finetune"})
    script = "import os, sys; print(os.environ['FORECAST_TRAIN_CAUSE'], os.environ['FORECAST_TRAIN_PARAMETERS'])"
    monkeypatch.setattr(training, "COMMAND", ("-c", f"{script}; sys.exit(int(os.environ.get('CODE', '0')))"))

    done = await step(asked)
    monkeypatch.setenv("CODE", str(code))
    with pytest.raises(error):
        await step(asked)

    assert done.detail == 'drift {"mode": "finetune"}; reference renewed'


async def test_ingestion_says_what_is_there_and_is_skipped_on_nothing(pool: Pool) -> None:
    features = TrainingFeatures(pool)
    flow = IngestionFlow(features.stock, a_clock(), "")
    nothing = await flow(FlowRun("i", "data-ingestion", "schedule", "", 0))
    put_features(pool, NOW - 30 * DAY, 30 * 24)

    week = await flow(FlowRun("i", "data-ingestion", "schedule", "", 0))
    span = {"from": "2026-05-10T00:00:00Z", "to": "2026-05-11T00:00:00Z"}
    day = await flow(FlowRun("i", "data-ingestion", "manual", "", 0, span))

    assert nothing.state == "skipped"
    assert week.detail.startswith("168 rows of 1 regions")
    assert day.detail.startswith("24 rows of 1 regions from 2026-05-10")


async def test_ingestion_starts_its_command_with_the_range_and_fails_with_it(tmp_path: Path) -> None:
    stock = SimpleNamespace(rows=1, respondents=1, without_target=0, newest=None)
    told = tmp_path / "told"
    good = IngestionFlow(lambda since, until: stock, a_clock(), f"sh -c 'echo {{begin}} {{end}} > {told}'")  # type: ignore[arg-type,return-value]
    bad = IngestionFlow(lambda since, until: stock, a_clock(), "sh -c 'echo no route >&2; exit 3'")  # type: ignore[arg-type,return-value]

    await good(FlowRun("i", "data-ingestion", "schedule", "", 0))

    begin, end = (datetime.fromisoformat(word) for word in told.read_text().split())
    assert abs(end - NOW) < HOUR
    assert end - begin == 7 * DAY
    with pytest.raises(UnavailableError, match="exit 3: no route"):
        await bad(FlowRun("i", "data-ingestion", "schedule", "", 0))
    with pytest.raises(ConfigError, match="time zone"):
        await good(FlowRun("i", "data-ingestion", "manual", "", 0, {"from": "2026-05-10T00:00:00"}))
