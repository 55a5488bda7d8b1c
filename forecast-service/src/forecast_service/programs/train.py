"""``python -m forecast_service train``: one training; the scheduler starts it as a child process."""

import asyncio
from functools import partial

from forecast_service.catalog import Catalog
from forecast_service.commands import demand_trained
from forecast_service.jobs.leader import TRAIN_LOCK, Lock
from forecast_service.product_models import registry_of
from forecast_service.programs.start import started
from forecast_service.settings import SITE_PRODUCT
from forecast_service.store.catalog_reader import CatalogReader
from forecast_service.store.database import open_pool
from forecast_service.store.history import WindowHistory
from forecast_service.store.model_events import ModelEvents
from forecast_service.training import Desk, GateRule, TrainingOptions, TrainingRequest, parse_request, run_training
from forecast_service.training.product import FAMILY, train_products
from forecast_service.trust import signer_of, trusted_keys
from gridseal.access.tenant_rows import named_for, tenant_options
from gridseal.errors import UnavailableError
from gridseal.runtime.clock import clock_from
from gridseal.runtime.metrics import new_registry


async def run() -> None:
    """One training; the scheduler starts it as a child process."""
    core, settings = started("train")
    clock, registry, catalog = clock_from(core), new_registry(), Catalog(core.tenant)
    async with Lock(core.postgres_dsn, named_for(TRAIN_LOCK, core.tenant)) as lock:
        if not await lock.take():
            raise UnavailableError("another training runs: wait for it to end")
        reader = CatalogReader(core.kafka_bootstrap, catalog, registry)
        following = asyncio.create_task(reader.run())
        try:
            await asyncio.wait([following, asyncio.create_task(reader.complete())], return_when="FIRST_COMPLETED")
            if following.done():
                following.result()
        finally:
            following.cancel()
        # A region's demand has a model of its product's own: the sites' model learns nothing from it.
        own = [p for p in catalog.products if p.model_family != FAMILY]
        series = {s.series_id: s for p in own for s in catalog.series_of(p)}
        request = parse_request(settings.train_parameters, "FORECAST_TRAIN_PARAMETERS")
        pool = open_pool(core.postgres_dsn, 2, tenant_options(core.tenant))
        try:
            signer, trusted = signer_of(core, settings), trusted_keys(core, settings)
            rule = GateRule(alpha=settings.gate_alpha, min_days=settings.gate_min_days, by_hand=settings.gate_by_hand)
            desk = Desk(
                signer, trusted, rule, ModelEvents(pool).write, settings.train_cause or "manual", settings.train_reason
            )
            models = registry_of(core, settings, SITE_PRODUCT)
            said = []
            if series or request != TrainingRequest():
                report = await asyncio.to_thread(
                    run_training, WindowHistory(pool), list(series.values()), clock.now(), models, desk, request,
                    TrainingOptions(model_name=settings.mlflow_model),
                )  # fmt: skip
                said.append(report.sentence)
            if request == TrainingRequest():
                models_of = partial(registry_of, core, settings)
                said += await asyncio.to_thread(
                    train_products, WindowHistory(pool), catalog, models_of, desk, clock.now()
                )
                said.append(await demand_trained(core, settings))
        finally:
            pool.close()
    print("; ".join(said), flush=True)  # the last line is what the scheduler records
