"""``/api/v1/models/{model}``: which version serves, what happened to it, approval and roll-back."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from pydantic import BaseModel, Field

from forecast_service.inference.registry import NothingToRollBackError, Registered
from forecast_service.inference.steward import NothingToApproveError, Steward
from forecast_service.store.model_events import RecordedEvent
from gridseal.access.people import require_role
from gridseal.access.principal import Principal

Name = Annotated[str, Path(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Limit = Annotated[int, Query(ge=1, le=500)]


class Order(BaseModel):
    """What a person asks for, and why."""

    reason: str = Field(min_length=3, max_length=500, examples=["bands too narrow since Monday"])
    by: str = Field(default="operator", min_length=1, max_length=100)
    """Who asks, where there is no login; else it is who is signed in."""


class Version(BaseModel):
    """One version of the model."""

    version: str
    model_hash: str
    """0x-prefixed SHA-256 of the signed manifest: it stands in every run and every seal."""
    decision: str
    """What the gate said."""


class Event(BaseModel):
    """One step of one version."""

    recorded_at: datetime
    kind: str
    version: str
    reason: str
    by: str
    figures: dict[str, float]


class ModelState(BaseModel):
    """Aliases and the newest events first."""

    model: str
    aliases: dict[str, Version]
    events: tuple[Event, ...]


class RolledBack(BaseModel):
    """What a roll-back did."""

    taken_back: Version
    serves: Version


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What the routes need."""

    steward: Steward
    events: Callable[[str, int], list[RecordedEvent]]
    """Newest events of a model, at most so many."""


def lifecycle_routes(lifecycle: Lifecycle) -> APIRouter:
    """The routes on this registry and this journal."""
    steward, events = lifecycle.steward, lifecycle.events
    router = APIRouter(prefix="/api/v1/models", tags=["models"])

    @router.get("/{model}", operation_id="modelState")
    async def state(model: Name, limit: Limit = 50) -> ModelState:
        """Which version stands where, and what happened."""
        aliases, past = await asyncio.gather(
            asyncio.to_thread(steward.aliases, model), asyncio.to_thread(events, model, limit)
        )
        return ModelState(
            model=model,
            aliases={alias: _version(found) for alias, found in aliases.items()},
            events=tuple(_event(one) for one in past),
        )

    @router.post("/{model}/rollback", operation_id="rollBackModel")
    async def rollback(
        model: Name, order: Order, person: Annotated[Principal, Depends(require_role("operator"))]
    ) -> RolledBack:  # fmt: skip
        """Let the version before the champion serve again; workers follow within seconds."""
        try:
            bad, good = await asyncio.to_thread(steward.rollback, model, order.reason, _by(order, person))
        except NothingToRollBackError as error:
            raise HTTPException(409, str(error)) from error
        return RolledBack(taken_back=_version(bad), serves=_version(good))

    @router.post("/{model}/approve", operation_id="approveModel")
    async def approve(
        model: Name, order: Order, person: Annotated[Principal, Depends(require_role("operator"))]
    ) -> Version:  # fmt: skip
        """Let the version serve that passed the gate and waits for a person."""
        try:
            return _version(await asyncio.to_thread(steward.approve, model, order.reason, _by(order, person)))
        except NothingToApproveError as error:
            raise HTTPException(409, str(error)) from error

    return router


def _by(order: Order, person: Principal) -> str:
    """Whoever is signed in; where there is no login, who they say they are."""
    return order.by if person.kind == "local" else person.label


def _version(found: Registered) -> Version:
    return Version(version=found.version, model_hash=found.model_hash, decision=found.tags.get("gridseal.decision", ""))


def _event(one: RecordedEvent) -> Event:
    event = one.event
    return Event(
        recorded_at=one.recorded_at, kind=event.kind, version=event.version, reason=event.reason, by=event.by,
        figures=dict(event.figures),
    )  # fmt: skip
