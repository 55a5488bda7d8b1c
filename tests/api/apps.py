"""Every service's application, whole, on a real PostgreSQL where it has one; opened in the loop that serves it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from web3 import AsyncHTTPProvider, AsyncWeb3

from gridseal.access.guard import Access
from gridseal.http.install import Conventions
from gridseal.http.keys_store import PostgresAnswers
from gridseal.runtime.migrations import apply_migrations
from gridseal.runtime.settings import CoreSettings
from tests.api.pieces import (
    NOW,
    ROOT,
    Alerts,
    History,
    Importance,
    NoLines,
    Relay,
    Source,
    Still,
    Trainings,
    module_of,
)

LET_IN: ContextVar[Access | None] = ContextVar("LET_IN", default=None)
"""How applications that are made from here on let people in; unset: development mode."""
NOBODY = "postgresql://nobody@127.0.0.1:1/none"
Opened = Callable[[str, Path], AbstractAsyncContextManager[FastAPI]]
"""Address of a database of its own and a scratch folder → the application. ``NOBODY``: for its document only."""


@asynccontextmanager
async def forecast(dsn: str, folder: Path) -> AsyncIterator[FastAPI]:
    from forecast_service.app import ApiParts, create_app
    from forecast_service.catalog import Catalog
    from forecast_service.insight_parts import insight_routes
    from forecast_service.jobs.flows import STANDARD
    from forecast_service.jobs.routes import Jobs, job_routes
    from forecast_service.live.hub import Hub
    from forecast_service.settings import ForecastSettings
    from forecast_service.store.beliefs import BeliefReader
    from forecast_service.store.database import BOUND, OWN, AsyncPool, Pool, migrate
    from forecast_service.store.flow_runs import FlowRuns
    from forecast_service.store.pages import LATEST, Pages
    from forecast_service.store.requests import RequestTable
    from forecast_service.store.run_inputs import RunInputsReader
    from forecast_service.store.runs import RunStore
    from forecast_service.store.views import ForecastViews

    made, catalog, registry = module_of("forecast-service/tests/serving/builders.py"), Catalog(), CollectorRegistry()
    for item in (made.a_product(), made.a_site(), made.a_series(), made.a_series("home-02/net")):
        catalog.apply(*made.a_record(item))
    pool = AsyncPool(dsn, min_size=1, max_size=3, open=False, kwargs={"options": f"-c timezone=UTC {BOUND}"})
    slow = Pool(dsn, min_size=1, max_size=3, open=False, kwargs={"options": f"-c timezone=UTC {OWN}"})
    pages, flows = Pages(slow), FlowRuns(slow)
    if dsn != NOBODY:
        apply_migrations(dsn, "telemetry", ROOT / "streaming-processor/src/streaming_processor/migrations")
        migrate(dsn)
        await pool.open()
        slow.open()
        RunStore(slow).write(made.a_run(), (), "")
        pages.keep(LATEST, "<p>found")
        flows.seed(STANDARD)
    alerts: Any = Alerts()
    jobs = Jobs(flows, pages, Still())
    app = create_app(
        ApiParts(
            ForecastViews(pool), alerts, catalog, Hub({}, registry), registry, {}, lambda: NOW, 60, frozenset(),
            await _demand(pool, registry, folder), Importance(), RequestTable(pool), _lifecycle(folder), jobs,
            BeliefReader(pool), insight_routes(pool, alerts, Trainings(), ForecastSettings(), catalog, Still()),
            _conventions(dsn), RunInputsReader(slow),
        )
    )  # fmt: skip
    app.include_router(job_routes(jobs), include_in_schema=False)  # the scheduler's orders, beside what they change
    yield app
    slow.close()
    await pool.close()


async def _demand(pool: Any, registry: CollectorRegistry, folder: Path) -> Any:
    import numpy as np

    from forecast_service.api.demand_metrics import DemandMetrics
    from forecast_service.api.predict import DemandParts
    from forecast_service.api.prediction_log import PredictionLog
    from forecast_service.inference.registry import TrainingRecord
    from forecast_service.store.energy import PredictionTable
    from forecast_service.tabular.artifact import SavedModel, save_demand_model
    from forecast_service.tabular.models import LinearModel
    from forecast_service.tabular.serving import DemandChampion
    from forecast_service.tabular.table import FEATURES

    memory = module_of("forecast-service/tests/model/memory.py")
    models = memory.FolderRegistry(folder / "models")
    digest = save_demand_model(
        SavedModel(LinearModel(np.zeros(len(FEATURES)), 1.0), "NY"), folder / "a", memory.KEY, {}
    )
    models.promote(models.publish(folder / "a", digest, TrainingRecord({}, {}, {})))
    champion = DemandChampion(models, memory.trusted, 1)
    await champion.reload()
    return DemandParts(champion, PredictionLog(PredictionTable(pool), registry), DemandMetrics(registry))


def _lifecycle(folder: Path) -> Any:
    from forecast_service.api.lifecycle import Lifecycle
    from forecast_service.inference.steward import Steward

    registry = module_of("forecast-service/tests/model/memory.py").FolderRegistry(folder / "others")
    return Lifecycle(Steward(lambda model: registry, lambda event: None), lambda model, limit: [])


@asynccontextmanager
async def asset(dsn: str, folder: Path) -> AsyncIterator[FastAPI]:
    from asset_service.app import Parts, create_app
    from asset_service.metrics import CatalogMetrics
    from asset_service.presets import load_presets
    from asset_service.sync import CatalogSync

    made, registry = module_of("asset-service/tests/builders.py"), CollectorRegistry()
    store, topic = made.MemoryStore(), made.MemoryTopic()
    sync = CatalogSync(load_presets("demo"), store, topic, CatalogMetrics(registry), retry_max_s=1, relay_interval_s=1)
    await sync.reconcile()
    sources = (made.MemoryPerformance(), made.MemoryQuality(), sync, Still(), registry, ("http://127.0.0.1:23000",))
    yield create_app(Parts(store, topic, *sources, _conventions(dsn)))


@asynccontextmanager
async def settlement(dsn: str, folder: Path) -> AsyncIterator[FastAPI]:
    from settlement_service.app import Parts, create_app
    from settlement_service.contracts import Book
    from settlement_service.lifecycle import LifeCycle
    from settlement_service.runs import Pool, Runs
    from settlement_service.settings import SettlementSettings
    from settlement_service.signer import Key
    from settlement_service.transactions.box import TransactionBox
    from settlement_service.transactions.contracts import Calls, Contracts, load_abis
    from settlement_service.transactions.routes import transaction_routes
    from settlement_service.vault import Vault

    rows = {"row_factory": dict_row, "autocommit": True}
    pool: Pool = AsyncConnectionPool(dsn, open=False, min_size=1, max_size=3, kwargs=rows)
    vault, registry = Vault([b"\7" * 32]), CollectorRegistry()
    runs = Runs(pool, vault)
    if dsn != NOBODY:
        world = module_of("settlement-service/tests/conftest.py")
        apply_migrations(dsn, "settlement", ROOT / "settlement-service/src/settlement_service/migrations")
        await pool.open()
        await runs.add(world.a_run())
    file = folder / "deployment.json"
    book = Book(AsyncWeb3(AsyncHTTPProvider("http://127.0.0.1:1")), file)
    nothing: Any = None
    box = TransactionBox(pool, Contracts(file, nothing), Calls(load_abis()), {})
    keys: Any = {"authority": Key(b"\1" * 32), "provider": Key(b"\2" * 32), "keeper": Key(b"\3" * 32)}
    life = LifeCycle(CoreSettings(), SettlementSettings(), Still(), registry, pool, vault, book, keys, box)
    routers = [*life.routers(), transaction_routes(box)]
    yield create_app(Parts(runs, Still(), registry, {}, routers, _conventions(dsn)))
    await pool.close()


@asynccontextmanager
async def gateway(dsn: str, folder: Path) -> AsyncIterator[FastAPI]:
    from gridseal.identity.ed25519 import SigningKey
    from ingestion_gateway.activity import Activity
    from ingestion_gateway.admin_routes import AdminParts, install_admin_routes
    from ingestion_gateway.app import Parts, create_app
    from ingestion_gateway.database import GatewayDatabase
    from ingestion_gateway.device_records import DeviceRecords
    from ingestion_gateway.devices import DeviceDirectory
    from ingestion_gateway.identity_routes import install_identity_routes
    from ingestion_gateway.kept_receipts import KeptReceipts, install_kept_receipts
    from ingestion_gateway.lanes import DeviceLanes
    from ingestion_gateway.receipt_keys import ReceiptKeys
    from ingestion_gateway.receipts import ReceiptBook
    from ingestion_gateway.totals import GatewayTotals

    database, registry, key = GatewayDatabase(dsn), CollectorRegistry(), folder / "receipt.key"
    key.write_bytes(SigningKey.new().private_pem())
    totals, lanes = GatewayTotals(registry), DeviceLanes(0, 1, 1)
    source, relay, history = Source(), Relay(), History()
    parts: Any = (source, DeviceDirectory(), totals, lanes)

    async def kafka() -> None:
        pass

    app = create_app(Parts(*parts, kafka, registry, _conventions(dsn)))
    admin: Any = (source, 1_000, relay, lanes, totals, Activity(), history)
    install_admin_routes(app, AdminParts(*admin))
    keys = ReceiptKeys(key, database)
    install_identity_routes(app, DeviceRecords(database), keys)
    install_kept_receipts(app, KeptReceipts(database, ReceiptBook(keys), keep_s=60))
    yield app
    await database.close()


def _conventions(dsn: str) -> Conventions:
    access = LET_IN.get()
    return Conventions(answers=PostgresAnswers(dsn, "tried"), access=access or Access("tried", audit=NoLines()))


@asynccontextmanager
async def feeds(dsn: str, folder: Path) -> AsyncIterator[FastAPI]:
    from ingestion_gateway.database import GatewayDatabase
    from ingestion_gateway.feeds.app import create_app
    from ingestion_gateway.feeds.book import FeedBook
    from ingestion_gateway.feeds.metrics import FeedMetrics
    from ingestion_gateway.feeds.service import FeedService
    from ingestion_gateway.feeds.sources import load_sources

    database, registry, puller = GatewayDatabase(dsn), CollectorRegistry(), Relay()
    followed: Any = (load_sources(only=["us"]), {}, puller, FeedBook(database), Still(), FeedMetrics(registry))
    yield create_app(FeedService(*followed), {}, registry, _conventions(dsn))
    await database.close()


APPS: Mapping[str, Opened] = {
    "forecast-service": forecast,
    "asset-service": asset,
    "settlement-service": settlement,
    "ingestion-gateway": gateway,
    "feeds": feeds,
}
