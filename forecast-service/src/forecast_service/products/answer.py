"""The forecasts of one run: the model's where it answers, else the next rung down. Pure but for the models."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime

from forecast_service.calibration.live import bounded, recalibrated
from forecast_service.hierarchy.coherent import coherent
from forecast_service.hierarchy.storage import Battery
from forecast_service.physics.limits import Limits
from forecast_service.ports import Forecaster, Pinned, QuantileForecast, SeriesHistory, StoredForecast
from forecast_service.products.plan import Delivery, delivery_of
from forecast_service.products.recursive import RecursiveForecaster
from forecast_service.products.stored import from_stored
from gridseal.wire.catalog import Product, Series

Stored = Callable[[Sequence[Series]], Mapping[str, StoredForecast]]
"""Finds the last stored forecast of each series that has one."""
Stage = Callable[[str], AbstractContextManager[None]]
"""Measures a stage of the work."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the run of one slot is about, and everything it may look at."""

    product: Product
    slot: datetime
    series: Sequence[Series]
    """At the product's resolution."""
    histories: Sequence[SeriesHistory]
    """Of those series, in the same order; fewer where telemetry cannot be read."""
    batteries: Mapping[str, Battery] = field(default_factory=dict)
    """Per series of a battery whose energy is known."""
    pinned: Pinned = field(default_factory=Pinned)
    """Offsets that calibration gives this run."""
    limits: Mapping[str, Limits] = field(default_factory=dict)
    """Per series that a plant or the sun limits, over the periods asked for."""

    def delivery(self, series: Series) -> Delivery:
        """Periods asked for."""
        return delivery_of(self.product, series.resolution_s, self.slot)


@dataclass(frozen=True, slots=True)
class Answer:
    """Forecasts of exactly the periods asked for, in the order of the series."""

    forecaster: Forecaster
    """Whose run it is."""
    forecasts: Sequence[QuantileForecast]
    baseline: Sequence[QuantileForecast]
    stored: Sequence[StoredForecast]
    """What rung 4 was made from."""
    failure: Exception | None
    """Why the champion did not answer, where it was asked and failed."""
    contradiction: Exception | None = None
    """Why the forecasts could not be made to add up, where that failed; they then stand as they were made."""


def answer(
    question: Question, champion: Forecaster | None, baseline: Forecaster, stored: Stored, stage: Stage | None = None
) -> Answer:
    """Forecast every series of a slot.

    A series that the champion leaves out, or all if it fails, gets the baseline's forecast (rung 3); one that has
    no history either gets its last stored forecast (rung 4). Left out is only what was never forecast before. All
    are then calibrated, cut to what their plants can do, and what hangs together is made to add up; the baseline
    beside it stays as it is.
    """
    during = stage or (lambda _: nullcontext())
    with during("baseline"):
        base = _asked(question, baseline)
    made, failure = dict(base), None
    if champion is not None:
        try:
            with during("model"):
                model = RecursiveForecaster(champion) if question.product.steps == "recursive" else champion
                made |= _asked(question, model)
        except Exception as error:  # a product never goes without a forecast, whatever a model does
            failure = error
    serving = baseline if champion is None or failure is not None else champion
    lacking = [s for s in question.series if s.series_id not in made]
    last = stored(lacking) if lacking else {}
    made |= _last(question, last, lacking)
    used = [last[s.series_id] for s in lacking if s.series_id in made]
    with during("calibration"):
        forecasts, contradiction = _calibrated(question, _ordered(question.series, made)), None
    try:
        with during("coherence"):
            forecasts = _coherent(question, forecasts)
    except Exception as error:  # forecasts that do not add up are better than none
        contradiction = error
    return Answer(serving, forecasts, _ordered(question.series, base), used, failure, contradiction)


def _asked(question: Question, forecaster: Forecaster) -> dict[str, QuantileForecast]:
    """What a forecaster says about the periods asked for; a series it does not reach the end of is left out."""
    deliveries = {h.series.series_id: question.delivery(h.series) for h in question.histories}
    out: dict[str, QuantileForecast] = {}
    for reach_s in sorted({d.reach_s for d in deliveries.values()}):
        same = [h for h in question.histories if deliveries[h.series.series_id].reach_s == reach_s]
        made = forecaster.forecast(same, question.slot, reach_s, question.product.levels_bps)
        out |= {f.series_id: cut for f in made if (cut := _cut(f, deliveries[f.series_id])) is not None}
    return out


def _cut(made: QuantileForecast, delivery: Delivery) -> QuantileForecast | None:
    first = (delivery.first_s - made.first_target_s) // delivery.resolution_s
    values = made.values_milli[max(first, 0) : first + delivery.periods]
    if len(values) != delivery.periods:
        return None
    return replace(made, first_target_s=delivery.first_s, values_milli=values)


def _calibrated(question: Question, forecasts: Sequence[QuantileForecast]) -> list[QuantileForecast]:
    """Each moved by what calibration learned for its kind and rung, and within its limits."""
    kinds, levels = {s.series_id: s.kind for s in question.series}, question.product.levels_bps
    moved = (recalibrated(f, kinds[f.series_id], levels, question.pinned) for f in forecasts)
    return [bounded(f, question.limits.get(f.series_id)) for f in moved]


def _coherent(question: Question, forecasts: Sequence[QuantileForecast]) -> list[QuantileForecast]:
    """Meters, sites and regions that add up, batteries within their energy."""
    slot_s, levels = int(question.slot.timestamp()), question.product.levels_bps
    series, histories = question.series, question.histories
    return coherent(series, histories, forecasts, levels, slot_s, question.batteries, question.limits)


def _last(
    question: Question, stored: Mapping[str, StoredForecast], lacking: Iterable[Series]
) -> dict[str, QuantileForecast]:
    levels = question.product.levels_bps
    found = ((s, stored[s.series_id]) for s in lacking if s.series_id in stored)
    made = (from_stored(last, question.delivery(s), levels) for s, last in found)
    return {f.series_id: f for f in made if f is not None}


def _ordered(series: Sequence[Series], made: Mapping[str, QuantileForecast]) -> list[QuantileForecast]:
    return [made[s.series_id] for s in series if s.series_id in made]
