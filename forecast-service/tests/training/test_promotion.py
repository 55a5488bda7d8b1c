"""Only what passed the gate and its smoke test serves, and it is written down why."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from histories import START, a_history
from memory import FolderRegistry
from simple import DAY, SIX_HOURS, Simple, of_three_days, yesterday

from forecast_service.inference.events import ModelEvent
from forecast_service.inference.registry import DECISION_TAG, Registered, TrainingRecord
from forecast_service.inference.steward import APPROVAL_TAG, AWAITED, Steward
from forecast_service.model.levels import SITE_LEVELS_BPS
from forecast_service.model.sealed import ArtifactRefusedError, Keys, seal, unseal
from forecast_service.ports import Forecaster, SeriesHistory
from forecast_service.training.gate import Windows
from forecast_service.training.promotion import TRAINED_UNTIL_TAG, Asked, Outcome, Promotion
from forecast_service.training.rules import GateRule

T0 = int(START.timestamp())
FIT_END, TEST_START, END = T0 + 40 * DAY, T0 + 45 * DAY, T0 + 60 * DAY
WINDOWS = Windows(FIT_END, FIT_END, TEST_START, TEST_START + SIX_HOURS, SIX_HOURS)
KINDS: dict[str, Callable[[], Simple]] = {
    "good": lambda: Simple(of_three_days),
    "poor": lambda: Simple(yesterday, band=500),
    "broken": lambda: Simple(lambda history, slot, targets: np.full(len(targets), 1e9)),
}


def open_simple(folder: Path, registered: Registered, keys: Keys | None, name: str) -> Forecaster:
    files = unseal(folder, "simple/1", registered.model_hash, keys)
    return replace(KINDS[files["kind"].decode()](), version=registered.version)


class Works:
    """A gate with its registry, and candidates made of one word."""

    def __init__(self, folder: Path, **rule: float | bool) -> None:
        self.folder, self.registry = folder, FolderRegistry(folder / "registry")
        self.events: list[ModelEvent] = []
        homes = [a_history("home_load", seed=k, name=f"load-{k}") for k in range(3)]
        self.asked = Asked(homes, SIX_HOURS, SITE_LEVELS_BPS)
        given = GateRule(**({"coverage_slack": 0.15} | rule))  # type: ignore[arg-type]
        self.promotion = Promotion(self.registry, None, given, self.events.append, open_simple)

    def submit(self, kind: str, judged_as: str | None = None) -> Outcome:
        verdict, _ = self.promotion.judge(KINDS[judged_as or kind](), self.asked, WINDOWS, END)
        folder = self.folder / f"made-{len(self.registry.versions)}"
        folder.mkdir()
        (folder / "kind").write_text(kind)
        digest = seal(folder, "simple/1")
        record = TrainingRecord({}, {}, {TRAINED_UNTIL_TAG: datetime.fromtimestamp(FIT_END, UTC).isoformat()})
        return self.promotion.submit(folder, digest, record, verdict, self.asked, END)

    @property
    def steps(self) -> list[str]:
        return [f"{event.kind} {event.version}" for event in self.events]


@pytest.fixture
def works(tmp_path: Path) -> Works:
    return Works(tmp_path)


def test_the_first_model_serves_when_it_beats_the_baseline_and_the_next_when_it_beats_the_first(works: Works) -> None:
    first, second = works.submit("poor"), works.submit("good")

    assert (first.promoted, second.promoted) == (True, True)
    assert works.registry.serving == second.registered
    assert works.registry.aliased("previous") == first.registered
    assert works.steps == ["published 1", "staged 1", "promoted 1", "published 2", "staged 2", "promoted 2"]
    assert works.events[-1].figures["challenger_rcrps"] < works.events[-1].figures["champion_rcrps"]


def test_what_is_not_better_is_kept_as_challenger_and_refused(works: Works) -> None:
    works.submit("good")

    outcome = works.submit("poor")

    assert not outcome.promoted
    assert outcome.registered is not None
    assert works.registry.aliased("challenger") == outcome.registered
    assert "not significantly better" in outcome.registered.tags[DECISION_TAG]
    assert works.steps[-1] == "refused 2"


def test_files_that_fail_the_smoke_test_never_serve(works: Works) -> None:
    works.submit("poor")

    outcome = works.submit("broken", judged_as="good")

    assert not outcome.promoted
    assert "smoke test" in outcome.sentence
    assert "far beyond" in outcome.sentence
    assert works.registry.serving is not None
    assert works.registry.serving.version == "1"


def test_a_person_can_be_asked_before_a_version_serves(tmp_path: Path) -> None:
    works = Works(tmp_path, by_hand=True)

    outcome = works.submit("good")
    assert outcome.registered is not None
    waiting = works.registry.aliased("staging")

    assert not outcome.promoted
    assert waiting == outcome.registered
    assert waiting.tags[APPROVAL_TAG] == AWAITED
    assert works.registry.champion() is None
    Steward(lambda model: works.registry, works.events.append).approve("m", "checked", "ada")
    assert works.registry.serving == waiting
    assert works.steps == ["published 1", "staged 1", "approved 1", "promoted 1"]


def test_a_champion_whose_files_were_changed_is_no_rival(works: Works) -> None:
    works.submit("good")
    (works.registry.folder / "1" / "kind").write_text("goof")
    with pytest.raises(ArtifactRefusedError):
        open_simple(works.registry.folder / "1", works.registry.versions[0], None, "m")

    rival = works.promotion.rival()

    assert (rival.name, rival.first) == ("analogues", True)


def test_the_days_that_the_champion_learned_from_do_not_count(works: Works) -> None:
    works.submit("poor")
    late = datetime.fromtimestamp(TEST_START + 5 * DAY, UTC).isoformat()
    works.registry.tag(works.registry.versions[0], {TRAINED_UNTIL_TAG: late})

    _, found = works.promotion.judge(KINDS["good"](), works.asked, WINDOWS, END)

    assert found.slots_s[0] >= TEST_START + 5 * DAY + SIX_HOURS


def test_histories_end_at_the_slot_for_both(works: Works) -> None:
    newest: list[int] = []

    def watching(history: SeriesHistory, slot_s: int, targets_s: np.ndarray) -> np.ndarray:
        newest.append(history.end_s - slot_s)
        return yesterday(history, slot_s, targets_s)

    rule = GateRule(probe_slots=1)
    judge = Promotion(works.registry, None, rule, open_model=open_simple).judge
    judge(Simple(watching), works.asked, WINDOWS, END)

    slots = 14 * 8
    assert max(newest[: slots * 3]) <= 0
