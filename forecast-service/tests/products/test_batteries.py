"""What a battery holds is read from its state of charge, where the catalog knows how much fits in."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from forecast_service.catalog import Catalog
from forecast_service.hierarchy.storage import Battery
from forecast_service.model.analogue import AnalogueForecaster
from forecast_service.ports import SeriesHistory
from forecast_service.products.answer import Question, answer
from forecast_service.products.batteries import batteries_of, charge_series
from gridseal.wire.catalog import Asset, CatalogMessage, Series, SeriesInput
from gridseal.wire.codec import encode

from .builders import SLOT, a_history, a_product, a_series


def a_battery(**changes: Any) -> Asset:
    given = {
        "tenant_id": "demo", "site_id": "home-01", "asset_id": "home-01-battery", "device_id": "home-01-battery",
        "name": "Battery", "asset_type": "battery", "telemetry_class": "storage",
        "quantities": ("active_power", "state_of_charge"), "native_period_s": 3_600, "rating_w": 2_000,
        "energy_wh": 10_000,
    }  # fmt: skip
    return Asset.model_validate(given | changes)


def power() -> Series:
    source = SeriesInput(device_id="home-01-battery", quantity="active_power")
    return a_series(
        "home-01/battery", kind="storage", asset_id="home-01-battery", direction="into_grid", inputs=(source,)
    )


def charge() -> Series:
    source = SeriesInput(device_id="home-01-battery", quantity="state_of_charge")
    return a_series(
        "home-01/charge", kind="storage", asset_id="home-01-battery", unit="%", direction="none", forecast=False,
        inputs=(source,),
    )  # fmt: skip


def a_catalog(*items: Asset | Series) -> Catalog:
    catalog = Catalog()
    for item in items:
        catalog.apply(item.key, encode(CatalogMessage(revision=1, item=item)))
    return catalog


def charges(values: Sequence[float], until: datetime = SLOT) -> list[SeriesHistory]:
    return [a_history(charge(), list(values), until)]


def test_the_newest_state_of_charge_says_what_a_battery_holds() -> None:
    catalog = a_catalog(a_battery(), power(), charge())

    assert [s.series_id for s in charge_series([power(), a_series()], catalog)] == ["home-01/charge"]
    found = batteries_of([power(), a_series()], catalog, charges([80.0, 35.0, float("nan")]))
    assert found == {"home-01/battery": Battery(10_000, 3_500.0, 2_000)}


def test_a_battery_of_unknown_capacity_or_charge_is_not_bound() -> None:
    unknown = a_catalog(a_battery(energy_wh=None), power(), charge())

    assert charge_series([power()], unknown) == []
    assert batteries_of([power()], unknown, charges([50.0])) == {}
    assert batteries_of([power()], a_catalog(a_battery(), power(), charge()), charges([float("nan")])) == {}


def test_a_run_says_no_more_than_the_battery_can_give() -> None:
    catalog, always = a_catalog(a_battery(), power(), charge()), [2_000.0] * 24 * 50
    held = batteries_of([power()], catalog, charges([20.0]))
    question = Question(a_product(kinds=("storage",)), SLOT, [power()], [a_history(power(), always)], held)

    given = answer(question, None, AnalogueForecaster(), lambda lacking: {})

    assert given.contradiction is None
    energy_wh = given.forecasts[0].values_milli[:, 2].sum() / 1_000
    # 2,000 Wh at the slot, and up to 2,000 Wh more from the hour that runs at it.
    assert energy_wh == 4_000
    assert (np.asarray(given.baseline[0].values_milli) == 2_000_000).all()
    assert SLOT + timedelta(hours=1) == question.delivery(power()).start
