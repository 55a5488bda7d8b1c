"""Each product follows the champion of its own model."""

from datetime import timedelta

from forecast_service.catalog import Catalog
from forecast_service.model.analogue import AnalogueForecaster
from forecast_service.ports import Forecaster
from forecast_service.worker.issue import Issuer
from forecast_service.worker.loop import ChampionLoop
from forecast_service.worker.metrics import WorkerMetrics
from gridseal.errors import UnavailableError
from gridseal.runtime.clock import SystemClock
from gridseal.runtime.metrics import new_registry

from .test_issue import MemoryHistory, MemoryRuns


class Source:
    """A registry's alias; away where told to."""

    def __init__(self) -> None:
        self.champion: Forecaster | None = None
        self.away = False

    def poll(self) -> Forecaster | None:
        if self.away:
            raise UnavailableError("no registry")
        return self.champion


async def test_products_have_models_of_their_own_and_keep_them_while_the_registry_is_away() -> None:
    sources = {"site-6h": Source(), "homes-day-ahead": Source()}
    metrics = WorkerMetrics(new_registry())
    issuer = Issuer(
        Catalog(), MemoryHistory(), MemoryRuns(), AnalogueForecaster(), SystemClock(), metrics, "demo",
        reach=timedelta(0),
    )  # fmt: skip
    loop = ChampionLoop(sources.__getitem__, Catalog(), issuer, metrics, 1)
    model = sources["homes-day-ahead"].champion = AnalogueForecaster()

    for product_id in sources:
        await loop.look(product_id)
    assert issuer.champions == {"homes-day-ahead": model}

    sources["homes-day-ahead"].away = True
    await loop.look("homes-day-ahead")
    assert issuer.champions == {"homes-day-ahead": model}

    sources["homes-day-ahead"].away, sources["homes-day-ahead"].champion = False, None
    await loop.look("homes-day-ahead")
    assert issuer.champions == {}
