"""One training from history to promotion, for a process of its own: load, make a candidate, judge, register."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import structlog
import torch

from forecast_service.inference.registry import ModelRegistry, scratch_folder
from forecast_service.inference.serving import ServingForecaster
from forecast_service.model.artifact import save_model
from forecast_service.model.grid import DAY_S
from forecast_service.model.panel import Scale
from forecast_service.ports import HistoryStore, SeriesHistory
from forecast_service.training.corpus import build, scales_until
from forecast_service.training.desk import Desk
from forecast_service.training.evaluate import Figures
from forecast_service.training.finetune import lighter, start_from, warm_scales, windows_after
from forecast_service.training.gate import Windows
from forecast_service.training.options import TrainingOptions
from forecast_service.training.promotion import Asked, Outcome, Promotion
from forecast_service.training.provenance import commit
from forecast_service.training.recipe import Candidate, Split, make_candidate
from forecast_service.training.record import Training, provenance_of_record, training_record, with_gate
from forecast_service.training.request import TrainingRequest
from forecast_service.training.sweep import swept
from gridseal.wire.catalog import Series

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
    registry: ModelRegistry,
    desk: Desk,
    request: TrainingRequest,
    options: TrainingOptions | None = None,
) -> TrainingReport:
    """Train as requested on what ended by ``now``.

    Raises:
        UnavailableError: The history store or the registry does not answer.
        ConfigError: The request names an option that does not exist, or there is no champion to start from.
    """
    options = request.applied(options or TrainingOptions())
    options = replace(options, git_commit=options.git_commit or commit())
    return train(store, request.chosen(series), now, registry, options, desk, request)


def train(
    store: HistoryStore,
    series: Sequence[Series],
    now: datetime,
    registry: ModelRegistry,
    options: TrainingOptions,
    desk: Desk | None = None,
    request: TrainingRequest | None = None,
) -> TrainingReport:
    """Load, fit, judge, register, promote."""
    torch.set_num_threads(1)
    desk, request, began = desk or Desk(), request or TrainingRequest(), time.monotonic()
    until = datetime.fromtimestamp(int(now.timestamp()) // 3_600 * 3_600, UTC)
    wanted = [one for one in series if one.forecast]
    histories = store.load(wanted, until - timedelta(days=options.history_days), until)
    split = split_of(histories, int(until.timestamp()), options)
    options = options.for_days((split.end - split.start) / DAY_S)
    scales = scales_until(histories, split.fit_end, options.min_days)
    if not scales:
        return TrainingReport(False, None, {}, {}, "no series has enough history to learn from")
    candidate, training = _candidate(histories, scales, Training(request.mode, split, options, desk), registry, request)
    log.info("training_judged", decision=candidate.decision.sentence, steps=candidate.steps, seconds=_since(began))
    outcome = _submit(histories, candidate, training, registry, began)
    version = outcome.registered.version if outcome.registered else None
    return TrainingReport(outcome.promoted, version, candidate.decision.choices, candidate.table, outcome.sentence)


def _candidate(
    histories: Sequence[SeriesHistory],
    scales: Mapping[str, Scale],
    training: Training,
    registry: ModelRegistry,
    request: TrainingRequest,
) -> tuple[Candidate, Training]:
    """A candidate as requested, and what its training was in the end."""
    split, options = training.split, training.options
    start = None
    if request.mode == "finetune":
        start = start_from(registry, training.desk.trusted)
        begin, fit_end, test_start, end = windows_after(start, split.end)
        split = Split(max(begin, split.start), fit_end, test_start, end)
        options, scales = lighter(options, start), warm_scales(start, scales)
    corpora = build(histories, scales, split.end, options.horizon_s)
    if request.mode == "sweep":
        options = swept(corpora, scales, split, options, request.trials, registry.record)
    return make_candidate(corpora, scales, split, options, start), replace(training, split=split, options=options)


def _submit(
    histories: Sequence[SeriesHistory],
    candidate: Candidate,
    training: Training,
    registry: ModelRegistry,
    began: float,
) -> Outcome:
    """Take a candidate through the gate."""
    split, options, desk = training.split, training.options, training.desk
    record = training_record(histories, candidate, training, _since(began))
    if not candidate.decision.choices:
        registry.record(record)
        return Outcome(False, None, candidate.decision.sentence)
    promotion = Promotion(registry, desk.trusted, desk.rule, desk.journal)
    known = [h for h in histories if h.series.series_id in candidate.model.series]
    asked = Asked(known, options.horizon_s, options.levels_bps)
    judged = ServingForecaster(candidate.judged, name=registry.model_name, version="judged", model_hash="0x")
    verdict, found = promotion.judge(judged, asked, _windows(split, options), split.end)
    log.info("training_compared", verdict=verdict.sentence, seconds=_since(began))
    record = with_gate(record, verdict, found, desk)
    with scratch_folder() as folder:
        model_hash = save_model(candidate.model, Path(folder), desk.signer, provenance_of_record(record))
        return promotion.submit(Path(folder), model_hash, record, verdict, asked, split.end)


def _windows(split: Split, options: TrainingOptions) -> Windows:
    return Windows(
        fitted_until=split.fit_end,
        calibrated_from=split.fit_end,
        calibrated_until=split.test_start,
        test_from=split.test_start + options.horizon_s,
        horizon_s=options.horizon_s,
    )


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


def _since(began: float) -> float:
    return round(time.monotonic() - began, 1)
