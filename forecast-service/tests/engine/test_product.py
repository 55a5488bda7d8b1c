"""A product of the catalog as a task: every run of the year is covered, also when the clocks change."""

from datetime import UTC, datetime

import pytest
from eia_tables import LEVELS

from forecast_service.engine.product import fit_product, task_of
from gridseal.errors import ConfigError
from gridseal.wire.catalog import Product

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def product(**more: object) -> Product:
    return Product(
        product_id="da",
        name="Day ahead",
        kinds=("demand",),
        horizon_s=86_400,
        slot_s=3_600,
        levels_bps=LEVELS,
        model_family="engine",
        **more,  # type: ignore[arg-type]
    )


def test_a_rolling_product_starts_one_period_after_its_slot() -> None:
    task = task_of(product(), 3_600, NOW)

    assert (task.first_lead, task.horizon) == (1, 24)


def test_a_local_day_of_25_hours_is_covered() -> None:
    day_ahead = product(issue_cron="0 6 * * *", timezone="Europe/Berlin", delivery="next_local_day")

    task = task_of(day_ahead, 3_600, NOW)

    assert task.first_lead == 18
    assert task.first_lead + task.horizon == 43


def test_nothing_to_learn_from_is_said() -> None:
    with pytest.raises(ConfigError, match="at least one series"):
        fit_product(product(), [], {}, NOW)
