"""From histories and quantiles to the run that is stored and sealed. Pure."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from forecast_service.ports import Floats, Forecaster, QuantileForecast, SeriesHistory, StoredForecast
from forecast_service.products.plan import gate_of
from gridseal.wire.catalog import Product, Series
from gridseal.wire.forecasts import ForecastRun, Point, SeriesForecast, run_id

NO_WINDOW = np.iinfo(np.int64).min
SEVERAL_REGIONS = "several"
"""Region of a run whose series lie in more than one."""


def feature_hash(histories: Sequence[SeriesHistory], stored: Sequence[StoredForecast] = ()) -> str:
    """SHA-256 over the integers a run is computed from.

    Per series, in order: its id and a zero byte; start, resolution and length; then each value in
    thousandths of its unit. All numbers are 64-bit big-endian; a period without a complete window
    is the smallest of them. Then the stored forecasts of rung 4, if any: id and zero byte, slot, first
    target, resolution, then their values.
    """
    digest = hashlib.sha256()
    for part in hashed_parts(histories, stored):
        digest.update(part)
    return "0x" + digest.hexdigest()


def hashed_parts(histories: Sequence[SeriesHistory], stored: Sequence[StoredForecast] = ()) -> Iterator[bytes]:
    """The bytes that ``feature_hash`` is taken over, series by series."""
    for history in histories:
        milli = milli_of(history.values)
        head = np.array([history.start_s, history.series.resolution_s, len(milli)], dtype=">i8")
        yield history.series.series_id.encode() + b"\0" + head.tobytes() + milli.astype(">i8").tobytes()
    for last in stored:
        head = np.array([last.slot_s, last.first_target_s, last.resolution_s], dtype=">i8")
        yield last.series_id.encode() + b"\0" + head.tobytes() + last.values_milli.astype(">i8").tobytes()


def milli_of(values: Floats) -> NDArray[np.int64]:
    """Thousandths as whole numbers, ``NO_WINDOW`` for NaN: ``(N,)``."""
    there = np.isfinite(values)
    milli = np.where(there, np.rint(np.where(there, values, 0.0) * 1_000), 0).astype(np.int64)
    milli[~there] = NO_WINDOW
    return milli


def series_forecasts(
    made: Iterable[QuantileForecast], series: Sequence[Series], drift: Mapping[str, float | None] | None = None
) -> list[SeriesForecast]:
    """Quantiles as messages, in the order of ``series``; ``drift`` holds each series' score, 0 to 1."""
    by_id = {f.series_id: f for f in made}
    return [_message(s, by_id[s.series_id], (drift or {}).get(s.series_id)) for s in series if s.series_id in by_id]


def _message(series: Series, made: QuantileForecast, drift: float | None) -> SeriesForecast:
    first = datetime.fromtimestamp(made.first_target_s, UTC)
    step = timedelta(seconds=series.resolution_s)
    points = tuple(
        Point(target_start=first + i * step, values_milli=tuple(int(v) for v in row))
        for i, row in enumerate(made.values_milli)
    )
    return SeriesForecast(
        series_id=series.series_id, unit=series.unit, resolution_s=series.resolution_s, model=made.model,
        rung=made.rung, data_age_s=max(made.data_age_s, 0), weather=made.weather, weather_age_s=made.weather_age_s,
        drift_milli=None if drift is None else round(1_000 * min(max(drift, 0.0), 1.0)), points=points,
    )  # fmt: skip


def compose_run(
    product: Product, slot: datetime, issued_at: datetime, forecaster: Forecaster,
    forecasts: Sequence[SeriesForecast], features: str, tenant_id: str, regions: frozenset[str],
) -> ForecastRun:  # fmt: skip
    """The run of one slot.

    Raises:
        ValueError: Quantiles that cross, or no series at all.
    """
    if not forecasts:
        raise ValueError("a run needs at least one series")
    delivery_start = min(f.points[0].target_start for f in forecasts)
    resolutions = [f.resolution_s for f in forecasts]
    return ForecastRun(
        run_id=run_id(product.product_id, slot, forecaster.version, 1),
        tenant_id=tenant_id,
        product_id=product.product_id,
        region_id=next(iter(regions)) if len(regions) == 1 else SEVERAL_REGIONS,
        slot=slot,
        issued_at=issued_at,
        delivery_start=delivery_start,
        gate_closure=gate_of(product, resolutions, slot),
        levels_bps=product.levels_bps,
        model_name=forecaster.name,
        model_version=forecaster.version,
        model_hash=forecaster.model_hash,
        feature_hash=features,
        series=tuple(forecasts),
    )
