"""What a drift check looks at in PV and wind: the share of what was possible, by the part of the day. Pure.

Power follows the season; its share of what a clear sky would have given does so far less, and its shape over the
day shows shade, a string that is gone or a clock that is wrong. Wind has no such ceiling: its share of the capacity
is compared with the same season only. Parts of the day are in mean solar time, so that summer time moves nothing.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from forecast_service.model.kinds import SOLAR
from forecast_service.monitoring.drift import FeatureTable, Judged, in_season, judge
from forecast_service.physics.sky import clear_sky_share
from forecast_service.ports import Floats, SeriesHistory
from gridseal.wire.catalog import Series, Site

HOUR_S, DAY_HOURS = 3_600, 24
PV, WIND = "pv", "wind"
WINDOW_DAYS, LEAST_REFERENCE_DAYS = 28, 28
LEAST_SHARE = 0.15
"""Of 1000 W/m²: with a lower sun an index is mostly noise."""
PARTS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    PV: {"morning": (0.0, 10.5), "noon": (10.5, 13.5), "afternoon": (13.5, 24.0)},
    WIND: {"day": (6.0, 18.0), "night": (18.0, 6.0)},
}
"""Solar hours, from and until."""
INDEX = {PV: "clear_sky_index", WIND: "capacity_factor"}


def dataset_of(series: Series) -> str | None:
    """Which dataset a series belongs to; none where it generates nothing that is judged here."""
    if series.direction != "into_grid":
        return None
    return PV if series.kind in SOLAR else WIND if series.kind == "wind" else None


def names_of(dataset: str) -> tuple[str, ...]:
    """Features of a dataset: the index by part of the day, and its change from hour to hour.

    The change of wind's by part of the day as well: it tells a plant that gives less from a calm month.
    """
    index = INDEX[dataset]
    levels, ramps = (f"{index}_{part}" for part in PARTS[dataset]), (f"{index}_ramp_{part}" for part in PARTS[dataset])
    return (*levels, *ramps) if dataset == WIND else (*levels, f"{index}_ramp")


def judge_generation(table: FeatureTable, since_s: int, until_s: int, threshold: float) -> Judged | None:
    """Compare what came since a moment with the same season before; none where one side is too short to say anything.

    Args:
        table: Rows of one dataset.
        since_s: Unix seconds from which on rows are judged: ``WINDOW_DAYS``, as a calm week is no drift.
        until_s: Unix seconds up to which rows are the reference.
        threshold: As in ``judge``.
    """
    current, past = table.where(table.times_s >= since_s), table.where(table.times_s < until_s)
    if len(current) == 0:
        return None
    cut = past.where(in_season(past, current))
    if cut.days < LEAST_REFERENCE_DAYS:
        return None
    return Judged(judge(cut, current, threshold), cut, current)


def generation_table(dataset: str, histories: Iterable[SeriesHistory], sites: Mapping[str, Site]) -> FeatureTable:
    """One row per series and hour; a feature is NaN outside its part of the day, and where there is no window.

    Args:
        dataset: ``PV`` or ``WIND``.
        histories: Series of it; one whose place or size is unknown is left out.
        sites: By id.
    """
    names, parts = names_of(dataset), PARTS[dataset]
    who, when, rows = [], [], [np.empty((0, len(names)))]
    for history in histories:
        site, hourly = sites.get(history.series.site_id), _hourly(history)
        if site is None or len(hourly.values) == 0:
            continue
        index = _index(dataset, hourly, site)
        if index is None:
            continue
        times = hourly.start_s + HOUR_S * np.arange(len(index))
        solar = (times / HOUR_S + 0.5 + site.longitude / 15) % DAY_HOURS
        ramp = np.abs(np.diff(index, prepend=np.nan))
        columns = [np.where(_within(solar, *part), index, np.nan) for part in parts.values()]
        columns += (
            [np.where(_within(solar, *part), ramp, np.nan) for part in parts.values()] if dataset == WIND else [ramp]
        )
        known = np.isfinite(index)
        who.append(np.full(int(known.sum()), history.series.series_id))
        when.append(times[known])
        rows.append(np.stack(columns, axis=1)[known])
    if not who:
        return FeatureTable(names, np.empty(0, dtype=np.str_), np.empty(0, dtype=np.int64), rows[0])
    return FeatureTable(names, np.concatenate(who), np.concatenate(when).astype(np.int64), np.concatenate(rows))


def _within(solar: Floats, first: float, last: float) -> NDArray[np.bool_]:
    """Which hours lie in a part of the day; one that begins after its end goes over midnight."""
    inside = (solar >= first, solar < last)
    return inside[0] & inside[1] if first < last else inside[0] | inside[1]


def _hourly(history: SeriesHistory) -> SeriesHistory:
    """Means of whole UTC hours; NaN where a period of the hour is missing."""
    step = history.series.resolution_s
    if step >= HOUR_S:
        return history
    each, skip = HOUR_S // step, -(history.start_s // step) % (HOUR_S // step)
    values = history.values[skip : skip + (len(history.values) - skip) // each * each]
    hours = values.reshape(-1, each).mean(axis=1)
    one = history.series.model_copy(update={"resolution_s": HOUR_S})
    return SeriesHistory(one, history.start_s + skip * step, hours)


def _index(dataset: str, hourly: SeriesHistory, site: Site) -> Floats | None:
    """``(N,)``; none where the size of the plant is neither known nor to be seen."""
    known = hourly.values[np.isfinite(hourly.values)]
    size = float(hourly.series.capacity_w or (np.quantile(known, 0.995) if len(known) else 0.0))
    if size <= 0:
        return None
    if dataset == WIND:
        return np.asarray(hourly.values / size)
    one = hourly.series
    share = clear_sky_share(site.latitude, site.longitude, hourly.start_s, one.resolution_s, len(hourly.values))
    return np.asarray(np.where(share >= LEAST_SHARE, hourly.values / size / np.maximum(share, LEAST_SHARE), np.nan))
