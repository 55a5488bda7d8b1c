"""A stored run comes out again bit for bit, whatever has happened to the telemetry since."""

from dataclasses import replace
from datetime import datetime, timedelta

import psycopg
import pytest

from forecast_service.catalog import Catalog
from forecast_service.jobs.queue import Job
from forecast_service.model.analogue import AnalogueForecaster
from forecast_service.ports import Forecaster, SeriesHistory
from forecast_service.replay.again import replay
from forecast_service.replay.command import DIFFERENT, NOT_REPLAYED, SAME, replay_command
from forecast_service.store.database import Pool
from forecast_service.store.history import WindowHistory
from forecast_service.store.last_forecasts import StoredForecasts
from forecast_service.store.run_inputs import RunInputsReader
from forecast_service.store.runs import RunStore
from forecast_service.worker.issue import Issuer
from forecast_service.worker.metrics import WorkerMetrics
from gridseal.errors import UnavailableError
from gridseal.runtime.metrics import new_registry
from gridseal.wire.forecasts import ForecastRun

from .builders import SLOT, a_product, a_record, a_run, a_series, a_site, put_window

pytestmark = pytest.mark.servers
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SERIES = (a_series(), a_series("home-02/net"))


class Clock:
    def __init__(self, now: datetime) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()


async def issue(pool: Pool, slots: int = 2) -> list[str]:
    """Runs of consecutive slots; after the first one its newest window is corrected."""
    catalog, clock = Catalog(), Clock(SLOT)
    for item in (a_product(), a_site(), a_site("home-02"), *SERIES):
        catalog.apply(*a_record(item))
    for one in SERIES:
        for h in range(1, 30):
            put_window(pool, one, SLOT - h * HOUR, 1_000 * (h % 24) + 7)
    issuer = Issuer(
        catalog, WindowHistory(pool), RunStore(pool), AnalogueForecaster(), clock, WorkerMetrics(new_registry()),
        "demo", reach=timedelta(days=20), last=StoredForecasts(pool),
    )  # fmt: skip
    for k in range(slots):
        clock.time = SLOT + k * HOUR + timedelta(seconds=61)
        assert (await issuer.issue(Job("", "site-6h", SLOT + k * HOUR, ""))).label == "issued"
        put_window(pool, SERIES[0], SLOT - 18 * HOUR, 555_000 + k, version=k + 2)
        put_window(pool, SERIES[0], SLOT + k * HOUR, 4_000)
    with pool.connection() as connection:
        rows = connection.execute("SELECT run_id FROM forecast.runs ORDER BY slot").fetchall()
    return [row[0] for row in rows]


async def test_runs_come_out_again_after_their_windows_were_corrected(pool: Pool) -> None:
    reader = RunInputsReader(pool)

    for run_id in await issue(pool, slots=3):
        stored = reader.read(run_id)
        assert stored is not None
        verdict = await replay(stored, None, StoredForecasts(pool))
        assert (verdict.differences, verdict.values) == ((), 2 * 6 * 3)


async def test_a_changed_window_is_noticed(pool: Pool) -> None:
    stored = RunInputsReader(pool).read((await issue(pool))[1])
    assert stored is not None
    first, second = stored.inputs.histories
    values = first.values.copy()
    values[-18] += 0.001
    changed = replace(stored.inputs, histories=(SeriesHistory(first.series, first.start_s, values), second))

    verdict = await replay(replace(stored, inputs=changed), None, StoredForecasts(pool))

    assert any(line.startswith("feature_hash") for line in verdict.differences)
    assert any(line.startswith("home-01/net at 2026-06-01T1") for line in verdict.differences)


async def test_the_command_says_what_it_found(pool: Pool) -> None:
    run_ids = await issue(pool, slots=1)
    RunStore(pool).write(a_run(SLOT + DAY, run_id="e" * 32), (), "")
    said: list[str] = []

    def gone(run: ForecastRun) -> Forecaster | None:
        raise UnavailableError("model registry does not answer")

    def other(run: ForecastRun) -> Forecaster | None:
        return _Other()

    async def code(run_id: str, model_of: object = lambda run: None) -> int:
        return await replay_command(run_id, RunInputsReader(pool), StoredForecasts(pool), model_of, said.append)  # type: ignore[arg-type]

    assert await code(run_ids[0]) == SAME
    assert await code(run_ids[0], other) == DIFFERENT
    assert await code(run_ids[0], gone) == NOT_REPLAYED
    assert await code("f" * 32) == NOT_REPLAYED
    assert await code("e" * 32) == NOT_REPLAYED
    assert "bit for bit" in said[1]
    assert "from before they were" in said[-1]


class _Other(AnalogueForecaster):
    @property
    def version(self) -> str:
        return "2"


async def test_inputs_are_evidence(pool: Pool) -> None:
    await issue(pool, slots=1)

    with pool.connection() as connection, pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        connection.execute("UPDATE forecast.run_inputs SET seq = 7")
