"""A slot always gets its forecast, once, and in time or not at all."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest

from forecast_service.catalog import Catalog
from forecast_service.jobs.queue import Job
from forecast_service.model.analogue import AnalogueForecaster
from forecast_service.ports import QuantileForecast, SeriesHistory, StoredForecast
from forecast_service.replay.inputs import RunInputs
from forecast_service.store.runs import RunStore
from forecast_service.worker.compose import compose_run, feature_hash, series_forecasts
from forecast_service.worker.issue import Issuer
from forecast_service.worker.metrics import WorkerMetrics
from gridseal.errors import UnavailableError
from gridseal.runtime.metrics import new_registry
from gridseal.wire.catalog import Series
from gridseal.wire.forecasts import ForecastRun, SeriesForecast

from .builders import SLOT, a_history, a_product, a_record, a_series, a_site

JOB = Job("1-0", "site-6h", SLOT, "")


class MemoryRuns(RunStore):
    """Keeps runs in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, datetime], ForecastRun] = {}

    def has(self, product_id: str, slot: datetime, version: int) -> bool:
        return (product_id, slot) in self.kept

    def write(
        self, run: ForecastRun, baseline: Sequence[SeriesForecast], traceparent: str, inputs: RunInputs | None = None
    ) -> bool:
        return self.kept.setdefault((run.product_id, run.slot), run) is run


class MemoryHistory:
    """Two months of a daily pattern; ``home-02`` has none."""

    def load(self, series: Sequence[Series], start: datetime, until: datetime) -> list[SeriesHistory]:
        hours = [float(h % 24) for h in range(24 * 60)]
        return [a_history(s, hours if s.site_id == "home-01" else [float("nan")] * 5, until) for s in series]


class FixedClock:
    """Stands still."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()


class Champion(AnalogueForecaster):
    """Says it is a trained model; fails where told to."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()
        self._fails = fails

    @property
    def name(self) -> str:
        return "gridseal-site-6h"

    def forecast(
        self, histories: Sequence[SeriesHistory], slot: datetime, horizon_s: int, levels_bps: Sequence[int]
    ) -> list[QuantileForecast]:
        if self._fails:
            raise RuntimeError("broken weights")
        return super().forecast(histories, slot, horizon_s, levels_bps)


def an_issuer(now: datetime, runs: MemoryRuns) -> Issuer:
    catalog = Catalog()
    for item in (a_product(), a_site(), a_series(), a_series("home-02/net"), a_series("x/y", issue_every_s=7 * 86_400)):
        catalog.apply(*a_record(item))
    return Issuer(
        catalog, MemoryHistory(), runs, AnalogueForecaster(), FixedClock(now), WorkerMetrics(new_registry()), "demo",
        reach=timedelta(days=60),
    )  # fmt: skip


async def test_a_job_becomes_one_run_of_every_due_series_with_data() -> None:
    runs = MemoryRuns()
    issuer = an_issuer(SLOT + timedelta(minutes=1), runs)

    labels = [(await issuer.issue(JOB)).label for _ in range(2)]

    (run,) = runs.kept.values()
    assert labels == ["issued", "repeated"]
    assert [s.series_id for s in run.series] == ["home-01/net"]
    assert len(run.series[0].points) == 6
    assert run.series[0].points[0].target_start == run.delivery_start == SLOT + timedelta(hours=1)
    assert (run.model_name, run.series[0].model) == ("analogue", "analogue")


async def test_every_forecast_says_how_it_was_made() -> None:
    runs = MemoryRuns()

    await an_issuer(SLOT + timedelta(minutes=1), runs).issue(JOB)

    (made,) = next(iter(runs.kept.values())).series
    assert (made.rung, made.data_age_s, made.weather, made.drift_milli) == (3, 0, "none", 0)


async def test_telemetry_that_cannot_be_read_leaves_rung_4() -> None:
    class Blind(MemoryHistory):
        def load(self, series: Sequence[Series], start: datetime, until: datetime) -> list[SeriesHistory]:
            raise UnavailableError("telemetry is locked")

    class Last:
        def last(
            self, product_id: str, series: Sequence[Series], slot: datetime, as_at: datetime
        ) -> dict[str, StoredForecast]:
            first_s = int(slot.timestamp())
            rows = np.arange(6)[:, None] * 1_000 + np.array([0, 5, 9])
            levels = (500, 5_000, 9_500)
            one = StoredForecast("home-01/net", "home_net", first_s - 3_600, first_s, 3_600, levels, rows, 60)
            return {"home-01/net": one}

    runs = MemoryRuns()
    issuer = Issuer(
        an_issuer(SLOT, runs)._catalog, Blind(), runs, AnalogueForecaster(), FixedClock(SLOT + timedelta(minutes=1)),
        WorkerMetrics(new_registry()), "demo", reach=timedelta(days=60), last=Last(),
    )  # fmt: skip

    assert (await issuer.issue(JOB)).label == "issued"
    (made,) = next(iter(runs.kept.values())).series
    assert (made.series_id, made.rung, made.model, made.data_age_s) == ("home-01/net", 4, "stored", 3_660)


async def test_a_job_whose_gate_has_closed_is_refused() -> None:
    runs = MemoryRuns()

    late = await an_issuer(SLOT + timedelta(hours=1), runs).issue(JOB)
    early = await an_issuer(SLOT - timedelta(seconds=1), runs).issue(JOB)

    assert (late.label, early.label) == ("expired", "early")
    assert not runs.kept


async def test_the_champion_serves_and_the_baseline_stands_in_when_it_fails() -> None:
    names = []
    for champion in (Champion(), Champion(fails=True)):
        runs = MemoryRuns()
        issuer = an_issuer(SLOT + timedelta(minutes=1), runs)
        issuer.champions["site-6h"] = champion
        assert (await issuer.issue(JOB)).label == "issued"
        names += [run.model_name for run in runs.kept.values()]

    assert names == ["gridseal-site-6h", "analogue"]


def test_the_feature_hash_follows_every_input() -> None:
    series = a_series()
    base = feature_hash([a_history(series, [1.0, 2.0])])

    assert base == feature_hash([a_history(series, [1.0, 2.0])])
    assert base != feature_hash([a_history(series, [1.0, 2.001])])
    assert base != feature_hash([a_history(series, [1.0, float("nan")])])
    assert base != feature_hash([a_history(a_series("home-02/net"), [1.0, 2.0])])
    assert base != feature_hash([a_history(series, [1.0, 2.0], SLOT + timedelta(hours=1))])


def test_quantiles_that_cross_never_become_a_run() -> None:
    made = QuantileForecast("home-01/net", 0, np.array([[3, 2, 1]]), "lstm", 1, 0)

    with pytest.raises(ValueError, match="never decrease"):
        compose_run(
            a_product(), SLOT, SLOT, Champion(), series_forecasts([made], [a_series()]), "0x" + "0" * 64, "demo",
            frozenset({"a"}),
        )  # fmt: skip
