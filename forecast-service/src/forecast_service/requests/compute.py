"""Answers one request with the models that serve now."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from forecast_service.catalog import Catalog
from forecast_service.model.grid import DAY_S
from forecast_service.ports import Forecaster, HistoryStore
from forecast_service.products.answer import Question, answer
from forecast_service.products.plan import current_slot, forecast_series
from forecast_service.worker.compose import feature_hash, series_forecasts
from gridseal.errors import GridsealError
from gridseal.runtime.clock import Clock, floor_to
from gridseal.wire.requests import ForecastAnswer, ForecastRequest


class NotPossibleError(GridsealError):
    """A request that no model can answer. Tell the one who asked; trying again does not help."""


class RequestAnswerer:
    """Implements what a worker does with a request; blocks while it computes."""

    def __init__(
        self, catalog: Catalog, history: HistoryStore, champions: Mapping[str, Forecaster], baseline: Forecaster,
        clock: Clock, reach: timedelta,
    ) -> None:  # fmt: skip
        """Keep the parts; ``champions`` is the worker's own map, which changes while it runs."""
        self._catalog, self._history, self._champions = catalog, history, champions
        self._baseline, self._clock, self._reach = baseline, clock, reach

    def answer(self, request: ForecastRequest) -> ForecastAnswer:
        """Forecast as of the slot.

        Raises:
            NotPossibleError: Nothing can be forecast; the message says why.
            UnavailableError: Telemetry cannot be read.
        """
        product = self._catalog.product(request.product_id)
        if product is None:
            raise NotPossibleError(f"product {request.product_id} is not in the catalog")
        wanted = [s for s in self._catalog.series_of(product) if s.series_id in (request.series_ids or (s.series_id,))]
        series = forecast_series(product, wanted)
        if not series:
            raise NotPossibleError("no series of the request is in the catalog")
        slot = self._slot(request, current_slot(product, self._clock.now()), max(s.issue_every_s for s in series))
        changes = {"horizon_s": request.horizon_s, "levels_bps": request.levels_bps}
        asked = product.model_copy(update={name: value for name, value in changes.items() if value is not None})
        if request.horizon_s is not None:
            asked = asked.model_copy(update={"delivery": None})
        champion = self._champions.get(product.product_id)
        longest = max(self._baseline.history_s, champion.history_s if champion else 0)
        reach = max(self._reach, timedelta(seconds=longest))
        histories = self._history.load(series, slot - reach, slot)
        given = answer(Question(asked, slot, series, histories), champion, self._baseline, lambda _: {})
        if not given.forecasts:
            raise NotPossibleError("no series of the request has any complete window before the slot")
        return ForecastAnswer(
            slot=slot,
            made_at=self._clock.now(),
            levels_bps=asked.levels_bps,
            model_name=given.forecaster.name,
            model_version=given.forecaster.version,
            model_hash=given.forecaster.model_hash,
            feature_hash=feature_hash(histories),
            series=tuple(series_forecasts(given.forecasts, series)),
        )

    def _slot(self, request: ForecastRequest, newest: datetime, grid_s: int) -> datetime:
        """The slot asked for, back on the grid that all series share."""
        return floor_to(request.slot or newest, min(grid_s, DAY_S))
