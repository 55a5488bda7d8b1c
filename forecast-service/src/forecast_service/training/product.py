"""Trains the general engine for one product, and takes it through the gate of all models."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import structlog

from forecast_service.backtest.ports import Task
from forecast_service.catalog import Catalog
from forecast_service.engine.artifact import save_engine
from forecast_service.engine.fit import Options
from forecast_service.engine.forecaster import EngineForecaster
from forecast_service.engine.live import EngineService
from forecast_service.engine.model import Place
from forecast_service.engine.product import table_of, task_of
from forecast_service.inference.champion import open_model
from forecast_service.inference.registry import (
    TRAINED_UNTIL_TAG,
    ModelRegistry,
    Registered,
    TrainingRecord,
    scratch_folder,
)
from forecast_service.model.grid import DAY_S
from forecast_service.model.sealed import Keys
from forecast_service.ports import Forecaster, HistoryStore, SeriesHistory
from forecast_service.products.plan import current_slot, forecast_series
from forecast_service.products.view import ProductView
from forecast_service.training.contest import Duel
from forecast_service.training.corpus import data_hash
from forecast_service.training.desk import Desk
from forecast_service.training.gate import Verdict, Windows
from forecast_service.training.promotion import Asked, Outcome, Promotion, Rival, figures_of
from forecast_service.training.provenance import commit, environment
from gridseal.wire.catalog import Product, Series, Site
from gridseal.wire.fields import format_utc

log = structlog.get_logger(__name__)

FAMILY = "engine"
"""``model_family`` of products that are trained here."""
HISTORY_DAYS = 800
LEAST_DAYS = 35
"""Of history, without which nothing is trained."""
TEST_DAYS, TEST_SHARE = 28, 1 / 3
EFFORT = Options(seeds=1, steps=900, seconds=45.0, rounds=100, direct_rounds=200)


@dataclass(frozen=True, slots=True)
class ProductWork:
    """One product with everything that its training needs from outside."""

    product: Product
    series: Sequence[Series]
    sites: Mapping[str, Site]
    registry: ModelRegistry
    desk: Desk
    effort: Options = EFFORT


class _ProductPromotion(Promotion):
    """Asks every rival the way the product will."""

    def __init__(self, work: ProductWork) -> None:
        def opened(folder: Path, registered: Registered, keys: Keys | None, name: str) -> Forecaster:
            return ProductView(open_model(folder, registered, keys, name), work.product)

        rule = replace(work.desk.rule, every_s=max(work.desk.rule.every_s, _slots_apart_s(work.product)))
        super().__init__(work.registry, work.desk.trusted, rule, work.desk.journal, opened)
        self._product = work.product

    def rival(self) -> Rival:
        found = super().rival()
        return replace(found, forecaster=ProductView(found.forecaster, self._product)) if found.first else found


def train_products(
    store: HistoryStore, catalog: Catalog, registry_of: Callable[[str], ModelRegistry], desk: Desk, now: datetime
) -> list[str]:
    """Train every product that the general engine serves, one after the other; one sentence for each.

    Args:
        store: Windows.
        catalog: Products, series and sites.
        registry_of: Registry of a product's model, by product id.
        desk: Who signs and who judges.
        now: Domain time.

    Raises:
        UnavailableError: The history store or the registry does not answer.
    """
    out = []
    for product in catalog.products:
        if product.model_family == FAMILY:
            series, registry = catalog.series_of(product), registry_of(product.product_id)
            outcome = train_product(store, ProductWork(product, series, catalog.sites, registry, desk), now)
            out.append(f"{product.product_id}: {outcome.sentence}")
    return out


def train_product(store: HistoryStore, work: ProductWork, now: datetime) -> Outcome:
    """Load, fit without the last days, judge there, fit on all if it was accepted, submit.

    Raises:
        UnavailableError: The history store or the registry does not answer.
    """
    product, began = work.product, time.monotonic()
    until = current_slot(product, now)
    wanted = [s for s in forecast_series(product, work.series) if s.resolution_s == _resolution(work)]
    histories = [
        h for h in store.load(wanted, until - timedelta(days=HISTORY_DAYS), until) if np.isfinite(h.values).any()
    ]
    end_s = int(until.timestamp())
    span_s = end_s - min((_first_s(h) for h in histories), default=end_s)
    if span_s < LEAST_DAYS * DAY_S:
        return Outcome(False, None, f"{span_s / DAY_S:.0f} of {LEAST_DAYS} days of history")
    task = task_of(product, _resolution(work), until)
    windows = _windows(end_s, span_s, (task.first_lead + task.horizon) * _resolution(work))
    tables = [table_of(h, _place(work.sites.get(h.series.site_id))) for h in histories]
    forecaster = EngineForecaster(options=work.effort)
    forecaster.fit(tables, task, windows.fitted_until)
    judged = EngineService(forecaster.engine, name=work.registry.model_name, version="judged", model_hash="0x")
    promotion = _ProductPromotion(work)
    asked = Asked(histories, product.horizon_s, product.levels_bps)
    verdict, found = promotion.judge(ProductView(judged, product), asked, windows, end_s)
    log.info("product_judged", product=product.product_id, verdict=verdict.sentence)
    # What the gate refused is registered as it was judged: a second fit would be spent on nobody.
    learned_until = end_s if verdict.accepted else windows.fitted_until
    if verdict.accepted:
        forecaster.fit(tables, task, learned_until)
    record = _record(work, histories, task, windows, learned_until, verdict, found, time.monotonic() - began)
    with scratch_folder() as folder:
        origin = {k: record.params[k] for k in ("data_sha256", "fit_until", "trained_until")}
        model_hash = save_engine(forecaster.engine, Path(folder), work.desk.signer, origin | environment())
        return promotion.submit(Path(folder), model_hash, record, verdict, asked, end_s)


def _windows(end_s: int, span_s: int, reach_s: int) -> Windows:
    """The test at the end, a whole reach after what was learned from."""
    test_s = int(min(TEST_DAYS * DAY_S, span_s * TEST_SHARE)) // DAY_S * DAY_S
    fitted_until = end_s - test_s - reach_s
    return Windows(fitted_until, fitted_until, fitted_until, end_s - test_s, reach_s)


def _resolution(work: ProductWork) -> int:
    """Of the product; of its coarsest series where it has none."""
    return work.product.resolution_s or max((s.resolution_s for s in work.series), default=3_600)


def _slots_apart_s(product: Product) -> int:
    return DAY_S if product.issue_cron is not None else product.slot_s


def _place(site: Site | None) -> Place:
    """Clock and holidays of a site; regions begin with the ISO code of their country."""
    if site is None:
        return Place()
    code = site.region_id.split("-")[0].upper()
    return Place(site.timezone, code if len(code) == 2 else None)


def _first_s(history: SeriesHistory) -> int:
    return history.start_s + int(np.flatnonzero(np.isfinite(history.values))[0]) * history.series.resolution_s


def _record(
    work: ProductWork, histories: Sequence[SeriesHistory], task: Task, windows: Windows, learned_until: int,
    verdict: Verdict, found: Duel, seconds: float,
) -> TrainingRecord:  # fmt: skip
    params: dict[str, str | int | float] = {
        "product": work.product.product_id,
        "series": len(histories),
        "first_lead": task.first_lead,
        "horizon": task.horizon,
        "fit_until": _moment(windows.fitted_until),
        "test_from": _moment(windows.test_from),
        "trained_until": _moment(learned_until),
        "data_sha256": data_hash(histories),
    }
    params |= {f"environment_{name}": value for name, value in environment().items()}
    metrics = {**found.point, **figures_of(verdict), "seconds": seconds}
    tags = {
        "mlflow.runName": f"{work.product.product_id} {_moment(learned_until)}",
        TRAINED_UNTIL_TAG: _moment(learned_until),
        "decision": verdict.sentence,
        "accepted": str(verdict.accepted).lower(),
        "cause": work.desk.cause,
        "reason": work.desk.reason or work.desk.cause,
        "git_commit": commit(),
    }
    return TrainingRecord(params, {k: v for k, v in metrics.items() if np.isfinite(v)}, tags)


def _moment(seconds: int) -> str:
    return format_utc(datetime.fromtimestamp(seconds, UTC))
