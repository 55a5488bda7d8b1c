"""A day-ahead run of an engine comes out again bit for bit: real PostgreSQL, real registry, the command itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from forecast_service.calibration.live import Learned, group_of
from forecast_service.calibration.rolling import Track
from forecast_service.catalog import Catalog
from forecast_service.commands import replay_run
from forecast_service.engine.artifact import save_engine
from forecast_service.engine.fit import Options
from forecast_service.engine.model import Place
from forecast_service.engine.product import fit_product
from forecast_service.inference.mlflow_registry import MlflowRegistry
from forecast_service.inference.registry import TrainingRecord
from forecast_service.jobs.queue import Job
from forecast_service.model.analogue import AnalogueForecaster
from forecast_service.ports import SeriesHistory
from forecast_service.product_models import champions_of
from forecast_service.replay.again import replay
from forecast_service.replay.inputs import InputsUnreadableError
from forecast_service.replay.models import model_of_run
from forecast_service.settings import ForecastSettings
from forecast_service.store.calibration import CalibrationStore, PinnedRuns
from forecast_service.store.database import Pool
from forecast_service.store.history import WindowHistory
from forecast_service.store.last_forecasts import StoredForecasts
from forecast_service.store.run_inputs import RunInputsReader
from forecast_service.store.runs import RunStore
from forecast_service.trust import signer_of, trusted_keys
from forecast_service.worker.issue import Issuer
from forecast_service.worker.metrics import WorkerMetrics
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.settings import CoreSettings
from gridseal.wire.catalog import Product, Series

from .builders import a_record, a_series, a_site, put_window

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600), pytest.mark.filterwarnings("ignore")]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SLOT = datetime(2026, 6, 1, 17, tzinfo=UTC)  # 10:00 in Los Angeles
DAYS = 45
PRODUCT = Product(
    product_id="homes-day-ahead", name="Homes, next local day", kinds=("home_load",), horizon_s=86_400, slot_s=3_600,
    levels_bps=(500, 2_500, 5_000, 7_500, 9_500), model_family="engine", profile="da", resolution_s=3_600,
    timezone="America/Los_Angeles", issue_cron="0 10 * * *", delivery="next_local_day", gate_local="12:00",
)  # fmt: skip
QUICK = Options(seeds=1, steps=10, seconds=1e6, rounds=10, rows=2_000)


def a_load(home: int) -> Series:
    """Metered in quarter-hours; the product forecasts hours."""
    return a_series(f"home-0{home}/load", kind="home_load", direction="from_grid", resolution_s=900, issue_every_s=900)


def hourly(series: Series) -> Series:
    return series.model_copy(update={"resolution_s": 3_600})


def put_hours(pool: Pool, series: Series, seed: int) -> None:
    """Hours up to two days after the slot: the past that every run sees, and what the next one sees besides."""
    put_window(pool, hourly(series), SLOT - DAYS * DAY, 900_000)
    rng, count = np.random.default_rng(seed), (DAYS + 2) * 24
    hours = np.arange(1, count)
    milli = 1_000_000 + 300_000 * np.sin(hours / 24 * 2 * np.pi) + rng.normal(0, 60_000, len(hours))
    rows = [
        (series.series_id, SLOT - DAYS * DAY + int(h) * HOUR, int(v))
        for h, v in zip(hours, np.rint(milli), strict=True)
    ]
    with pool.connection() as connection:
        connection.cursor().executemany(
            "INSERT INTO telemetry.window_rows SELECT series_no, 3600, %(at)s, %(m)s::bigint * 3600, 3600, 1, 1, %(m)s,"
            " %(m)s, %(m)s, 1, clock_timestamp() FROM telemetry.series WHERE series_id = %(id)s",
            [{"id": name, "at": at, "m": mean} for name, at, mean in rows],
        )


def a_champion(pool: Pool, core: CoreSettings, settings: ForecastSettings, homes: list[Series], folder: Path) -> None:
    """Train on what is stored, sign, register, promote."""
    histories = WindowHistory(pool).load([hourly(one) for one in homes], SLOT - DAYS * DAY, SLOT - DAY)
    places = {one.series_id: Place("America/Los_Angeles", "US") for one in homes}
    engine = fit_product(PRODUCT, histories, places, SLOT - DAY, QUICK).engine
    digest = save_engine(engine, folder, signer_of(core, settings))
    registry = MlflowRegistry(core.mlflow_url, f"gridseal-{PRODUCT.product_id}")
    registry.promote(registry.publish(folder, digest, TrainingRecord({}, {}, {})))


def learned(value: float) -> dict[str, Learned]:
    offsets = value * np.linspace(-1, 1, len(PRODUCT.levels_bps)) * np.ones((3, 1)) / 7
    return {group_of("home_load", 1): Learned(Track(offsets, 12.5, int(SLOT.timestamp())), "m/1")}


class Clock:
    def __init__(self) -> None:
        self.time = SLOT

    def now(self) -> datetime:
        return self.time

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()


async def issue(pool: Pool, core: CoreSettings, settings: ForecastSettings, homes: list[Series]) -> list[str]:
    """Two days' runs by a worker's own parts; afterwards telemetry and calibration move on."""
    catalog, clock, calibration = Catalog(), Clock(), CalibrationStore(pool)
    for item in (PRODUCT, a_site(), a_site("home-02"), *homes):
        catalog.apply(*a_record(item))
    issuer = Issuer(
        catalog, WindowHistory(pool), RunStore(pool), AnalogueForecaster(), clock, WorkerMetrics(new_registry()),
        "demo", reach=timedelta(days=372), last=StoredForecasts(pool), pins=calibration,
    )  # fmt: skip
    champion = champions_of(core, settings, PRODUCT.product_id).poll()
    assert champion is not None
    issuer.champions[PRODUCT.product_id] = champion
    for k in range(2):
        calibration.keep(PRODUCT, learned(0.1 + k), SLOT)
        slot = SLOT + k * DAY
        clock.time = slot + timedelta(seconds=61)
        assert (await issuer.issue(Job("", PRODUCT.product_id, slot, ""))).label == "issued"
    calibration.keep(PRODUCT, learned(5), SLOT)
    put_window(pool, hourly(homes[0]), SLOT - 18 * HOUR, 5_555_000, version=2)
    with pool.connection() as connection:
        rows = connection.execute("SELECT run_id FROM forecast.runs ORDER BY slot").fetchall()
    return [row[0] for row in rows]


async def test_a_day_ahead_run_of_an_engine_comes_out_again_with_its_version_from_the_registry(
    dsn: str, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/mlflow.db"
    core, settings = CoreSettings(postgres_dsn=dsn, mlflow_url=url, state_dir=tmp_path), ForecastSettings(device="cpu")
    homes = [a_load(1), a_load(2)]
    for k, home in enumerate(homes):
        put_hours(pool, home, k)
    a_champion(pool, core, settings, homes, tmp_path / "engine")

    run_ids = await issue(pool, core, settings, homes)

    for run_id in run_ids:
        stored = RunInputsReader(pool).read(run_id)
        assert stored is not None
        assert {(one.model, one.rung, len(one.points)) for one in stored.run.series} == {("engine", 1, 24)}
        assert stored.run.model_name == "gridseal-homes-day-ahead"
        await replay_run(core, settings, run_id)
        assert "SAME" in capsys.readouterr().out

    stored = RunInputsReader(pool).read(run_ids[1])
    champion = champions_of(core, settings, PRODUCT.product_id).poll()
    assert stored is not None
    with pytest.raises(InputsUnreadableError, match="no gridseal-homes-day-ahead/1 with the hash"):
        model_of_run(url, trusted_keys(core, settings), stored.run.model_copy(update={"model_hash": "0x" + "9" * 64}))
    first, second = stored.inputs.histories
    values = first.values.copy()
    values[-1] += 0.001
    moved = replace(stored.inputs, histories=(SeriesHistory(first.series, first.start_s, values), second))
    pins = PinnedRuns(CalibrationStore(pool))
    untouched = await replay(stored, champion, StoredForecasts(pool), pins)
    touched = await replay(replace(stored, inputs=moved), champion, StoredForecasts(pool), pins)
    unpinned = await replay(stored, champion, StoredForecasts(pool))

    assert untouched.same
    assert any(line.startswith("feature_hash") for line in touched.differences)
    assert any(line.startswith("home-01/load at 2026-06-03T") for line in unpinned.differences)
