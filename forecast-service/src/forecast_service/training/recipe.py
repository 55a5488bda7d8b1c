"""The recipe of the site model: fit, calibrate, judge, learn on. What is registered comes from here.

Fit on everything up to the holdout; calibrate on its first part; judge all rivals on its last part,
a horizon apart. Then calibrate on the whole holdout and go on training on all days for a last short
while. The judged network is thus the one before that last while, on older data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from forecast_service.model.conformal import Calibration
from forecast_service.model.grid import DAY_S
from forecast_service.model.lstm import NetShape, identities
from forecast_service.model.panel import Scale
from forecast_service.model.predict import SeriesFit, SiteModel
from forecast_service.model.reference import ReferenceFit
from forecast_service.training.corpus import Corpus
from forecast_service.training.evaluate import EVERY_S, Figures, calibrate, figures, fit_references, rivals
from forecast_service.training.fit import Fit, Sampler
from forecast_service.training.gate import Decision, decide
from forecast_service.training.options import TrainingOptions
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


def make_candidate(
    corpora: Sequence[Corpus], scales: Mapping[str, Scale], split: Split, options: TrainingOptions
) -> Candidate:
    """Fit, judge against every rival on the test window, and learn on from all days."""
    shape = NetShape(levels_bps=options.levels_bps, identities=len(scales))
    fit = Fit(shape, options)
    fits = _series_fits(scales, _references(corpora, split.fit_end, options))
    total = options.fit_steps + options.tune_steps
    since = split.start + WARM_UP_DAYS * DAY_S
    samplers = [Sampler(corpus, fits, since, split.fit_end) for corpus in corpora]
    fit.run(samplers, options.fit_steps, options.max_seconds * options.fit_steps / total, options.learning_rate)
    # Survival of anomalies is an input of the network: it stays as it was fitted. Residuals may learn on.
    tested = _renewed(fits, _references(corpora, split.test_start, options, fits))
    model = SiteModel(
        shape, fit.average, options.horizon_s, tested, Calibration({}), {}, format_utc(_moment(split.end))
    )
    judged = replace(model, calibration=calibrate(model, corpora, split.fit_end, split.test_start))
    table = _judge(judged, corpora, split, options)
    decision = decide(table)
    whole = calibrate(model, corpora, split.fit_end, split.end)
    samplers = [Sampler(corpus, fits, since, split.end) for corpus in corpora]
    seconds = options.max_seconds * options.tune_steps / total
    fit.run(samplers, options.tune_steps, seconds, options.learning_rate * options.tune_rate_share)
    final = _renewed(fits, _references(corpora, split.end, options, fits))
    model = replace(model, series=final, calibration=whole, choices=decision.choices)
    judged = replace(judged, choices=decision.choices)
    return Candidate(model, judged, decision, table, fit.steps, fit.loss)


def _references(
    corpora: Sequence[Corpus], until_s: int, options: TrainingOptions, known: Mapping[str, SeriesFit] | None = None
) -> dict[str, ReferenceFit]:
    out: dict[str, ReferenceFit] = {}
    for corpus in corpora:
        out |= fit_references(corpus, until_s, options.levels_bps, known=known)
    return out


def _series_fits(scales: Mapping[str, Scale], fits: Mapping[str, ReferenceFit]) -> dict[str, SeriesFit]:
    identity = identities(list(scales))
    return {sid: SeriesFit(scale, identity[sid], fits[sid]) for sid, scale in scales.items()}


def _renewed(fits: Mapping[str, SeriesFit], newer: Mapping[str, ReferenceFit]) -> dict[str, SeriesFit]:
    return {
        sid: replace(fit, reference=replace(fit.reference, residuals=newer[sid].residuals)) for sid, fit in fits.items()
    }


def _judge(
    model: SiteModel, corpora: Sequence[Corpus], split: Split, options: TrainingOptions
) -> dict[str, dict[str, Figures]]:
    table: dict[str, dict[str, Figures]] = {}
    for corpus in corpora:
        samples = corpus.samples(split.test_start + options.horizon_s, split.end, EVERY_S)
        persistence = fit_references(corpus, split.test_start, options.levels_bps, persistence=True)
        for rival, quantiles in rivals(model, corpus, samples, persistence).items():
            table.setdefault(rival, {}).update(figures(corpus, samples, quantiles, options.levels_bps))
    return table


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
