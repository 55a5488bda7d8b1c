"""From a candidate to the version that serves, or to a refusal: each step tagged in the registry and written down.

``challenger`` (published) → gate → ``staging`` → smoke test on the files that the registry gives back
→ approval by a person, where that is asked for → ``champion``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from forecast_service.inference.champion import Opener, load_version, open_site_model
from forecast_service.inference.events import EventKind, Journal, ModelEvent, forgotten
from forecast_service.inference.registry import (
    DECISION_TAG,
    TRAINED_UNTIL_TAG,
    ModelRegistry,
    Registered,
    TrainingRecord,
)
from forecast_service.inference.steward import APPROVAL_TAG, AWAITED
from forecast_service.model.analogue import AnalogueForecaster
from forecast_service.model.sealed import ArtifactRefusedError, Keys
from forecast_service.ports import Forecaster, SeriesHistory
from forecast_service.training.contest import DAY_S, Duel, duel
from forecast_service.training.gate import Verdict, Windows, judge
from forecast_service.training.leakage import forecaster_leaks
from forecast_service.training.rules import GateRule
from forecast_service.training.smoke import smoke_faults

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rival:
    """What a challenger must beat."""

    forecaster: Forecaster
    name: str
    first: bool
    """Whether nothing serves yet but the baseline."""
    seen_until_s: int | None
    """Unix seconds; none where it learned from nothing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a candidate."""

    promoted: bool
    registered: Registered | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Asked:
    """For which series, how far ahead and at which levels a model will be asked."""

    histories: Sequence[SeriesHistory]
    horizon_s: int
    levels_bps: tuple[int, ...]


class Promotion:
    """Holds a candidate against what serves and moves the aliases."""

    def __init__(
        self,
        registry: ModelRegistry,
        trusted: Callable[[], Keys] | None,
        rule: GateRule,
        journal: Journal = forgotten,
        open_model: Opener = open_site_model,
    ) -> None:
        """Make the gate of one model.

        Args:
            registry: Where its versions are.
            trusted: Who may sign. ``None``: signatures are not asked for, only hashes.
            rule: Limits.
            journal: Keeps what happened.
            open_model: Reads the files of a version.
        """
        self._registry, self._trusted, self._rule = registry, trusted, rule
        self._journal, self._open = journal, open_model

    def rival(self) -> Rival:
        """The champion, or the baseline where there is none or none that can be loaded."""
        champion = self._registry.champion()
        if champion is not None:
            try:
                return Rival(self._load(champion), f"champion {champion.version}", False, _seen_until(champion))
            except ArtifactRefusedError as error:
                log.error("champion_refused", version=champion.version, reason=str(error))
        return Rival(AnalogueForecaster(), "analogues", True, None)

    def judge(self, judged: Forecaster, asked: Asked, windows: Windows, end_s: int) -> tuple[Verdict, Duel]:
        """Compare the part of a candidate that never saw the test window with what serves.

        The slots begin where the champion's own training ended, if enough days are left; else it is
        judged on days that it knew, which only makes it harder to beat.
        """
        rival, rule = self.rival(), self._rule
        first_s = windows.test_from
        fair_s = max(first_s, (rival.seen_until_s or 0) + asked.horizon_s)
        if end_s - asked.horizon_s - fair_s >= rule.min_days * DAY_S:
            first_s = fair_s
        slots = slots_between(first_s, end_s - asked.horizon_s, rule.every_s)
        found = duel(judged, rival.forecaster, asked.histories, slots, asked.horizon_s, asked.levels_bps)
        probed = slots[:: max(len(slots) // rule.probe_slots, 1)][: rule.probe_slots]
        leaks = forecaster_leaks(judged, asked.histories, probed, asked.horizon_s, asked.levels_bps)
        return judge(found, windows, leaks, rule, rival=rival.name, first=rival.first), found

    def submit(
        self, folder: Path, model_hash: str, record: TrainingRecord, verdict: Verdict, asked: Asked, end_s: int
    ) -> Outcome:
        """Publish a candidate and take it as far as its verdict allows.

        Args:
            folder: Its sealed files.
            model_hash: Of their manifest.
            record: What is logged.
            verdict: Of ``judge``.
            asked: What the smoke test asks for.
            end_s: Unix seconds: newest data.
        """
        made = self._registry.publish(folder, model_hash, record)
        figures = figures_of(verdict)
        self._say("published", made, record.tags.get("reason", "training"), figures)
        if not verdict.accepted:
            return self._refuse(made, verdict.sentence, figures)
        self._registry.stage(made)
        self._registry.tag(made, {DECISION_TAG: verdict.sentence})
        self._say("staged", made, verdict.sentence, figures)
        faults = self._smoke(made, asked, end_s)
        if faults:
            return self._refuse(made, f"smoke test: {'; '.join(faults[:3])}", {})
        if self._rule.by_hand:
            self._registry.tag(made, {APPROVAL_TAG: AWAITED})
            return Outcome(False, made, f"version {made.version} waits for approval: {verdict.sentence}")
        self._registry.promote(made)
        self._say("promoted", made, verdict.sentence, figures)
        return Outcome(True, made, f"version {made.version} serves: {verdict.sentence}")

    def _smoke(self, made: Registered, asked: Asked, end_s: int) -> list[str]:
        newest = end_s - asked.horizon_s
        slots = slots_between(newest - (self._rule.probe_slots - 1) * self._rule.every_s, newest, self._rule.every_s)
        try:
            forecaster = self._load(made)
        except ArtifactRefusedError as error:
            return [str(error)]
        return smoke_faults(forecaster, asked.histories, slots, asked.horizon_s, asked.levels_bps)

    def _refuse(self, made: Registered, sentence: str, figures: Mapping[str, float]) -> Outcome:
        self._registry.tag(made, {DECISION_TAG: sentence})
        self._say("refused", made, sentence, figures)
        return Outcome(False, made, sentence)

    def _load(self, registered: Registered) -> Forecaster:
        return load_version(self._registry, registered, self._trusted() if self._trusted else None, self._open)

    def _say(self, kind: EventKind, made: Registered, reason: str, figures: Mapping[str, float]) -> None:
        log.info("model_" + kind, version=made.version, reason=reason)
        self._journal(
            ModelEvent(kind, self._registry.model_name, made.version, made.model_hash, reason, "gate", figures)
        )


def slots_between(first_s: int, last_s: int, every_s: int) -> list[int]:
    """Multiples of ``every_s`` from ``first_s`` to ``last_s``, both included; at least the last one before the end."""
    found = list(range(-(-first_s // every_s) * every_s, last_s + 1, every_s))
    return found or [last_s // every_s * every_s]


def _seen_until(champion: Registered) -> int | None:
    told = champion.tags.get(TRAINED_UNTIL_TAG)
    return int(datetime.fromisoformat(told).timestamp()) if told else None


def figures_of(verdict: Verdict) -> dict[str, float]:
    """What the tests found, under the names they are logged by."""
    found = verdict.comparison
    return {
        "challenger_rcrps": found.mine,
        "champion_rcrps": found.theirs,
        "difference_low": found.low,
        "difference_high": found.high,
        "p_block_bootstrap": found.p_bootstrap,
        "p_diebold_mariano": found.p_dm,
        "slots": float(found.slots),
    }
