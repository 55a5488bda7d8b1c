"""The site model in a backtest: the same recipe, columns and blend as live, one table of one kind at a time.

Differences from live: the schedule counts steps only, not time, so that a result does not depend on the
machine; a table of one kind gets a third of the steps of the net for all kinds; and the calibration
rolls with every issue.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from forecast_service.backtest.ports import Ints, TableSeries, Task
from forecast_service.calibration.rolling import RollingCalibration
from forecast_service.model.analogue import analogue_quantiles
from forecast_service.model.assemble import daylight, physical
from forecast_service.model.grid import DAY_S, Floats
from forecast_service.model.levels import probabilities
from forecast_service.model.predict import SiteModel, blended, member_quantiles
from forecast_service.model.samples import Samples
from forecast_service.ports import SeriesHistory
from forecast_service.training.corpus import Corpus, build, scales_until
from forecast_service.training.evaluate import EVERY_S, LIT_SHARE, held_out, shares
from forecast_service.training.options import TrainingOptions
from forecast_service.training.recipe import (
    WARM_UP_DAYS,
    Split,
    fit_nets,
    references,
    series_fits,
    site_model,
    tune_nets,
)
from forecast_service.training.trees import fit_trees
from gridseal.errors import ConfigError
from gridseal.wire.catalog import Series, SeriesInput, SeriesKind

ONE_KIND_SHARE = 1 / 3
ISSUE_EVERY_S = {"wind": 1_800}
"""Slots to learn from, the period where nothing is said; wind's windows straddle its device's periods."""
REACH_DAYS = 40
"""History that a forecast reads, with room for stale telemetry."""


@dataclass(frozen=True, slots=True)
class _Fitted:
    model: SiteModel
    rolling: RollingCalibration
    group: str


class SiteForecaster:
    """Implements ``backtest.ports.TableForecaster`` with the recipe of the live model."""

    def __init__(self, name: str = "champion", options: TrainingOptions | None = None) -> None:
        self._name = name
        self._options = options or TrainingOptions(max_seconds=1e6, tree_seconds=1e6)
        self._task: Task | None = None
        self._fitted: _Fitted | None = None

    @property
    def name(self) -> str:
        """Name in the tables."""
        return self._name

    def fit(self, series: Sequence[TableSeries], task: Task, until_s: int) -> None:
        """Fit, calibrate on the newest month, learn on from all of it.

        Raises:
            ConfigError: No series moves enough, or none has enough history.
        """
        torch.set_num_threads(1)
        options = replace(self._options, levels_bps=task.levels_bps, horizon_s=task.horizon * series[0].resolution_s)
        histories = [_history(one, until_s - options.history_days * DAY_S, until_s) for one in series]
        start = min(h.start_s + int(np.isfinite(h.values).argmax()) * h.series.resolution_s for h in histories)
        split = Split(start, until_s - options.holdout_days * DAY_S, until_s, until_s)
        scales = scales_until(histories, split.fit_end, options.min_days)
        if len(scales) < len(series):
            raise ConfigError(
                f"{len(series) - len(scales)} series have too little history, or no moving value, to learn from"
            )
        share = ONE_KIND_SHARE * min((until_s - start) / (365 * DAY_S), 1.0)
        options = replace(
            options, fit_steps=round(options.fit_steps * share), tune_steps=round(options.tune_steps * share)
        )
        corpora = build(histories, scales, until_s, options.horizon_s, task.first_lead)
        fits = series_fits(scales, references(corpora, split.fit_end, options))
        since = start + WARM_UP_DAYS * DAY_S
        trees = fit_trees(corpora, fits, since, split.fit_end, options) if options.trees else {}
        nets = fit_nets(corpora, fits, (since, split.fit_end), options)
        model = site_model(nets, fits, split, options, trees)
        model = self._shared(model, corpora, split)
        rolling = RollingCalibration(task.levels_bps)
        self._task, self._fitted = task, _Fitted(model, rolling, series[0].kind)
        every = np.arange(split.fit_end, split.end, EVERY_S)
        self._calibrated(corpora[0], self._fitted, every)
        tune_nets(nets, corpora, fits, (since, split.end), options)
        tuned = replace(site_model(nets, fits, split, options, trees), net_share=model.net_share)
        self._fitted = _Fitted(tuned, rolling, series[0].kind)

    def _shared(self, model: SiteModel, corpora: Sequence[Corpus], split: Split) -> SiteModel:
        """Shares of the blend from the newest month."""
        return replace(model, net_share=shares(model, held_out(model, corpora, split.fit_end, split.end)))

    def predict(self, series: Sequence[TableSeries], issues_s: Ints) -> Floats:
        """Quantiles ``(S, I, H, Q)``, calibrated with what had matured by each issue."""
        if self._fitted is None or self._task is None:
            raise ValueError("fit comes before predict")
        first, last = int(issues_s[0]) - REACH_DAYS * DAY_S, int(issues_s[-1])
        end = last + (self._task.first_lead + self._task.horizon) * series[0].resolution_s
        histories = [_history(one, first, end) for one in series]
        scales = {sid: fit.scale for sid, fit in self._fitted.model.series.items()}
        horizon_s = self._task.horizon * series[0].resolution_s
        [corpus] = build(histories, scales, end, horizon_s, self._task.first_lead)
        # Each answer starts from what the newest month before the fit's end had taught.
        found = self._calibrated(corpus, replace(self._fitted, rolling=copy.deepcopy(self._fitted.rolling)), issues_s)
        order = {one.series_id: k for k, one in enumerate(corpus.panel.series)}
        return found[[order[series_id_of(one)] for one in series]]

    def _calibrated(self, corpus: Corpus, fitted: _Fitted, issues_s: Ints) -> Floats:
        rows, count = len(corpus.panel.series), len(issues_s)
        slots = (issues_s - corpus.panel.start_s) // corpus.panel.resolution_s
        samples = Samples(
            np.repeat(np.arange(rows), count),
            np.tile(slots, rows),
            corpus.known[:, slots].ravel(),
            corpus.horizon,
            corpus.first_lead,
        )
        raw = _quantiles(fitted.model, corpus, samples)
        lit = daylight(corpus.frame, samples.rows, samples.targets, LIT_SHARE)
        actual = np.where(lit, corpus.actual(samples), np.nan)
        shape = (rows, count, corpus.horizon)
        ends = corpus.panel.start_s + (samples.targets[:count] + 1) * corpus.panel.resolution_s
        out = fitted.rolling.run(
            raw.reshape(*shape, -1), actual.reshape(shape), issues_s, ends, [fitted.group] * rows, corpus.panel.ranges
        )
        return physical(corpus.frame, samples.rows, samples.targets, out.reshape(raw.shape)).reshape(*shape, -1)


def champion() -> SiteForecaster:
    """The recipe as it is live."""
    return SiteForecaster()


def trees_alone() -> SiteForecaster:
    """The blend's trees without the networks, on the same columns."""
    options = TrainingOptions(max_seconds=1e6, tree_seconds=1e6, fit_steps=0, tune_steps=0, nets=1)
    return _TreesOnly("lightgbm_site", options)


class _TreesOnly(SiteForecaster):
    def _shared(self, model: SiteModel, corpora: Sequence[Corpus], split: Split) -> SiteModel:
        return replace(model, net_share=dict.fromkeys(model.trees, 0.0))


def _quantiles(model: SiteModel, corpus: Corpus, samples: Samples) -> Floats:
    """The blend, and the analogues where telemetry is too old or the last week too empty for it: as live."""
    share = corpus.week_share[samples.rows, samples.slots]
    fresh = (samples.slots - samples.known <= corpus.panel.max_stale) & (share >= 0.5)
    out = np.empty((len(samples.rows), samples.horizon, len(model.shape.levels_bps)))
    some = samples.of(np.flatnonzero(fresh))
    out[fresh] = blended(model, corpus.frame, some, member_quantiles(model, corpus.frame, some))
    for row in np.unique(samples.rows[~fresh]):
        mine = np.flatnonzero(~fresh & (samples.rows == row))
        origins, levels = samples.slots[mine] + samples.first_lead - 1, probabilities(model.shape.levels_bps)
        values = corpus.panel.values[row]
        found = analogue_quantiles(values, origins, samples.horizon, corpus.panel.per_day, levels)
        out[mine] = np.nan_to_num(found)
    return out


def series_id_of(one: TableSeries) -> str:
    """As the catalog spells ids: a site and a name."""
    parts = [part.lower() for part in one.series_id.split("/")]
    return f"{'-'.join(parts[:-1]) or 'site'}/{parts[-1]}"


def _history(one: TableSeries, start_s: int, until_s: int) -> SeriesHistory:
    step = one.resolution_s
    low = max(start_s - one.start_s, 0) // step
    # A day starts at a day's border, so that all series of a table lie on one grid.
    values = one.target[low : max((until_s - one.start_s) // step, 0)]
    kinds: Mapping[str, SeriesKind] = {"load": "household"}
    series = Series(
        tenant_id="backtest",
        series_id=series_id_of(one),
        site_id=series_id_of(one).partition("/")[0],
        name=one.series_id,
        kind=kinds.get(one.kind, one.kind),
        unit="W",
        resolution_s=step,
        issue_every_s=ISSUE_EVERY_S.get(one.kind, step),
        direction="into_grid",
        inputs=(SeriesInput(device_id="table", quantity="active_power"),),
    )
    return SeriesHistory(series, one.start_s + low * step, values)
