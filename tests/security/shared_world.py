"""Three tenants on one PostgreSQL and one MongoDB: their rows and documents, and each one's own services."""

import hashlib
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from pymongo import AsyncMongoClient
from web3 import AsyncHTTPProvider, AsyncWeb3

from asset_service.app import Parts as AssetParts
from asset_service.app import create_app as asset_app
from asset_service.metrics import CatalogMetrics
from asset_service.mongo_store import MongoCatalogStore
from asset_service.performance_source import PostgresPerformance
from asset_service.quality_source import PostgresQuality
from asset_service.sync import CatalogSync
from forecast_service.app import ApiParts
from forecast_service.app import create_app as forecast_app
from forecast_service.catalog import Catalog
from forecast_service.insight_parts import insight_routes, model_names
from forecast_service.jobs.routes import Jobs, job_routes
from forecast_service.live.hub import Hub
from forecast_service.settings import ForecastSettings
from forecast_service.store.alerts import AlertReader
from forecast_service.store.beliefs import BeliefReader
from forecast_service.store.database import open_async_pool, open_pool
from forecast_service.store.flow_runs import FlowRuns
from forecast_service.store.pages import Pages
from forecast_service.store.requests import RequestTable
from forecast_service.store.run_inputs import RunInputsReader
from forecast_service.store.views import ForecastViews
from gridseal.access.guard import Access
from gridseal.access.store import AccessDatabase, PostgresAudit
from gridseal.access.tenant_rows import SERVICE, tenant_options
from gridseal.http.install import Conventions
from gridseal.runtime.settings import CoreSettings
from gridseal.wire.alerts import Alert
from gridseal.wire.catalog import Asset, Product, Series, Site
from gridseal.wire.forecasts import ForecastRun
from settlement_service.app import Parts as SettlementParts
from settlement_service.app import create_app as settlement_app
from settlement_service.contracts import Book
from settlement_service.lifecycle import LifeCycle
from settlement_service.runs import Runs
from settlement_service.settings import SettlementSettings
from settlement_service.signer import Key
from settlement_service.transactions.box import TransactionBox
from settlement_service.transactions.contracts import Calls, Contracts, load_abis
from settlement_service.transactions.routes import transaction_routes
from settlement_service.vault import Vault
from tests.api.pieces import NOW, Importance, Still, Trainings, module_of

TENANTS: Final = ("demo", "north", "south")
MADE: Final = module_of("forecast-service/tests/serving/builders.py")
MEMORY: Final = module_of("forecast-service/tests/model/memory.py")
TOPICS: Final = module_of("asset-service/tests/builders.py")
SLOT: Final = MADE.SLOT
VAULT: Final = Vault([b"\7" * 32])
DEPLOYMENT: Final = "shared"


@dataclass(frozen=True)
class Tenant:
    """What is a tenant's, or would be of one that does not exist: every id names it, every text bears its canary."""

    name: str
    number: int

    @property
    def canary(self) -> str:
        return f"c4n4ry-{self.name}"

    @property
    def product(self) -> Product:
        found: Product = MADE.a_product(
            tenant_id=self.name, product_id=f"{self.name}-6h", name=self.canary, region_ids=(f"{self.name}-region",)
        )
        return found

    @property
    def series(self) -> Series:
        found: Series = MADE.a_series(
            f"{self.name}-home/net", tenant_id=self.name, name=self.canary, asset_id=f"{self.name}-pv",
            inputs=({"device_id": f"{self.name}-pv", "quantity": "active_power"},), primary=True,
        )  # fmt: skip
        return found

    @property
    def site(self) -> Site:
        made: Site = MADE.a_site(f"{self.name}-home")
        own = {"tenant_id": self.name, "name": self.canary, "region_id": f"{self.name}-region"}
        return made.model_copy(update=own)

    @property
    def asset(self) -> Asset:
        return Asset(
            tenant_id=self.name, site_id=f"{self.name}-home", asset_id=f"{self.name}-pv", device_id=f"{self.name}-pv",
            name=self.canary, asset_type="pv", telemetry_class="solar", quantities=("active_power",),
            native_period_s=900,
        )  # fmt: skip

    @property
    def run(self) -> ForecastRun:
        found: ForecastRun = MADE.a_run(
            tenant_id=self.name, product_id=f"{self.name}-6h", series_id=f"{self.name}-home/net", model=self.canary,
            run_id=hashlib.sha256(self.name.encode()).hexdigest()[:32],
        )  # fmt: skip
        return found

    @property
    def alert(self) -> Alert:
        return Alert(
            alert_id=f"{self.name}-alert", tenant_id=self.name, severity="info", rule="range",
            site_id=f"{self.name}-home", subject=f"{self.name}-home/net", title=self.canary, detail="d",
            period_start=NOW, period_end=NOW, raised_at=NOW,
        )  # fmt: skip

    @property
    def ids(self) -> dict[str, str]:
        """By the names that routes give them."""
        digest = hashlib.sha256(f"tx {self.name}".encode()).hexdigest()
        return {
            "series_id": f"{self.name}-home/net", "site_id": f"{self.name}-home", "asset_id": f"{self.name}-pv",
            "product_id": f"{self.name}-6h", "run_id": self.run.run_id, "alert_id": f"{self.name}-alert",
            "model": f"gridseal-{self.name}-6h", "tx_hash": "0x" + digest, "address": "0x" + digest[:40],
            "job_id": str(uuid.UUID(digest[:32], version=4)), "request_id": str(self.number),
        }  # fmt: skip


@asynccontextmanager
async def services(tenant: Tenant, dsn: str, mongo: str, folder: Path, login: Any) -> AsyncIterator[dict[str, FastAPI]]:
    """A tenant's three services as their programs put them together, on servers that others use as well."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongo, tz_aware=True)
    database = AccessDatabase(dsn)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(client.close)
        stack.push_async_callback(database.close)

        def conventions(service: str) -> Conventions:
            return Conventions(access=Access(service, tenant.name, login, PostgresAudit(database)))

        made = await _forecast(tenant, dsn, client, folder, stack, conventions("forecast-service"))
        yield {
            "forecast-service": made,
            "asset-service": _asset(tenant, dsn, client, conventions("asset-service")),
            "settlement-service": await _settlement(tenant, dsn, folder, stack, conventions("settlement-service")),
        }


async def _forecast(
    tenant: Tenant, dsn: str, client: Any, folder: Path, stack: AsyncExitStack, conventions: Conventions
) -> FastAPI:
    from forecast_service.api.lifecycle import Lifecycle
    from forecast_service.inference.steward import Steward
    from forecast_service.store.model_events import ModelEvents

    bound = tenant_options(tenant.name, SERVICE)
    pool, slow = await open_async_pool(dsn, 2, bound), open_pool(dsn, 2, bound)
    stack.push_async_callback(pool.close)
    stack.callback(slow.close)
    catalog, registry, settings = Catalog(tenant.name), CollectorRegistry(), ForecastSettings()
    for other in map(Tenant, TENANTS, (1, 2, 3)):  # Kafka's topic holds what all tenants have
        for item in (other.product, other.site, other.series):
            assert catalog.apply(*MADE.a_record(item)) is (other.name == tenant.name)
    alerts, jobs = AlertReader(client, "gridseal", tenant.name), Jobs(FlowRuns(slow), Pages(slow), Still())
    registered = MEMORY.FolderRegistry(folder / "models")  # one registry of models, which tenants share
    lifecycle = Lifecycle(Steward(lambda model: registered, lambda event: None), ModelEvents(slow).recent)
    app = forecast_app(
        ApiParts(
            ForecastViews(pool), alerts, catalog, Hub({}, registry), registry, {}, lambda: NOW, 60, frozenset(), None,
            Importance(), RequestTable(pool), lifecycle, jobs, BeliefReader(pool),
            insight_routes(pool, alerts, Trainings(), settings, catalog, Still()), conventions, RunInputsReader(slow),
            lambda: {one.model for one in model_names(settings, catalog)},
        )
    )  # fmt: skip
    app.include_router(job_routes(jobs), include_in_schema=False)
    return app


def _asset(tenant: Tenant, dsn: str, client: Any, conventions: Conventions) -> FastAPI:
    registry, store = CollectorRegistry(), MongoCatalogStore(client, "gridseal", tenant.name)
    topic = TOPICS.MemoryTopic()
    sync = CatalogSync((), store, topic, CatalogMetrics(registry), retry_max_s=1, relay_interval_s=1)
    performance = PostgresPerformance(dsn, f"{tenant.name}-6h", 10, tenant.name)
    quality = PostgresQuality(dsn, 10, tenant.name)
    return asset_app(AssetParts(store, topic, performance, quality, sync, Still(), registry, (), conventions))


async def _settlement(
    tenant: Tenant, dsn: str, folder: Path, stack: AsyncExitStack, conventions: Conventions
) -> FastAPI:
    rows = {"row_factory": dict_row, "autocommit": True, "options": tenant_options(tenant.name, SERVICE)}
    pool: Any = AsyncConnectionPool(dsn, open=False, min_size=1, max_size=2, kwargs=rows)
    await pool.open()
    stack.push_async_callback(pool.close)
    registry, file = CollectorRegistry(), folder / "deployment.json"
    file.write_text(
        json.dumps({"chain_id": 1, "code_hash": "", "deployment_id": DEPLOYMENT, "deployed_block": 0, "contracts": {}})
    )
    book, nothing = Book(AsyncWeb3(AsyncHTTPProvider("http://127.0.0.1:1")), file), None
    box = TransactionBox(pool, Contracts(file, nothing), Calls(load_abis()), {})  # type: ignore[arg-type]
    keys: Any = {"authority": Key(b"\1" * 32)}
    core = CoreSettings(tenant=tenant.name, state_dir=folder)
    life = LifeCycle(core, SettlementSettings(), Still(), registry, pool, VAULT, book, keys, box)
    routers = [*life.routers(), transaction_routes(box)]
    return settlement_app(SettlementParts(Runs(pool, VAULT), Still(), registry, {}, routers, conventions))
