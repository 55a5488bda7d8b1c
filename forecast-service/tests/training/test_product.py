"""The general engine, trained for a day-ahead product, judged on its own slots and served by its champion."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from memory import KEY, FolderRegistry, MemoryHistory, trusted

from forecast_service.engine.fit import Options
from forecast_service.engine.product import task_of
from forecast_service.inference.champion import load_version, open_model
from forecast_service.inference.registry import Registered
from forecast_service.model.analogue import AnalogueForecaster
from forecast_service.model.sealed import ArtifactRefusedError
from forecast_service.ports import Floats, SeriesHistory
from forecast_service.products.answer import Question, answer
from forecast_service.products.plan import current_slot, delivery_of
from forecast_service.products.view import ProductView
from forecast_service.training.desk import Desk
from forecast_service.training.product import ProductWork, train_product
from forecast_service.training.rules import GateRule
from gridseal.wire.catalog import Product, Series, SeriesInput

pytestmark = pytest.mark.timeout(400)
START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 120
NOW = START + timedelta(days=DAYS)
QUICK = Options(seeds=1, steps=60, seconds=1e6, trees=False)
PRODUCT = Product(
    product_id="homes-day-ahead", name="Homes, next local day", kinds=("home_load",), horizon_s=86_400, slot_s=3_600,
    levels_bps=(500, 1_000, 2_500, 5_000, 7_500, 9_000, 9_500), model_family="engine", profile="da",
    resolution_s=3_600, timezone="America/Los_Angeles", issue_cron="0 10 * * *", delivery="next_local_day",
    gate_local="12:00",
)  # fmt: skip


def a_home(number: int) -> SeriesHistory:
    name = f"home-{number}/load"
    one = Series(
        tenant_id="demo", series_id=name, site_id=name.split("/")[0], name=name, kind="home_load", unit="W",
        resolution_s=3_600, issue_every_s=3_600, direction="from_grid",
        inputs=(SeriesInput(device_id=f"home-{number}-meter", quantity="active_power", sign=-1),),
    )  # fmt: skip
    return SeriesHistory(one, int(START.timestamp()), load(number))


def load(seed: int) -> Floats:
    """Days that drift slowly, so that the last ones say more than those of six weeks ago."""
    rng, hour = np.random.default_rng(seed), np.arange(24 * DAYS)
    level = np.repeat(1_000 + np.cumsum(rng.normal(0, 60, DAYS)), 24)
    return np.asarray(np.maximum(level + 300 * np.sin(hour / 24 * 2 * np.pi) + rng.normal(0, 40, len(hour)), 0))


def a_work(registry: FolderRegistry, homes: list[SeriesHistory]) -> ProductWork:
    return ProductWork(PRODUCT, [h.series for h in homes], {}, registry, Desk(KEY, trusted), QUICK)


def test_a_product_gets_a_model_of_its_own_that_serves_its_slots(tmp_path: Path) -> None:
    homes, registry = [a_home(1), a_home(2)], FolderRegistry(tmp_path)

    outcome = train_product(MemoryHistory(homes), a_work(registry, homes), NOW)

    assert outcome.promoted, outcome.sentence
    assert registry.records[0].params["first_lead"] == 14
    assert registry.records[0].params["horizon"] == 25
    champion = registry.champion()
    assert champion is not None
    model = load_version(registry, champion, trusted())
    slot = current_slot(PRODUCT, NOW)
    known = [
        SeriesHistory(h.series, h.start_s, h.values[: (int(slot.timestamp()) - h.start_s) // 3_600]) for h in homes
    ]
    given = answer(
        Question(PRODUCT, slot, [h.series for h in homes], known), model, AnalogueForecaster(), lambda lacking: {}
    )
    delivery = delivery_of(PRODUCT, 3_600, slot)
    assert [(f.model, f.rung, f.first_target_s, len(f.values_milli)) for f in given.forecasts] == [
        ("engine", 1, delivery.first_s, 24)
    ] * 2
    assert given.forecaster.model_hash == champion.model_hash

    strict = replace(a_work(registry, homes), desk=Desk(KEY, trusted, GateRule(alpha=0.0)))
    assert not train_product(MemoryHistory(homes), strict, NOW).promoted
    accepted, refused = registry.records
    assert accepted.params["trained_until"] > refused.params["trained_until"], "what serves has learned from all days"
    assert refused.params["trained_until"] == refused.params["fit_until"], "what was refused is kept as it was judged"


def test_too_little_history_trains_nothing(tmp_path: Path) -> None:
    homes, registry = [a_home(1)], FolderRegistry(tmp_path)

    outcome = train_product(MemoryHistory(homes), a_work(registry, homes), START + timedelta(days=20))

    assert (outcome.promoted, outcome.registered) == (False, None)
    assert "of 35 days" in outcome.sentence
    assert not registry.versions


def test_files_without_a_readable_manifest_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactRefusedError, match="manifest"):
        open_model(tmp_path, Registered("1", "0x", "memory"), trusted(), "gridseal-test")


def test_a_view_answers_at_any_hour_as_of_the_products_own_slot() -> None:
    home = a_home(1)
    view, evening = ProductView(AnalogueForecaster(), PRODUCT), datetime(2026, 4, 20, 3, tzinfo=UTC)
    own = datetime(2026, 4, 19, 17, tzinfo=UTC)  # 10:00 in Los Angeles

    (asked,), (due,) = (view.forecast([home], at, 86_400, PRODUCT.levels_bps) for at in (evening, own))

    assert asked.first_target_s == int(datetime(2026, 4, 20, 7, tzinfo=UTC).timestamp())
    assert (asked.values_milli == due.values_milli).all()
    assert task_of(PRODUCT, 3_600, own).first_lead == 14
