"""What is logged about one training: under S3's names where S3 has one. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import numpy as np

from forecast_service.inference.registry import TRAINED_UNTIL_TAG, TrainingRecord
from forecast_service.model.assemble import DECODER_NAMES
from forecast_service.ports import SeriesHistory
from forecast_service.training.contest import Duel
from forecast_service.training.corpus import data_hash
from forecast_service.training.desk import Desk
from forecast_service.training.gate import Verdict
from forecast_service.training.importance import CSV_FILE as IMPORTANCE_FILE
from forecast_service.training.options import TrainingOptions
from forecast_service.training.promotion import figures_of
from forecast_service.training.provenance import environment
from forecast_service.training.recipe import Candidate, Split
from gridseal.wire.fields import format_utc


@dataclass(frozen=True, slots=True)
class Training:
    """One training as it was asked for."""

    mode: str
    """``full``, ``finetune`` or ``sweep``."""
    split: Split
    options: TrainingOptions
    desk: Desk


def training_record(
    histories: Sequence[SeriesHistory], candidate: Candidate, training: Training, seconds: float
) -> TrainingRecord:
    """Parameters, figures by rival and kind, and where everything comes from."""
    split, options, desk = training.split, training.options, training.desk
    model, decision = candidate.model, candidate.decision
    params: dict[str, str | int | float] = {
        "mode": training.mode,
        "series": len(model.series),
        "parameters": sum(p.numel() for p in model.net.parameters()),
        "steps": candidate.steps,
        "seed": options.seed,
        "fit_from": moment(split.start),
        "fit_until": moment(split.fit_end),
        "test_from": moment(split.test_start),
        "trained_until": model.trained_until,
        "data_sha256": data_hash(histories),
        "train_size": _periods(histories, split.start, split.fit_end),
        "test_size": _periods(histories, split.test_start, split.end),
        "features": ",".join(DECODER_NAMES)[:5_000],
        "train_start": moment(split.start),
        "train_end": moment(split.fit_end),
        "test_start": moment(split.test_start),
        "test_end": moment(split.end),
    }
    told = {f"option_{name}": value for name, value in asdict(options).items()}
    params |= {name: value for name, value in told.items() if isinstance(value, str | int | float) and value != ""}
    params |= {f"serves_{kind}": choice for kind, choice in decision.choices.items()}
    params |= {f"environment_{name}": value for name, value in environment().items()}
    metrics = {"blend_rcrps": decision.blend, "baseline_rcrps": decision.baseline}
    metrics |= {"loss": candidate.loss, "seconds": seconds}
    for rival, kinds in candidate.table.items():
        for kind, one in kinds.items():
            metrics[f"{rival}_{kind}_rcrps"] = one.rcrps
            metrics[f"{rival}_{kind}_coverage80"] = one.coverage80
            metrics[f"{rival}_{kind}_coverage90"] = one.coverage90
    tags = {
        "mlflow.runName": f"{training.mode} {moment(split.end)}",
        TRAINED_UNTIL_TAG: model.trained_until,
        "decision": decision.sentence,
        "cause": desk.cause,
        "reason": desk.reason or desk.cause,
    }
    if options.git_commit:
        tags["git_commit"] = tags["mlflow.source.git.commit"] = options.git_commit
    texts = {IMPORTANCE_FILE: candidate.importance} if candidate.importance else {}
    return TrainingRecord(params, _finite(metrics), tags, texts)


def with_gate(record: TrainingRecord, verdict: Verdict, found: Duel, desk: Desk) -> TrainingRecord:
    """The record with what the gate saw: S3's metrics, the tests, and the losses of every slot as a file."""
    seen = {
        "accepted": verdict.accepted,
        "sentence": verdict.sentence,
        "rival": verdict.rival,
        "rule": asdict(desk.rule),
        "kinds": {kind: list(pair) for kind, pair in found.kinds.items()},
        "coverage80": [_number(share) for share in found.coverage80],
        "coverage90": [_number(share) for share in found.coverage90],
        "slots": [
            [moment(int(at)), round(float(mine), 6), round(float(theirs), 6)]
            for at, mine, theirs in zip(found.slots_s, found.mine, found.theirs, strict=True)
            if np.isfinite(mine)
        ],
    }
    metrics = _finite({**record.metrics, **found.point, **figures_of(verdict)})
    tags = {**record.tags, "decision": verdict.sentence, "accepted": str(verdict.accepted).lower()}
    return TrainingRecord(record.params, metrics, tags, {**record.texts, "gate.json": json.dumps(seen, indent=1)})


def provenance_of_record(record: TrainingRecord) -> dict[str, str | int | float]:
    """Data, code and environment, as they stand in the signed manifest."""
    named = ("mode", "data_sha256", "fit_from", "fit_until", "test_from", "trained_until", "seed")
    made = {name: record.params[name] for name in named if name in record.params}
    return made | {"git_commit": record.tags.get("git_commit", "")} | environment()


def moment(seconds: int) -> str:
    """RFC 3339."""
    return format_utc(datetime.fromtimestamp(seconds, UTC))


def _periods(histories: Sequence[SeriesHistory], since_s: int, until_s: int) -> int:
    """Complete windows in ``[since, until)``."""
    count = 0
    for history in histories:
        step = history.series.resolution_s
        low, high = (max((at - history.start_s) // step, 0) for at in (since_s, until_s))
        count += int(np.isfinite(history.values[low:high]).sum())
    return count


def _finite(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if np.isfinite(value)}


def _number(share: float) -> float | None:
    return share if np.isfinite(share) else None
