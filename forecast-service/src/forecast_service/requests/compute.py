"""Answers one request with the models that serve now."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from forecast_service.catalog import Catalog
from forecast_service.model.grid import DAY_S
from forecast_service.ports import CalibrationPins, Forecaster, HistoryStore, Pinned, SeriesHistory
from forecast_service.products.answer import Question, answer
from forecast_service.products.batteries import CHARGE_REACH, batteries_of, charge_series
from forecast_service.products.envelopes import envelopes_of
from forecast_service.products.plan import current_slot, forecast_series
from forecast_service.worker.compose import feature_hash, series_forecasts
from gridseal.errors import GridsealError
from gridseal.runtime.clock import Clock, floor_to
from gridseal.wire.catalog import Product, Series
from gridseal.wire.requests import ForecastAnswer, ForecastRequest


class NotPossibleError(GridsealError):
    """A request that no model can answer. Tell the one who asked; trying again does not help."""


class RequestAnswerer:
    """Implements what a worker does with a request; blocks while it computes."""

    def __init__(
        self, catalog: Catalog, history: HistoryStore, champions: Mapping[str, Forecaster], baseline: Forecaster,
        clock: Clock, reach: timedelta, pins: CalibrationPins | None = None,
    ) -> None:  # fmt: skip
        """Keep the parts.

        Args:
            catalog: What there is to forecast.
            history: Windows.
            champions: By product id: the worker's own map, which changes while it runs.
            baseline: Where there is no champion.
            clock: Domain time.
            reach: How far back windows are read at least.
            pins: Finds how the slot's run was calibrated. It fixes nothing: a request leaves no trace in runs.
        """
        self._catalog, self._history, self._champions = catalog, history, champions
        self._baseline, self._clock, self._reach, self._pins = baseline, clock, reach, pins

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
        given = answer(self._question(asked, product, slot, series, histories), champion, self._baseline, lambda _: {})
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

    def _question(
        self, asked: Product, product: Product, slot: datetime, series: Sequence[Series],
        histories: Sequence[SeriesHistory],
    ) -> Question:  # fmt: skip
        """The question of a run of this slot; calibrated like one where levels and horizon are the product's."""
        charges = charge_series(series, self._catalog)
        context = self._history.load(charges, slot - CHARGE_REACH, slot) if charges else []
        pinned = self._pins.pin(product, slot) if self._pins is not None and asked == product else Pinned()
        batteries = batteries_of(series, self._catalog, context)
        limits = envelopes_of(asked, series, slot, self._catalog.sites)
        return Question(asked, slot, series, histories, batteries, pinned, limits)

    def _slot(self, request: ForecastRequest, newest: datetime, grid_s: int) -> datetime:
        """The slot asked for, back on the grid that all series share."""
        return floor_to(request.slot or newest, min(grid_s, DAY_S))
