"""Makes the forecasts of one run add up: paths in, quantiles out. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from forecast_service.hierarchy.paths import PATHS, drawn, quantiles_of_paths, ranks_of, reconciled, summed
from forecast_service.hierarchy.storage import Battery, within_energy
from forecast_service.hierarchy.structure import Hierarchy, hierarchies
from forecast_service.model.grid import DAY_S, Floats, Ints, lag_mean, take
from forecast_service.physics.limits import Limits
from forecast_service.ports import QuantileForecast, SeriesHistory
from gridseal.wire.catalog import Series

USUAL_DAYS = 7
_NEVER_NEGATIVE = frozenset({"pv", "home_pv", "home_load", "household", "demand"})


def coherent(
    series: Sequence[Series], histories: Sequence[SeriesHistory], made: Sequence[QuantileForecast],
    levels_bps: tuple[int, ...], slot_s: int, batteries: Mapping[str, Battery] | None = None,
    limits: Mapping[str, Limits] | None = None,
) -> list[QuantileForecast]:  # fmt: skip
    """The same forecasts, in the same order, with quantiles of paths that add up and batteries within their energy.

    A series that hangs together with no other and is no battery stays as it is.

    Args:
        series: Series of the run, as forecast.
        histories: Their past, for the dependence between them.
        made: One forecast per series, all of the same periods where they hang together.
        levels_bps: Levels of the forecasts.
        slot_s: Unix seconds; nothing later is read.
        batteries: Per series of kind ``storage`` whose energy is known.
        limits: Per series that a plant or the sun limits; a sum of such series is limited through them.
    """
    by_id = {f.series_id: f for f in made}
    known = {s.series_id: s for s in series if s.series_id in by_id}
    past = {h.series.series_id: h for h in histories}
    batteries = batteries or {}
    groups = hierarchies([s for s in known.values() if _stands_with_its_kind(by_id, s)])
    joined = {name for group in groups for name in group.series_ids}
    alone = [name for name in batteries if name in known and name not in joined]
    groups += [Hierarchy((name,), np.ones((1, 1), dtype=np.int64)) for name in alone]
    for group in groups:
        forecasts = [by_id[name] for name in group.series_ids]
        if len({(f.first_target_s, len(f.values_milli)) for f in forecasts}) == 1:
            paths = coherent_paths(group, known, past, forecasts, levels_bps, slot_s, batteries, limits or {})
            values = quantiles_of_paths(paths, levels_bps)
            by_id |= {f.series_id: replace(f, values_milli=values[n]) for n, f in enumerate(forecasts)}
    return [by_id[f.series_id] for f in made]


def coherent_paths(
    group: Hierarchy, series: Mapping[str, Series], past: Mapping[str, SeriesHistory],
    forecasts: Sequence[QuantileForecast], levels_bps: tuple[int, ...], slot_s: int, batteries: Mapping[str, Battery],
    limits: Mapping[str, Limits] = MappingProxyType({}),
) -> Ints:  # fmt: skip
    """Paths of every node in whole thousandths: ``(N, M, H)``; each is exactly the signed sum of the bottom ones."""
    quantiles = np.stack([f.values_milli for f in forecasts]) / 1_000
    first = series[group.series_ids[0]]
    targets_s = forecasts[0].first_target_s + np.arange(quantiles.shape[1]) * first.resolution_s
    deviations = np.stack([_deviations(past.get(name), targets_s, slot_s) for name in group.series_ids])
    paths = reconciled(group, drawn(quantiles, levels_bps, ranks_of(_days_with_most(deviations))))
    for b, name in enumerate(group.series_ids[: group.bottom]):
        paths[b] = _possible(paths[b], series[name], quantiles[b], batteries.get(name), int(targets_s[0]) - slot_s)
        if name in limits:
            paths[b] = np.clip(paths[b], limits[name].low_w, limits[name].high_w)
    return summed(group, np.rint(paths * 1_000).astype(np.int64))


def _possible(paths: Floats, series: Series, quantiles: Floats, battery: Battery | None, lead_in_s: int) -> Floats:
    """Bottom paths within what the series can do: never negative, nothing at night, a battery's energy."""
    if battery is not None:
        sign = 1.0 if series.direction == "into_grid" else -1.0
        return sign * within_energy(sign * paths, battery, series.resolution_s, lead_in_s)
    if series.kind in _NEVER_NEGATIVE:
        paths = np.maximum(paths, 0.0)
    surely_nothing = (quantiles == 0).all(axis=-1)
    return np.where(surely_nothing, 0.0, paths)


def _deviations(history: SeriesHistory | None, targets_s: Ints, slot_s: int) -> Floats:
    """What was different from the week before, at the targets' times on past days: ``(D, H)``, newest day first."""
    if history is None:
        return np.full((PATHS, len(targets_s)), np.nan)
    step = history.series.resolution_s
    values = history.values[: max((slot_s - history.start_s) // step, 0)]
    per_day = DAY_S // step
    at = (targets_s - history.start_s) // step
    back = -(-(int(at[-1]) + 1 - len(values)) // per_day)
    index = at[None, :] - (max(back, 1) + np.arange(PATHS))[:, None] * per_day
    usual = lag_mean(values, index, [d * per_day for d in range(1, USUAL_DAYS + 1)])
    return np.asarray(take(values, index) - usual)


def _days_with_most(deviations: Floats) -> Floats:
    """Days on which at least half of all nodes and periods are known: ``(N, D, H)``."""
    share = np.isfinite(deviations).mean(axis=(0, 2))
    return deviations[:, share >= 0.5]


def _stands_with_its_kind(by_id: Mapping[str, QuantileForecast], series: Series) -> bool:
    return series.unit == "W" and len(by_id[series.series_id].values_milli) > 0
