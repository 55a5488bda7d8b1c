"""The recipe of the site model: fit, calibrate, judge, learn on. What is registered comes from here.

Fit networks and, beside them, trees on everything up to the holdout; choose their shares and calibrate
on its first part; judge all rivals on its last part, a horizon apart. Then calibrate on the whole
holdout and let the networks go on training on all days for a last short while. The judged model is
thus the one before that last while, on older data.
"""

import copy
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from forecast_service.model.conformal import Calibration
from forecast_service.model.grid import DAY_S
from forecast_service.model.lstm import NetShape, identities
from forecast_service.model.panel import Scale
from forecast_service.model.predict import SeriesFit, SiteModel
from forecast_service.model.reference import ReferenceFit
from forecast_service.model.trees import TreeSet
from forecast_service.training.corpus import Corpus
from forecast_service.training.evaluate import (
    Figures,
    Holdout,
    calibrate,
    figures,
    fit_references,
    held_out,
    rivals,
    shares,
)
from forecast_service.training.finetune import warm_fits, warm_nets
from forecast_service.training.fit import Fit, Sampler
from forecast_service.training.gate import Decision, decide
from forecast_service.training.importance import importance_csv
from forecast_service.training.options import TrainingOptions
from forecast_service.training.trees import fit_trees
from gridseal.wire.fields import format_utc

WARM_UP_DAYS = 8
"""First days of a series that only feed lags."""


@dataclass(frozen=True, slots=True)
class Split:
    """Unix seconds: fit until ``fit_end``, calibrate until ``test_start``, judge until ``end``."""

    start: int
    fit_end: int
    test_start: int
    end: int


@dataclass(frozen=True)
class Candidate:
    """What a recipe gives to the gate."""

    model: SiteModel
    """Learned on all days: the one that would serve."""
    judged: SiteModel
    """The same recipe before it saw the test window, with the same choices."""
    decision: Decision
    table: Mapping[str, Mapping[str, Figures]]
    steps: int
    loss: float
    importance: str = ""
    """``feature_importance.csv`` of the judged model, on the test window."""


def make_candidate(
    corpora: Sequence[Corpus],
    scales: Mapping[str, Scale],
    split: Split,
    options: TrainingOptions,
    start: SiteModel | None = None,
) -> Candidate:
    """Fit, judge against every rival on the test window, and learn on from all days.

    With ``start`` the networks go on from those of that model, and its trees stay as they are.
    """
    fits, since, nets, trees = _members(corpora, scales, split, options, start)
    # Survival of anomalies is an input of the network: it stays as it was fitted. Residuals may learn on.
    tested = renewed(fits, references(corpora, split.test_start, options, fits))
    model = site_model(nets, tested, split, options, trees)
    holdouts = held_out(model, corpora, split.fit_end, split.end)
    before = [one.between(split.fit_end, split.test_start) for one in holdouts]
    model = replace(model, net_share=shares(model, before))
    judged = replace(model, calibration=calibrate(model, before, (split.test_start - split.fit_end) / DAY_S))
    table = _judge(judged, holdouts, split, options)
    decision = decide(table)
    importance = importance_csv(judged, corpora, split.test_start, split.end)
    whole = calibrate(model, holdouts, (split.end - split.fit_end) / DAY_S)
    tune_nets(nets, corpora, fits, (since, split.end), options)
    final = renewed(fits, references(corpora, split.end, options, fits))
    model = replace(site_model(nets, final, split, options, model.trees), net_share=model.net_share)
    model = replace(model, calibration=whole, choices=decision.choices)
    judged = replace(judged, choices=decision.choices)
    loss = sum(net.loss for net in nets) / len(nets)
    return Candidate(model, judged, decision, table, sum(net.steps for net in nets), loss, importance)


def _members(
    corpora: Sequence[Corpus],
    scales: Mapping[str, Scale],
    split: Split,
    options: TrainingOptions,
    start: SiteModel | None,
) -> tuple[dict[str, SeriesFit], int, list[Fit], Mapping[str, TreeSet]]:
    """What is known of the series, since when is learned, networks and trees."""
    fitted, since = references(corpora, split.fit_end, options), split.start + WARM_UP_DAYS * DAY_S
    if start is not None:
        fits = warm_fits(start, scales, fitted)
        return fits, since, warm_nets(start, corpora, fits, (since, split.fit_end), options), start.trees
    fits = series_fits(scales, fitted)
    with ThreadPoolExecutor(1) as beside:
        trees = beside.submit(fit_trees, corpora, fits, since, split.fit_end, options) if options.trees else None
        nets = fit_nets(corpora, fits, (since, split.fit_end), options)
    return fits, since, nets, trees.result() if trees else {}


def fit_nets(
    corpora: Sequence[Corpus], fits: Mapping[str, SeriesFit], window: tuple[int, int], options: TrainingOptions
) -> list[Fit]:
    """Networks from successive seeds, fitted on the slots of a window."""
    shape = NetShape(levels_bps=options.levels_bps, identities=len(fits))
    samplers = [Sampler(corpus, fits, *window) for corpus in corpora]
    nets = [Fit(shape, replace(options, seed=options.seed + k)) for k in range(options.nets)]
    share = options.fit_steps / max(options.fit_steps + options.tune_steps, 1) / options.nets
    for net in nets:
        net.run(samplers, options.fit_steps, options.max_seconds * share, options.learning_rate)
    return nets


def tune_nets(
    nets: Sequence[Fit],
    corpora: Sequence[Corpus],
    fits: Mapping[str, SeriesFit],
    window: tuple[int, int],
    options: TrainingOptions,
) -> None:
    """Let the networks learn on from a longer window, at a lower rate."""
    samplers = [Sampler(corpus, fits, *window) for corpus in corpora]
    share = options.tune_steps / max(options.fit_steps + options.tune_steps, 1) / options.nets
    for net in nets:
        rate = options.learning_rate * options.tune_rate_share
        net.run(samplers, options.tune_steps, options.max_seconds * share, rate)


def site_model(
    nets: Sequence[Fit],
    series: Mapping[str, SeriesFit],
    split: Split,
    options: TrainingOptions,
    trees: Mapping[str, TreeSet],
) -> SiteModel:
    """The networks as they are now: training that goes on later does not change this model."""
    first, *more = (copy.deepcopy(net.average) for net in nets)
    return SiteModel(
        shape=nets[0].shape,
        net=first,
        horizon_s=options.horizon_s,
        series=series,
        calibration=Calibration({}),
        choices={},
        trained_until=format_utc(_moment(split.end)),
        more_nets=tuple(more),
        trees=trees,
    )


def references(
    corpora: Sequence[Corpus], until_s: int, options: TrainingOptions, known: Mapping[str, SeriesFit] | None = None
) -> dict[str, ReferenceFit]:
    """References of all series from targets that ended by ``until_s``."""
    out: dict[str, ReferenceFit] = {}
    for corpus in corpora:
        out |= fit_references(corpus, until_s, options.levels_bps, known=known)
    return out


def series_fits(scales: Mapping[str, Scale], fits: Mapping[str, ReferenceFit]) -> dict[str, SeriesFit]:
    """What a model knows about each series before anything is learned."""
    identity = identities(list(scales))
    return {sid: SeriesFit(scale, identity[sid], fits[sid]) for sid, scale in scales.items()}


def renewed(fits: Mapping[str, SeriesFit], newer: Mapping[str, ReferenceFit]) -> dict[str, SeriesFit]:
    """The same with residuals of newer fits; survivals stay, the networks were fitted with them."""
    return {
        sid: replace(fit, reference=replace(fit.reference, residuals=newer[sid].residuals)) for sid, fit in fits.items()
    }


def _judge(
    model: SiteModel, holdouts: Sequence[Holdout], split: Split, options: TrainingOptions
) -> dict[str, dict[str, Figures]]:
    table: dict[str, dict[str, Figures]] = {}
    for whole in holdouts:
        tested = whole.between(split.test_start + options.horizon_s, split.end)
        persistence = fit_references(whole.corpus, split.test_start, options.levels_bps, persistence=True)
        for rival, quantiles in rivals(model, tested, persistence).items():
            judged = figures(whole.corpus, tested.samples, quantiles, options.levels_bps)
            table.setdefault(rival, {}).update(judged)
    return table


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
