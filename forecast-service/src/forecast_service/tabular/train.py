"""One training of the demand model: fit the families, judge on one holdout, register, promote."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog

from forecast_service.inference.registry import ModelRegistry, TrainingRecord, scratch_folder
from forecast_service.model.sealed import ArtifactRefusedError, Keys, Signer
from forecast_service.tabular.artifact import SavedModel, load_demand_model, save_demand_model
from forecast_service.tabular.figures import CSV_FILE, DemandFigures, figures, importance_csv, permutation_importance
from forecast_service.tabular.fit import FITS, Fitted
from forecast_service.tabular.models import Family
from forecast_service.tabular.table import FEATURES, LAG_WEEK, LEAST_ROWS, DemandTable, Split, split
from gridseal.wire.fields import format_utc

log = structlog.get_logger(__name__)
CHALLENGERS: tuple[Family, ...] = ("lightgbm", "random_forest")
"""Families that may serve; the other ones only show what is easy."""


@dataclass(frozen=True, slots=True)
class DemandOptions:
    """What a training can be told."""

    families: tuple[Family, ...] = CHALLENGERS
    seed: int = 0
    reason: str = "manual"
    """Why it was started: ``schedule``, ``drift``, ``performance`` or ``manual``."""
    approve: bool = True
    """Whether a better model serves at once, or waits under ``staging`` for a person."""


@dataclass(frozen=True, slots=True)
class DemandReport:
    """What came of a training."""

    promoted: bool
    version: str | None
    figures: Mapping[str, DemandFigures]
    """On the test part, by family, ``week`` and ``champion``."""
    sentence: str


def train_demand(
    table: DemandTable, registry: ModelRegistry, signer: Signer | None, keys: Keys | None,
    provenance: Mapping[str, str | int | float], options: DemandOptions | None = None,
) -> DemandReport:  # fmt: skip
    """Fit, choose by the validation part, judge by the test part, register, promote on a lower error.

    A better challenger serves; one that is no better is kept and does not. The first model that beats
    last week's demand serves. Under ``LEAST_ROWS`` rows nothing is trained.

    Args:
        table: Complete hours.
        registry: Where versions are.
        signer: Who signs.
        keys: Who may have signed the champion; ``None`` in tests.
        provenance: Code and environment, for the manifest and the log.
        options: Families, seed, reason.

    Raises:
        UnavailableError: The registry does not answer.
    """
    options = options or DemandOptions()
    if len(table) < LEAST_ROWS:
        sentence = f"not trained: {len(table)} complete hours of {table.respondent or 'any respondent'}"
        return DemandReport(False, None, {}, f"{sentence}, {LEAST_ROWS} are needed")
    parts = split(table)
    chosen, fitted, tested = _compete(parts, options)
    champion, champion_version = _champion_figures(registry, keys, parts.test)
    if champion is not None:
        tested["champion"] = champion
    best = tested[chosen]
    better, sentence = _decide(chosen, best, tested["week"], champion, champion_version)
    record = _record(parts, chosen, fitted[chosen], tested, {**provenance, "reason": options.reason}, sentence)
    with scratch_folder() as folder:
        saved = SavedModel(fitted[chosen].model, table.respondent, table.unknown)
        about = {**provenance, "respondent": table.respondent, "rows": len(table)}
        model_hash = save_demand_model(saved, Path(folder), signer, about)
        _smoke(Path(folder), model_hash, parts.test)
        registered = registry.publish(Path(folder), model_hash, record)
    if better and options.approve:
        registry.promote(registered)
    elif better:
        registry.stage(registered)
    log.info("demand_trained", version=registered.version, promoted=better and options.approve, sentence=sentence)
    return DemandReport(better and options.approve, registered.version, tested, sentence)


def _compete(parts: Split, options: DemandOptions) -> tuple[Family, dict[Family, Fitted], dict[str, DemandFigures]]:
    """The family with the lowest error on the validation part, and everybody's figures on the test part."""
    test, held = parts.test, parts.validation
    fitted = {family: FITS[family](parts, options.seed) for family in (*options.families, "linear")}
    judged = options.families
    if len(judged) > 1:
        # Fitted without the validation part, which has stopped nobody and so can choose between them.
        inner = {f: FITS[f](split(parts.train), options.seed) for f in judged}
        errors = {f: figures(held.demand_mwh, one.model.predict(held.features)).mae for f, one in inner.items()}
        judged = tuple(sorted(judged, key=lambda f: errors[f]))
    tested = {"week": figures(test.demand_mwh, test.features[:, LAG_WEEK])}
    for family, one in fitted.items():
        tested[family] = figures(test.demand_mwh, one.model.predict(test.features))
    return judged[0], fitted, tested


def _champion_figures(
    registry: ModelRegistry, keys: Keys | None, test: DemandTable
) -> tuple[DemandFigures | None, str]:
    """The serving version on the same hours; none where none serves, or it cannot be trusted any more."""
    champion = registry.champion()
    if champion is None:
        return None, ""
    with scratch_folder() as folder:
        try:
            saved = load_demand_model(registry.fetch(champion, Path(folder)), champion.model_hash, keys)
        except ArtifactRefusedError as error:
            log.error("demand_champion_refused", version=champion.version, reason=str(error))
            return None, ""
    return figures(test.demand_mwh, saved.model.predict(test.features)), champion.version


def _decide(
    family: str, own: DemandFigures, week: DemandFigures, champion: DemandFigures | None, version: str
) -> tuple[bool, str]:
    if not own.mae < week.mae:
        return False, f"{family} does not serve: MAE {own.mae:.4g} MWh, last week's demand has {week.mae:.4g}"
    if champion is None:
        return True, f"{family} serves as the first: MAE {own.mae:.4g} MWh, last week's demand has {week.mae:.4g}"
    verb = "serves" if own.mae < champion.mae else "does not serve"
    better = own.mae < champion.mae
    return better, f"{family} {verb}: MAE {own.mae:.4g} MWh, version {version} has {champion.mae:.4g} on the same hours"


def _smoke(folder: Path, model_hash: str, test: DemandTable) -> None:
    """What was written can be read and answers like a demand.

    Raises:
        ArtifactRefusedError: It does not.
    """
    again = load_demand_model(folder, model_hash, None).model.predict(test.features[:24])
    if not np.isfinite(again).all():
        raise ArtifactRefusedError("the model answers with something that is no number")


def _record(
    parts: Split, family: Family, fitted: Fitted, tested: Mapping[str, DemandFigures],
    provenance: Mapping[str, str | int | float], sentence: str,
) -> TrainingRecord:  # fmt: skip
    seen, test = parts.seen, parts.test
    params: dict[str, str | int | float] = {
        "family": family, **fitted.params, "respondent": seen.respondent, "features": ",".join(FEATURES),
        "train_size": len(seen), "validation_size": len(parts.validation), "test_size": len(test),
        "train_start": format_utc(seen.times[0]), "train_end": format_utc(seen.times[-1]),
        "test_start": format_utc(test.times[0]), "test_end": format_utc(test.times[-1]), **provenance,
    }  # fmt: skip
    metrics = tested[family].as_metrics()
    for name, one in tested.items():
        metrics |= one.as_metrics(f"{name}_")
    important = permutation_importance(fitted.model.predict, test)
    return TrainingRecord(params, metrics, {"decision": sentence}, {CSV_FILE: importance_csv(important)})
