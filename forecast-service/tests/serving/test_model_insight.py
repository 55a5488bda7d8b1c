"""What models said and what came, past trainings, drift; and the trail of a run."""

from datetime import UTC, datetime, timedelta

import pytest
from psycopg.types.json import Jsonb

from forecast_service.inference.trainings import PastTraining
from forecast_service.insight.errors import histogram, rolling_mae
from forecast_service.store.database import Pool, open_async_pool
from forecast_service.store.job_runs import JobRuns
from forecast_service.store.runs import RunStore
from forecast_service.store.seals import SealStore

from .builders import SLOT, a_run, a_seal
from .insight_world import HOUR, KeptAlerts, KeptTrainings, Still, asking, insight_app, put_scored

WEEK = timedelta(days=7)


def test_rolling_errors_forget_what_is_older_than_the_window() -> None:
    times = [SLOT, SLOT + HOUR, SLOT + WEEK]

    assert rolling_mae(times, [-4, 2, 1]) == [(4, 1), (3, 2), (1.5, 2)]
    assert rolling_mae([], []) == []


def test_every_error_is_in_one_of_fifty_bins() -> None:
    found = histogram([float(n) for n in range(-100, 101)])

    assert len(found.counts) == 50
    assert len(found.edges) == 51
    assert sum(found.counts) == 201
    assert (found.edges[0], found.edges[-1]) == (-100, 100)
    assert histogram([]).counts == []


@pytest.mark.servers
async def test_the_newest_forecast_made_before_a_period_is_compared(dsn: str, pool: Pool) -> None:
    put_scored(pool, SLOT, SLOT + 2 * HOUR, 3_000, median=1_000)
    put_scored(pool, SLOT + HOUR, SLOT + 2 * HOUR, 3_000, median=2_500)
    put_scored(pool, SLOT + HOUR, SLOT + 3 * HOUR, 3_000, median=4_000)
    put_scored(pool, SLOT + 4 * HOUR, SLOT + 4 * HOUR, 3_000, median=9_000)  # issued when it began
    async_pool = await open_async_pool(dsn, 2)
    async with asking(insight_app(async_pool, KeptAlerts([]), Still(SLOT + 6 * HOUR))) as client:
        found = (await client.get("/api/v1/models/gridseal-site-6h/performance")).json()
        unknown = await client.get("/api/v1/models/nobody/performance")
        before = (
            await client.get("/api/v1/models/gridseal-site-6h/performance", params={"as_at": SLOT.isoformat()})
        ).json()
    await async_pool.close()

    assert [(i["actual"], i["predicted"], i["rolling_periods"]) for i in found["items"]] == [(3, 2.5, 1), (3, 4, 2)]
    assert (found["unit"], found["series_id"], found["mae"], found["bias"]) == ("W", "home-01/net", 0.75, 0.25)
    assert found["items"][1]["rolling_mae"] == 0.75
    assert sum(found["errors"]["counts"]) == 2
    assert unknown.status_code == 404
    assert (before["series_id"], before["items"], before["mae"]) == (None, [], None)


@pytest.mark.servers
async def test_the_demand_model_is_compared_in_mwh(dsn: str, pool: Pool) -> None:
    with pool.connection() as connection:
        for n, actual in enumerate((100.0, 110.0, None)):
            connection.execute(
                'INSERT INTO energy_mlops.prediction_log ("timestamp", predicted_demand, actual_demand, model_version,'
                " features_json) VALUES (%s, 105, %s, '3', %s)",
                (SLOT + n * HOUR, actual, Jsonb({"respondent": "PJM"})),
            )
    async_pool = await open_async_pool(dsn, 2)
    async with asking(insight_app(async_pool, KeptAlerts([]), Still(SLOT + 6 * HOUR))) as client:
        models = (await client.get("/api/v1/models")).json()
        found = (await client.get("/api/v1/models/energy-demand-lgbm/performance")).json()
    await async_pool.close()

    assert [m["model"] for m in models["items"]] == ["gridseal-site-6h", "energy-demand-lgbm"]
    assert models["demand"]["mae_mwh"] == 5
    assert (found["unit"], found["series_id"], found["mae"], found["rmse"]) == ("MWh", "PJM", 5, 5)
    assert [s["forecasts"] for s in found["series"]] == [2]


@pytest.mark.servers
async def test_trainings_and_drift_checks_are_listed_newest_first(dsn: str, pool: Pool) -> None:
    with pool.connection() as connection:
        for share in (0.1, 0.4):
            connection.execute(
                "INSERT INTO energy_mlops.drift_log (check_timestamp, dataset_drift_detected, drift_share,"
                " n_drifted_features, n_total_features, drift_details) VALUES (%s, %s, %s, 2, 5, %s)",
                (SLOT, share > 0.3, share, Jsonb({"temperature": {"psi": share, "drifted": share > 0.3}})),
            )
    one = PastTraining(
        "t1", "full", "finished", datetime(2026, 6, 1, tzinfo=UTC), None, {"mae": 1.5}, {"mode": "full"},
        "better on 9 of 9 days", True, "schedule", "history", "7",
    )  # fmt: skip
    async_pool = await open_async_pool(dsn, 2)
    app = insight_app(async_pool, KeptAlerts([]), Still(SLOT), KeptTrainings([one]))
    async with asking(app) as client:
        trained = (await client.get("/api/v1/models/gridseal-site-6h/trainings")).json()
        drift = (await client.get("/api/v1/drift")).json()
    await async_pool.close()

    assert (trained["items"][0]["metrics"], trained["items"][0]["accepted"]) == ({"mae": 1.5}, True)
    assert drift["threshold_ratio"] == 0.3
    assert [c["share_ratio"] for c in drift["items"]] == [0.4, 0.1]
    assert drift["features"] == {"temperature": {"psi": 0.4, "drifted": True}}


@pytest.mark.servers
async def test_a_window_is_followed_to_the_run_and_its_seal(dsn: str, pool: Pool) -> None:
    run = a_run()
    JobRuns(pool).sent("j", "site-6h", SLOT, 0, SLOT)
    RunStore(pool).write(run, (), "")
    SealStore(pool).upsert([a_seal(run)])
    async_pool = await open_async_pool(dsn, 2)
    async with asking(insight_app(async_pool, KeptAlerts([]), Still(SLOT))) as client:
        found = (
            await client.get(
                "/api/v1/trails/windows",
                params={"series_id": "home-01/net", "ended_by": (SLOT - HOUR).isoformat()},
            )
        ).json()
        same = (await client.get(f"/api/v1/trails/runs/{run.run_id}")).json()
        late = await client.get(
            "/api/v1/trails/windows", params={"series_id": "home-01/net", "ended_by": (SLOT + HOUR).isoformat()}
        )
    await async_pool.close()

    assert found == same
    assert (found["run_id"], found["seal_state"], found["slot_domain"]) == (run.run_id, "mined", "2026-06-01T12:00:00Z")
    assert found["job_sent_at"] <= found["recorded_at"]
    assert found["published_at"] is None
    assert late.status_code == 404
