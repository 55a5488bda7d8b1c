"""A model as one product asks it: at the product's slots, for the product's periods. Pure but for the model."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from forecast_service.ports import Forecaster, QuantileForecast, SeriesHistory
from forecast_service.products.plan import current_slot, delivery_of
from gridseal.wire.catalog import Product

DAY_S = 86_400


class Around:
    """A model seen through another: it answers under the name, version and hash of the inner one."""

    _inner: Forecaster

    @property
    def name(self) -> str:
        """Name of the inner model."""
        return self._inner.name

    @property
    def version(self) -> str:
        """Version of the inner model."""
        return self._inner.version

    @property
    def model_hash(self) -> str:
        """Hash of the inner model."""
        return self._inner.model_hash


class ProductView(Around):
    """Implements ``ports.Forecaster``: whatever slot is asked for, the newest one of the product by then answers.

    So a gate that asks at any hour compares models on the runs that will be issued, with what was known for them.
    """

    def __init__(self, inner: Forecaster, product: Product) -> None:
        self._inner, self._product = inner, product

    @property
    def history_s(self) -> int:
        """What the inner model reads before a slot that is up to a day old."""
        return self._inner.history_s + DAY_S

    def forecast(
        self, histories: Sequence[SeriesHistory], slot: datetime, horizon_s: int, levels_bps: Sequence[int]
    ) -> list[QuantileForecast]:
        """``horizon_s`` from the start of delivery on, a day that is shorter or longer than that all the same."""
        own = current_slot(self._product, slot)
        own_s, out = int(own.timestamp()), []
        for resolution_s in sorted({h.series.resolution_s for h in histories}):
            delivery = delivery_of(self._product, resolution_s, own)
            steps = horizon_s // resolution_s
            known = [_until(h, own_s) for h in histories if h.series.resolution_s == resolution_s]
            reach_s = (delivery.skipped + steps) * resolution_s
            for made in self._inner.forecast(known, own, reach_s, levels_bps):
                first = (delivery.first_s - made.first_target_s) // resolution_s
                values = made.values_milli[max(first, 0) : first + steps]
                if len(values) == steps:
                    out.append(replace(made, first_target_s=delivery.first_s, values_milli=values))
        order = {h.series.series_id: k for k, h in enumerate(histories)}
        return sorted(out, key=lambda f: order[f.series_id])


def _until(history: SeriesHistory, slot_s: int) -> SeriesHistory:
    keep = max((slot_s - history.start_s) // history.series.resolution_s, 0)
    return SeriesHistory(history.series, history.start_s, history.values[:keep])
