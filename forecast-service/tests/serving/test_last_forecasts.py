"""Rung 4 on a real server: the newest run of an earlier slot, as it was known then, and never one of rung 4 itself."""

from datetime import timedelta

import numpy as np
import pytest

from forecast_service.store.database import Pool
from forecast_service.store.last_forecasts import StoredForecasts
from forecast_service.store.runs import RunStore
from gridseal.wire.forecasts import ForecastRun, run_id

from .builders import SLOT, a_run, a_series

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.servers


def run_at(hours_ago: int, **changes: object) -> ForecastRun:
    slot = SLOT - hours_ago * HOUR
    return a_run(slot, run_id=run_id(str(changes.get("product_id", "site-6h")), slot, "1", 1), **changes)


def with_rung(run: ForecastRun, rung: int) -> ForecastRun:
    return run.model_copy(update={"series": tuple(s.model_copy(update={"rung": rung}) for s in run.series)})


def test_the_newest_forecast_of_an_earlier_slot_is_found(pool: Pool) -> None:
    runs = RunStore(pool)
    others = (with_rung(run_at(2), 4), run_at(0), run_at(1, product_id="other"))
    for run in (run_at(5), run_at(3, values=(4, 5, 6)), *others):
        assert runs.write(run, (), "")

    found = StoredForecasts(pool).last("site-6h", [a_series(), a_series("home-02/net")], SLOT, SLOT)

    assert list(found) == ["home-01/net"]
    stored = found["home-01/net"]
    assert stored.slot_s == int((SLOT - 3 * HOUR).timestamp())
    assert stored.first_target_s == stored.slot_s + 3_600
    assert (stored.resolution_s, stored.levels_bps, stored.data_age_s) == (3_600, (500, 5_000, 9_500), 0)
    assert stored.values_milli.tolist() == [[4, 5, 6], [4, 5, 6]]
    assert stored.values_milli.dtype == np.int64


def test_a_run_that_was_issued_later_than_asked_was_not_known(pool: Pool) -> None:
    runs = RunStore(pool)
    runs.write(run_at(5), (), "")
    runs.write(run_at(3, issued_at=SLOT + HOUR), (), "")

    found = StoredForecasts(pool).last("site-6h", [a_series()], SLOT, SLOT)

    assert found["home-01/net"].slot_s == int((SLOT - 5 * HOUR).timestamp())
