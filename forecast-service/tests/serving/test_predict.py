"""The routes of the demand design, on a real PostgreSQL."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, generate_latest

sys.path.insert(0, str(Path(__file__).parents[1] / "model"))

from memory import KEY, FolderRegistry, trusted

from forecast_service.api.demand_metrics import DemandMetrics
from forecast_service.api.predict import DemandParts, predict_routes
from forecast_service.api.prediction_log import PredictionLog
from forecast_service.app import ApiParts, create_app
from forecast_service.catalog import Catalog
from forecast_service.inference.registry import TrainingRecord
from forecast_service.live.hub import Hub
from forecast_service.store.alerts import AlertReader
from forecast_service.store.database import Pool, open_async_pool
from forecast_service.store.demand_state import DemandStateReader
from forecast_service.store.energy import DemandRows, Prediction, PredictionTable
from forecast_service.store.views import ForecastViews
from forecast_service.tabular.artifact import SavedModel, save_demand_model
from forecast_service.tabular.models import LinearModel
from forecast_service.tabular.serving import DemandChampion
from forecast_service.tabular.table import FEATURES
from gridseal.errors import UnavailableError
from gridseal.runtime.metrics import new_registry

from .builders import SLOT

pytestmark = pytest.mark.servers
NOW = SLOT + timedelta(minutes=5)
BODY: dict[str, Any] = dict.fromkeys(FEATURES, 1)


def publish(registry: FolderRegistry, folder: Path, intercept: float) -> None:
    """A model that answers the intercept plus the humidity."""
    weights = np.array([float(name == "humidity") for name in FEATURES])
    digest = save_demand_model(SavedModel(LinearModel(weights, intercept), "NY"), folder, KEY, {})
    registry.promote(registry.publish(folder, digest, TrainingRecord({}, {}, {})))


class Service:
    """An API with its parts in reach."""

    def __init__(self, app: FastAPI, parts: DemandParts, metrics: CollectorRegistry, models: FolderRegistry) -> None:
        self.app, self.parts, self.metrics, self.models = app, parts, metrics, models
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")

    def figure(self, name: str) -> float | None:
        return self.metrics.get_sample_value(name)


@pytest.fixture
async def service(dsn: str, tmp_path: Path) -> AsyncIterator[Service]:
    pool, metrics, models = await open_async_pool(dsn, 2), new_registry(), FolderRegistry(tmp_path / "models")
    champion = DemandChampion(models, trusted, 1)
    parts = DemandParts(champion, PredictionLog(PredictionTable(pool), metrics), DemandMetrics(metrics))
    views = ForecastViews(pool)
    app = create_app(
        ApiParts(
            views, AlertReader.__new__(AlertReader), Catalog(), Hub({}, metrics), metrics, {}, lambda: NOW, 60,
            frozenset(), demand=parts,
        )
    )  # fmt: skip
    made = Service(app, parts, metrics, models)
    yield made
    await made.client.aclose()
    await pool.close()


async def test_a_prediction_names_its_hour_and_version_and_is_logged(
    service: Service, tmp_path: Path, pool: Pool
) -> None:
    publish(service.models, tmp_path / "a", 17_000.126)
    await service.parts.champion.reload()

    answer = await service.client.post("/predict", json=BODY)
    early = await service.client.post("/predict", json=BODY | {"timestamp": "2026-06-03T07:10:00+02:00"})
    writer = asyncio.create_task(service.parts.log.run())
    await asyncio.sleep(0)
    writer.cancel()
    await asyncio.wait([writer])

    assert answer.json() == {
        "predicted_demand_mwh": 17_001.13, "predicted_demand_wh": 17_001_126_000, "model_version": "1",
        "timestamp": "2026-06-01T13:00:00Z",
    }  # fmt: skip
    assert early.json()["timestamp"] == "2026-06-03T05:00:00Z"
    with pool.connection() as connection:
        rows = connection.execute(
            'SELECT "timestamp", predicted_demand, model_version, prediction_made_at, actual_demand,'
            " features_json ->> 'respondent', features_json -> 'humidity' FROM energy_mlops.prediction_log ORDER BY id"
        ).fetchall()
    assert rows[0] == (SLOT + timedelta(hours=1), pytest.approx(17_001.126), "1", NOW, None, "NY", 1)
    assert len(rows) == 2
    assert service.figure("prediction_requests_total") == 2
    assert service.figure("prediction_latency_seconds_count") == 2
    assert service.figure("predicted_demand_mwh_sum") == pytest.approx(2 * 17_001.126)


async def test_a_log_that_fails_never_fails_a_request(service: Service, tmp_path: Path) -> None:
    asked = asyncio.Event()

    class Broken:
        async def write(self, predictions: list[Prediction]) -> None:
            asked.set()
            raise UnavailableError("gone")

    publish(service.models, tmp_path / "a", 0)
    await service.parts.champion.reload()
    metrics = new_registry()
    log = PredictionLog(Broken(), metrics, capacity=1, retry_s=60)
    parts = DemandParts(service.parts.champion, log, DemandMetrics(metrics))
    service.app.router.routes[:] = []
    service.app.include_router(predict_routes(parts, lambda: NOW))
    codes = [(await service.client.post("/predict", json=BODY)).status_code for _ in range(3)]
    writer = asyncio.create_task(log.run())
    await asked.wait()
    writer.cancel()
    await asyncio.wait([writer])

    assert codes == [200, 200, 200]
    assert metrics.get_sample_value("gridseal_prediction_log_lost_total") == 3


async def test_without_a_model_there_is_health_and_no_prediction(service: Service) -> None:
    health = await service.client.get("/health")
    answer = await service.client.post("/predict", json=BODY)

    assert health.json() == {"status": "ok", "model_loaded": False}
    assert answer.status_code == 503
    assert "train-demand" in answer.json()["detail"]


@pytest.mark.parametrize("wrong", [{"hour_of_day": 24}, {"is_holiday": 2}, {"humidity": None}, {"rain": 1}])
async def test_what_does_not_fit_is_refused(service: Service, wrong: dict[str, Any]) -> None:
    answer = await service.client.post("/predict", json=BODY | wrong)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/body/{next(iter(wrong))}"


async def test_reloading_exchanges_the_model_and_refuses_a_spoiled_one(service: Service, tmp_path: Path) -> None:
    publish(service.models, tmp_path / "a", 10)
    first = await service.client.post("/reload-model")
    again = await service.client.post("/reload-model")
    publish(service.models, tmp_path / "b", 20)
    (service.models.folder / "2" / "linear.json").write_text('{"coefficients": [], "intercept": 5}')
    spoiled = await service.client.post("/reload-model")
    after = await service.client.post("/predict", json=BODY)

    assert first.json() == {"status": "reloaded", "model_version": "1"}
    assert again.json() == {"status": "unchanged", "model_version": "1"}
    assert spoiled.status_code == 500
    assert "linear.json was changed" in spoiled.json()["detail"]
    assert (after.json()["model_version"], after.json()["predicted_demand_mwh"]) == ("1", 11)


async def test_the_documentation_asks_no_other_host(service: Service) -> None:
    page = (await service.client.get("/docs")).text
    script = await service.client.get("/docs/files/swagger-ui-bundle.js")
    contract = (await service.client.get("/openapi.json")).json()

    assert "//cdn" not in page
    assert "https://" not in page
    assert script.status_code == 200
    assert len(contract["components"]["schemas"]["PredictRequest"]["required"]) == 20


async def test_requests_are_counted_by_route_never_by_address(service: Service) -> None:
    await service.client.get("/health")
    await service.client.get("/nothing/here")

    text = generate_latest(service.metrics).decode()
    assert 'gridseal_http_requests_total{method="GET",route="/health",status="200"} 1.0' in text
    assert 'gridseal_http_requests_total{method="GET",route="none",status="404"} 1.0' in text
    assert "nothing" not in text


async def test_the_nine_figures_come_from_the_tables(service: Service, dsn: str, pool: Pool) -> None:
    pool_of = await open_async_pool(dsn, 1)
    empty = await DemandStateReader(pool_of).read(NOW)
    with pool.connection() as connection:
        connection.execute(
            'INSERT INTO energy_mlops.prediction_log ("timestamp", predicted_demand, actual_demand, model_version)'
            " VALUES (%(a)s, 90, 100, '1'), (%(a)s, 120, 100, '1'), (%(old)s, 0, 100, '1'), (%(a)s, 5, NULL, '1')",
            {"a": SLOT - timedelta(hours=2), "old": SLOT - timedelta(days=9)},
        )
        connection.execute(
            "INSERT INTO energy_mlops.drift_log (dataset_drift_detected, drift_share, n_drifted_features,"
            " n_total_features) VALUES (false, 0.1, 2, 20), (true, 0.45, 9, 20)"
        )
        connection.execute(
            "INSERT INTO energy_mlops.raw_demand (period, respondent, value) VALUES (%s, 'NY', 1)",
            (NOW - timedelta(hours=4),),
        )
    service.parts.metrics.show(empty)
    assert service.figure("model_mae_mwh") != service.figure("model_mae_mwh")  # not a number, never a good 0

    service.parts.metrics.show(await DemandStateReader(pool_of).read(NOW))
    await pool_of.close()

    names = ("model_mae_mwh", "model_mape_percent", "drift_share", "drift_detected", "data_freshness_hours")
    assert [service.figure(name) for name in names] == [pytest.approx(v) for v in (15, 15, 0.45, 1, 3)]
    assert service.figure("retrain_triggered_total") == 0


def test_rows_to_learn_from_are_those_of_the_respondent_with_most_hours(pool: Pool) -> None:
    columns = ", ".join(FEATURES)
    with pool.connection() as connection:
        for respondent, hours in (("CAL", 2), ("NY", 3)):
            for h in range(hours):
                connection.execute(
                    f'INSERT INTO energy_mlops.features ("timestamp", respondent, demand_mwh, {columns})'
                    f" VALUES (%s, %s, %s, {', '.join(['1'] * 20)})".encode(),
                    (SLOT + timedelta(hours=h), respondent, None if h == 0 else 5 + h),
                )
    rows = DemandRows(pool)

    assert rows.read().respondent == "NY"
    assert rows.read().demand_mwh.tolist() == [6.0, 7.0]
    assert len(rows.read("CAL")) == 1
    assert len(rows.read("TEX")) == 0
