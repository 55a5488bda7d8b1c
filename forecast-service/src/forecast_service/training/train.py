"""One training from history to promotion, for a process of its own: load, make a candidate, judge, register."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import structlog
import torch

from forecast_service.inference.mlflow_registry import MlflowRegistry
from forecast_service.inference.registry import ModelRegistry, TrainingRecord, scratch_folder
from forecast_service.model.artifact import save_model
from forecast_service.model.grid import DAY_S
from forecast_service.model.predict import SiteModel
from forecast_service.model.sealed import Signer
from forecast_service.ports import HistoryStore, SeriesHistory
from forecast_service.training.corpus import build, data_hash, scales_until
from forecast_service.training.evaluate import Figures
from forecast_service.training.gate import Decision
from forecast_service.training.options import TrainingOptions
from forecast_service.training.provenance import commit, environment
from forecast_service.training.recipe import Candidate, Split, make_candidate
from gridseal.wire.catalog import Series
from gridseal.wire.fields import format_utc

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What came of a training."""

    promoted: bool
    version: str | None
    choices: Mapping[str, str]
    table: Mapping[str, Mapping[str, Figures]]
    sentence: str


def run_training(
    store: HistoryStore,
    series: Sequence[Series],
    now: datetime,
    mlflow_url: str,
    options: TrainingOptions | None = None,
    signer: Signer | None = None,
) -> TrainingReport:
    """Train on what ended by ``now`` and log to an MLflow server.

    Raises:
        UnavailableError: The history store or the registry does not answer.
    """
    options = options or TrainingOptions()
    options = replace(options, git_commit=options.git_commit or commit())
    return train(store, series, now, MlflowRegistry(mlflow_url, options.model_name), options, signer)


def train(
    store: HistoryStore,
    series: Sequence[Series],
    now: datetime,
    registry: ModelRegistry,
    options: TrainingOptions,
    signer: Signer | None = None,
) -> TrainingReport:
    """Load, fit, judge, register, promote."""
    torch.set_num_threads(1)
    began = time.monotonic()
    until = datetime.fromtimestamp(int(now.timestamp()) // 3_600 * 3_600, UTC)
    wanted = [one for one in series if one.forecast]
    histories = store.load(wanted, until - timedelta(days=options.history_days), until)
    split = split_of(histories, int(until.timestamp()), options)
    options = options.for_days((split.end - split.start) / DAY_S)
    scales = scales_until(histories, split.fit_end, options.min_days)
    if not scales:
        return TrainingReport(False, None, {}, {}, "no series has enough history to learn from")
    corpora = build(histories, scales, split.end, options.horizon_s)
    log.info("training_data", series=len(scales), left_out=len(histories) - len(scales), seconds=_since(began))
    candidate = make_candidate(corpora, scales, split, options)
    model, decision, table = candidate.model, candidate.decision, candidate.table
    log.info("training_judged", decision=decision.sentence, steps=candidate.steps, seconds=_since(began))
    record = _record(histories, model, decision, table, (split, candidate, options, _since(began)))
    if not decision.promoted:
        registry.record(record)
        return TrainingReport(False, None, decision.choices, table, decision.sentence)
    with scratch_folder() as folder:
        model_hash = save_model(model, Path(folder), signer, _provenance(record))
        registered = registry.publish(Path(folder), model_hash, record)
    registry.promote(registered)
    sentence = f"version {registered.version} serves: {decision.sentence}"
    return TrainingReport(True, registered.version, decision.choices, table, sentence)


def split_of(histories: Sequence[SeriesHistory], until_s: int, options: TrainingOptions) -> Split:
    """Cut the time line from the first value on; the holdout is at most a third of it."""
    start = min((_first_value_s(h) for h in histories), default=until_s)
    start = start // DAY_S * DAY_S
    holdout = min(options.holdout_days * DAY_S, (until_s - start) // 3) // 3_600 * 3_600
    test = int(holdout * options.test_share) // 3_600 * 3_600
    return Split(start, until_s - holdout, until_s - test, until_s)


def _first_value_s(history: SeriesHistory) -> int:
    known = np.flatnonzero(np.isfinite(history.values))
    return history.start_s + (int(known[0]) if len(known) else len(history.values)) * history.series.resolution_s


def _record(
    histories: Sequence[SeriesHistory],
    model: SiteModel,
    decision: Decision,
    table: Mapping[str, Mapping[str, Figures]],
    about: tuple[Split, Candidate, TrainingOptions, float],
) -> TrainingRecord:
    split, candidate, options, seconds = about
    params: dict[str, str | int | float] = {
        "series": len(model.series),
        "parameters": sum(p.numel() for p in model.net.parameters()),
        "steps": candidate.steps,
        "seed": options.seed,
        "fit_from": format_utc(_moment(split.start)),
        "fit_until": format_utc(_moment(split.fit_end)),
        "test_from": format_utc(_moment(split.test_start)),
        "trained_until": model.trained_until,
        "data_sha256": data_hash(histories),
    }
    params |= {f"serves_{kind}": choice for kind, choice in decision.choices.items()}
    metrics = {
        "blend_rcrps": decision.blend,
        "baseline_rcrps": decision.baseline,
        "loss": candidate.loss,
        "seconds": seconds,
    }
    for rival, kinds in table.items():
        for kind, one in kinds.items():
            metrics[f"{rival}_{kind}_rcrps"] = one.rcrps
            metrics[f"{rival}_{kind}_coverage80"] = one.coverage80
            metrics[f"{rival}_{kind}_coverage90"] = one.coverage90
    tags = {"decision": decision.sentence, "promoted": str(decision.promoted).lower()}
    if options.git_commit:
        tags["git_commit"] = options.git_commit
    return TrainingRecord(params, {k: v for k, v in metrics.items() if v == v}, tags)


def _provenance(record: TrainingRecord) -> dict[str, str | int | float]:
    """Data, code and environment, as they stand in the signed manifest."""
    named = ("data_sha256", "fit_from", "fit_until", "test_from", "trained_until", "seed")
    made = {name: record.params[name] for name in named if name in record.params}
    return made | {"git_commit": record.tags.get("git_commit", "")} | environment()


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _since(began: float) -> float:
    return round(time.monotonic() - began, 1)
