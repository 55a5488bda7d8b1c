"""A champion that became significantly worse is taken back, by itself or by a person, and not twice the same way."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from memory import FolderRegistry
from prometheus_client import CollectorRegistry

from forecast_service.api.lifecycle import Lifecycle, lifecycle_routes
from forecast_service.inference.events import ModelEvent
from forecast_service.inference.registry import (
    ROLLED_BACK_TAG,
    NothingToRollBackError,
    Registered,
    TrainingRecord,
)
from forecast_service.inference.rollback import LiveLosses, RollbackRule, worsened
from forecast_service.inference.rollback_watch import RollbackWatch
from forecast_service.inference.steward import APPROVAL_TAG, AWAITED, NothingToApproveError, Steward
from forecast_service.store.model_events import RecordedEvent
from gridseal.runtime.problems import install_problem_handlers

NOW = datetime(2026, 6, 1, tzinfo=UTC)
RULE = RollbackRule()


def live(days: int, served: float, baseline: float = 0.10, seed: int = 0) -> LiveLosses:
    """Hours whose difficulty lasts for hours; both losses share it."""
    random = np.random.default_rng(seed)
    hard = np.repeat(random.normal(0, 0.02, days * 4), 6)
    noise = random.normal(0, 0.005, (2, days * 24))
    return LiveLosses(served + hard + noise[0], baseline + hard + noise[1])


@pytest.fixture
def versions(tmp_path: Path) -> tuple[FolderRegistry, Callable[[], Registered]]:
    """A registry and a way to promote one more version."""
    registry, empty = FolderRegistry(tmp_path / "registry"), tmp_path / "files"
    empty.mkdir()

    def one_more() -> Registered:
        made = registry.publish(empty, f"0x{len(registry.versions)}", TrainingRecord({}, {}, {}))
        registry.promote(made)
        return made

    return registry, one_more


def test_a_champion_that_does_as_the_one_before_stays() -> None:
    assert worsened(live(14, 0.08), live(7, 0.08, seed=1), RULE) is None


def test_a_harder_week_is_no_fault_of_the_champion() -> None:
    hard = live(7, 0.12, baseline=0.14, seed=1)

    assert worsened(live(14, 0.08), hard, RULE) is None


def test_a_champion_that_loses_more_than_the_one_before_is_found() -> None:
    reason = worsened(live(14, 0.06), live(7, 0.09, seed=1), RULE)

    assert reason is not None
    assert "rose by" in reason


def test_a_champion_that_loses_to_the_baseline_is_found_without_any_before() -> None:
    reason = worsened(live(0, 0), live(7, 0.13, seed=1), RULE)

    assert reason is not None
    assert "lost to the baseline" in reason


def test_three_days_are_too_few_to_judge() -> None:
    assert worsened(live(14, 0.06), live(3, 0.30), RULE) is None


def test_the_watch_takes_a_bad_champion_back_once(versions: tuple[FolderRegistry, Callable[[], Registered]]) -> None:
    registry, one_more = versions
    good, bad = one_more(), one_more()
    kept: list[ModelEvent] = []
    losses = {good.version: live(14, 0.06), bad.version: live(7, 0.15, seed=1)}
    watch = RollbackWatch(
        lambda: ["gridseal-test"], Steward(lambda model: registry, kept.append),
        lambda model, version, since, until: losses[version], lambda: NOW, CollectorRegistry(), RULE,
        matured_after=timedelta(hours=7), every_s=60,
    )  # fmt: skip

    reason = watch.look("gridseal-test")

    assert reason is not None
    assert registry.champion() == good
    assert bad.tags[ROLLED_BACK_TAG] == reason
    assert [(event.kind, event.version, event.by) for event in kept] == [
        ("rolled_back", bad.version, "watch"),
        ("promoted", good.version, "watch"),
    ]
    assert watch.look("gridseal-test") is None


def test_roll_backs_can_be_repeated_down_to_the_first_version(
    versions: tuple[FolderRegistry, Callable[[], Registered]],
) -> None:
    registry, one_more = versions
    first, second, third = one_more(), one_more(), one_more()

    assert registry.rollback("bad") == (third, second)
    assert registry.rollback("worse") == (second, first)
    with pytest.raises(NothingToRollBackError):
        registry.rollback("worst")
    assert registry.champion() == first
    fourth = one_more()
    assert registry.rollback("again") == (fourth, first)


def test_a_version_waits_for_a_person_and_serves_when_approved(
    versions: tuple[FolderRegistry, Callable[[], Registered]], tmp_path: Path
) -> None:
    registry, one_more = versions
    steward, kept = Steward(lambda model: registry, lambda event: kept.append(event.kind)), list[str]()
    one_more()
    waiting = registry.publish(tmp_path / "files", "0x9", TrainingRecord({}, {}, {}))
    with pytest.raises(NothingToApproveError):
        steward.approve("m", "looks good", "ada")
    registry.stage(waiting)
    registry.tag(waiting, {APPROVAL_TAG: AWAITED})

    assert steward.approve("m", "looks good", "ada") == waiting
    assert registry.champion() == waiting
    assert kept == ["approved", "promoted"]
    assert waiting.tags[APPROVAL_TAG] == "given by ada: looks good"


async def test_one_request_rolls_back(versions: tuple[FolderRegistry, Callable[[], Registered]]) -> None:
    registry, one_more = versions
    first, second = one_more(), one_more()
    kept: list[ModelEvent] = []
    app = FastAPI()
    install_problem_handlers(app)
    past = lambda model, limit: [RecordedEvent(NOW, event) for event in reversed(kept)]  # noqa: E731
    app.include_router(lifecycle_routes(Lifecycle(Steward(lambda model: registry, kept.append), past)))
    order, address = {"reason": "bands too narrow", "by": "ada"}, "/api/v1/models/gridseal-test"

    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        done = await client.post(f"{address}/rollback", json=order)
        again = await client.post(f"{address}/rollback", json=order)
        state = (await client.get(address)).json()
        empty = await client.post(f"{address}/rollback", json={})

    assert done.status_code == 200
    assert (done.json()["taken_back"]["version"], done.json()["serves"]["version"]) == (second.version, first.version)
    assert again.status_code == 409
    assert "no earlier version" in again.json()["detail"] or "nothing to roll back" in again.json()["detail"]
    assert state["aliases"]["champion"]["version"] == first.version
    assert [(event["kind"], event["by"]) for event in state["events"]] == [("promoted", "ada"), ("rolled_back", "ada")]
    assert empty.status_code == 422
