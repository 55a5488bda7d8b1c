"""What calibration learned, on a real PostgreSQL: kept, pinned to runs, and learned from what was served."""

from datetime import timedelta

import numpy as np
import pytest

from forecast_service.calibration.live import Learned, group_of
from forecast_service.calibration.loop import CalibrationLoop
from forecast_service.calibration.rolling import Rule, Track
from forecast_service.catalog import Catalog
from forecast_service.monitoring.score_loop import ScoreLoop
from forecast_service.ports import Pinned
from forecast_service.store.calibration import CalibrationStore, PinnedRuns
from forecast_service.store.database import Pool
from forecast_service.store.runs import RunStore
from forecast_service.store.scores import ScoreStore
from gridseal.runtime.clock import SystemClock
from gridseal.runtime.metrics import new_registry

from .builders import SLOT, a_product, a_record, a_run, a_series, put_window

pytestmark = pytest.mark.servers
HOUR = timedelta(hours=1)
GROUP = group_of("home_net", 1)


def known(value: float) -> dict[str, Learned]:
    levels = len(a_product().levels_bps)
    offsets = value * np.arange(1, 3 * levels + 1).reshape(3, levels) / 7
    return {GROUP: Learned(Track(offsets, 12.5, int(SLOT.timestamp())), "m/1")}


def test_what_was_learned_comes_back_bit_for_bit(pool: Pool) -> None:
    store, product = CalibrationStore(pool), a_product()
    assert store.state(product) == {}
    assert store.progress(product.product_id) is None

    store.keep(product, known(0.1), SLOT)

    (one,) = store.state(product).values()
    assert np.array_equal(one.track.offsets, known(0.1)[GROUP].track.offsets)
    assert (one.track.days, one.track.until_s, one.model) == (12.5, int(SLOT.timestamp()), "m/1")
    assert store.progress(product.product_id) == SLOT


def test_a_run_keeps_the_offsets_that_were_pinned_first(pool: Pool) -> None:
    store, product = CalibrationStore(pool), a_product()
    store.keep(product, known(0.1), SLOT)
    first = store.pin(product, SLOT)
    store.keep(product, known(0.2), SLOT + HOUR)

    again, later = store.pin(product, SLOT), store.pin(product, SLOT + HOUR)

    assert np.array_equal(again.offsets[GROUP], first.offsets[GROUP])
    assert np.array_equal(later.offsets[GROUP], known(0.2)[GROUP].track.offsets)
    replayed = PinnedRuns(store)
    assert np.array_equal(replayed.pin(product, SLOT).offsets[GROUP], first.offsets[GROUP])
    assert replayed.pin(product, SLOT - HOUR) == Pinned()


async def test_scored_outcomes_are_learned_from_once(pool: Pool) -> None:
    series, product, catalog, clock = a_series(), a_product(), Catalog(), SystemClock()
    for item in (series, product):
        catalog.apply(*a_record(item))
    slot = clock.now().replace(minute=0, second=0, microsecond=0) - 5 * HOUR
    RunStore(pool).write(a_run(slot, values=(1_000, 2_000, 3_000), model="lstm"), a_run(slot).series, "")
    for h in range(1, 40):
        put_window(pool, series, slot - h * HOUR, 100 * h)
    put_window(pool, series, slot + HOUR, 9_000)
    scores = ScoreLoop(ScoreStore(pool), catalog, clock, new_registry(), every_s=1, window=48 * HOUR)
    assert await scores.step() == 1
    store, registry = CalibrationStore(pool), new_registry()
    loop = CalibrationLoop(store, catalog, clock, registry, Rule(), every_s=1, settle=HOUR, first_look=20 * HOUR)

    behind = await loop.step(product)
    (one,) = store.state(product).values()
    await loop.step(product)
    (same,) = store.state(product).values()

    assert not behind
    assert one.track.days > 0
    # The outcome lay above all levels: each offset goes up, by what the level allows.
    assert (one.track.offsets[0] > 0).all()
    assert np.array_equal(one.track.offsets, same.track.offsets)
    assert (
        registry.get_sample_value("gridseal_forecast_calibration_outcomes_total", {"product": product.product_id})
        == 1.0
    )
