"""What happened to models, and what came of their runs, on a real PostgreSQL."""

from datetime import timedelta

import psycopg
import pytest

from forecast_service.inference.events import ModelEvent
from forecast_service.monitoring.pinball import score
from forecast_service.store.database import Pool
from forecast_service.store.live_losses import LiveLossStore
from forecast_service.store.model_events import ModelEvents
from forecast_service.store.runs import RunStore
from forecast_service.store.scores import Matured, ScoreStore
from gridseal.wire.forecasts import run_id

from .builders import SLOT, a_run

pytestmark = pytest.mark.servers
HOUR = timedelta(hours=1)


def test_events_come_back_newest_first_and_cannot_be_changed(pool: Pool) -> None:
    store = ModelEvents(pool)
    store.write(ModelEvent("published", "m", "1", "0x1", "training", "gate", {"p": 0.01, "lost": float("nan")}))
    store.write(ModelEvent("promoted", "m", "1", "0x1", "better", "gate"))
    store.write(ModelEvent("published", "other", "1", "0x9", "training", "gate"))

    found = store.recent("m")

    assert [one.event.kind for one in found] == ["promoted", "published"]
    assert found[1].event.figures == {"p": 0.01}
    for change in ("UPDATE forecast.model_events SET reason = ''", "DELETE FROM forecast.model_events"):
        with pool.connection() as connection, pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute(change.encode())
    with pytest.raises(psycopg.errors.CheckViolation):
        store.write(ModelEvent("forgotten", "m", "1", "0x1", "x", "x"))  # type: ignore[arg-type]


def put_scored(pool: Pool, hour: int, version: str, actual_milli: int) -> None:
    """One run of a version with a scored target."""
    slot = SLOT + hour * HOUR
    run = a_run(slot, run_id=run_id("site-6h", slot, version, 1), model="lstm", model_name="m", model_version=version)
    RunStore(pool).write(run, run.series, "00-" + "1" * 32 + "-" + "2" * 16 + "-01")
    [one] = run.series
    point = one.points[0]
    matured = Matured(
        run.run_id, one.series_id, point.target_start, "lstm", list(point.values_milli), [0, 0, 0],
        list(run.levels_bps), actual_milli, 1, 10_000,
    )  # fmt: skip
    both = [score(v, run.levels_bps, actual_milli, 10_000) for v in (matured.values_milli, matured.baseline_milli)]
    ScoreStore(pool).write([(matured, "home_net", *both)])


def test_losses_are_hourly_and_of_one_version(pool: Pool) -> None:
    for hour in range(3):
        put_scored(pool, hour, "7", 2_000 + 1_000 * hour)
    put_scored(pool, 3, "8", 2_000)
    store = LiveLossStore(pool)

    losses = store.of("m", "7", SLOT, SLOT + 9 * HOUR)

    assert losses.hours == 3
    assert losses.served[0] < losses.served[2]
    assert (losses.served < losses.baseline).all()
    assert store.of("m", "8", SLOT, SLOT + 9 * HOUR).hours == 1
    assert store.of("m", "7", SLOT + HOUR, SLOT + 2 * HOUR).hours == 1
    assert store.of("m", "9", SLOT, SLOT + 9 * HOUR).hours == 0
