"""A run of a trained model comes out again bit for bit with the model loaded anew from the registry."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from memory import FolderRegistry, MemoryHistory, trusted
from prometheus_client import CollectorRegistry

from forecast_service.catalog import Catalog
from forecast_service.inference.champion import load_version
from forecast_service.jobs.queue import Job
from forecast_service.model.analogue import AnalogueForecaster
from forecast_service.ports import SeriesHistory
from forecast_service.replay.again import replay
from forecast_service.replay.inputs import LineageState, LineageWriter, RunInputs, apply_entry
from forecast_service.store.run_inputs import StoredRun
from forecast_service.store.runs import RunStore
from forecast_service.worker.issue import Issuer
from forecast_service.worker.metrics import WorkerMetrics
from gridseal.wire.catalog import CatalogMessage, Product
from gridseal.wire.codec import encode
from gridseal.wire.forecasts import ForecastRun, SeriesForecast

PRODUCT = Product.model_validate(
    {"product_id": "site-6h", "name": "n", "kinds": ("wind", "pv", "home_pv", "home_load", "home_net"),
     "horizon_s": 21_600, "slot_s": 900, "levels_bps": (500, 5_000, 9_500), "model_family": "global-lstm"}
)  # fmt: skip


class Clock:
    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()


class Keeper(RunStore):
    """Keeps the run and its entry."""

    def __init__(self) -> None:
        self.writer, self.kept = LineageWriter(), dict[str, tuple[ForecastRun, bytes]]()

    def has(self, product_id: str, slot: datetime, version: int) -> bool:
        return False

    def write(
        self, run: ForecastRun, baseline: Sequence[SeriesForecast], traceparent: str, inputs: RunInputs | None = None
    ) -> bool:
        assert inputs is not None
        entry = self.writer.entry(inputs)
        self.writer.settle(inputs, entry, stored=True)
        self.kept[run.run_id] = (run, entry.payload)
        return True


class Nothing:
    def last(self, *_: object) -> dict[str, object]:
        return {}


async def test_a_run_of_the_network_comes_out_again(trained: FolderRegistry, fleet: list[SeriesHistory]) -> None:
    assert trained.serving is not None
    catalog, keeper = Catalog(), Keeper()
    for record in (PRODUCT, *(history.series for history in fleet)):
        catalog.apply(record.key, encode(CatalogMessage(revision=1, item=record)))
    last = min(history.end_s for history in fleet) // 86_400 * 86_400 - 43_200
    for k in range(2):
        slot = datetime.fromtimestamp(last + k * 3_600, UTC)
        issuer = Issuer(
            catalog, MemoryHistory(fleet), keeper, AnalogueForecaster(), Clock(slot + timedelta(seconds=61)),
            WorkerMetrics(CollectorRegistry()), "demo", reach=timedelta(days=45),
        )  # fmt: skip
        issuer.champions["site-6h"] = load_version(trained, trained.serving, trusted())
        assert (await issuer.issue(Job("", "site-6h", slot, ""))).label == "issued"

    state = LineageState()
    for run, payload in keeper.kept.values():
        again = load_version(trained, trained.serving, trusted())
        verdict = await replay(StoredRun(run, apply_entry(payload, state)), again, Nothing())  # type: ignore[arg-type]
        assert verdict.differences == ()
        assert {one.model for one in run.series} - {"analogue"}
