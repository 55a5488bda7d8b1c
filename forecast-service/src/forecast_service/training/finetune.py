"""Learning on from the champion: the same network, a few steps on what is new. Gated like any other challenger.

The champion has seen everything up to its own ``trained_until``. What may judge its child therefore
begins after it: of the new days a quarter is learned, a tenth calibrates, the rest judges.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from forecast_service.inference.registry import ModelRegistry, scratch_folder
from forecast_service.model.artifact import load_model
from forecast_service.model.panel import Scale
from forecast_service.model.predict import SeriesFit, SiteModel
from forecast_service.model.reference import ReferenceFit
from forecast_service.model.sealed import Keys
from forecast_service.training.corpus import Corpus
from forecast_service.training.fit import Fit, Sampler
from forecast_service.training.options import TrainingOptions
from gridseal.errors import ConfigError

LEARNED_SHARE, CALIBRATED_SHARE = 0.25, 0.1
REMEMBERED_DAYS = 90
"""Days before the new ones that are learned again, so that the network does not forget the season."""
LIGHTER = 6
"""A sixth of the steps of a full training …"""
GENTLER = 4
"""… at a quarter of the rate."""


def start_from(registry: ModelRegistry, trusted: Callable[[], Keys] | None) -> SiteModel:
    """The champion's model.

    Raises:
        ConfigError: There is no champion.
        ArtifactRefusedError: Its files are not what was registered and signed.
        UnavailableError: The registry does not answer.
    """
    champion = registry.champion()
    if champion is None:
        raise ConfigError("a fine-tuning starts from the champion, and there is none: train in full first")
    with scratch_folder() as folder:
        files = registry.fetch(champion, Path(folder))
        return load_model(files, champion.model_hash, trusted() if trusted else None)


def windows_after(start: SiteModel, end_s: int) -> tuple[int, int, int, int]:
    """From, fit until, judge from, until: Unix seconds, on whole hours.

    Raises:
        ConfigError: Nothing new has come since the champion was trained.
    """
    seen_s = int(datetime.fromisoformat(start.trained_until).timestamp())
    span = end_s - seen_s
    if span < 2 * start.horizon_s:
        raise ConfigError("nothing to fine-tune on: no new data since the champion was trained")
    fit_end = seen_s + int(LEARNED_SHARE * span) // 3_600 * 3_600
    test_start = fit_end + max(int(CALIBRATED_SHARE * span) // 3_600, 1) * 3_600
    return seen_s - REMEMBERED_DAYS * 86_400, fit_end, test_start, end_s


def lighter(options: TrainingOptions, start: SiteModel) -> TrainingOptions:
    """Fewer and gentler steps; as many networks as the champion has."""
    return replace(
        options,
        fit_steps=max(options.fit_steps // LIGHTER, 1),
        tune_steps=max(options.tune_steps // LIGHTER, 1),
        max_seconds=options.max_seconds / LIGHTER,
        learning_rate=options.learning_rate / GENTLER,
        nets=1 + len(start.more_nets),
    )


def warm_scales(start: SiteModel, scales: Mapping[str, Scale]) -> dict[str, Scale]:
    """The champion's own units where it knows a series: its weights speak in them."""
    return {sid: start.series[sid].scale if sid in start.series else scale for sid, scale in scales.items()}


def warm_fits(start: SiteModel, scales: Mapping[str, Scale], fits: Mapping[str, ReferenceFit]) -> dict[str, SeriesFit]:
    """What is known of each series: from the champion, or as one that it has never seen.

    A new series takes the identity "unknown", which the network knows from training by drop-out.
    """
    out = {}
    for sid, scale in scales.items():
        known = start.series.get(sid)
        if known is None:
            out[sid] = SeriesFit(scale, start.shape.identities, fits[sid])
        else:
            out[sid] = replace(known, reference=replace(known.reference, residuals=fits[sid].residuals))
    return out


def warm_nets(
    start: SiteModel,
    corpora: Sequence[Corpus],
    fits: Mapping[str, SeriesFit],
    window: tuple[int, int],
    options: TrainingOptions,
) -> list[Fit]:
    """The champion's networks after a few steps on the slots of a window."""
    samplers = [Sampler(corpus, fits, *window) for corpus in corpora]
    share = options.fit_steps / max(options.fit_steps + options.tune_steps, 1) / options.nets
    nets = []
    for k, own in enumerate((start.net, *start.more_nets)):
        net = Fit(start.shape, replace(options, seed=options.seed + k))
        net.resume(own)
        net.run(samplers, options.fit_steps, options.max_seconds * share, options.learning_rate)
        nets.append(net)
    return nets
