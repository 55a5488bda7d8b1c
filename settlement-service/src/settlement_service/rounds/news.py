"""Where a round stands by what the contracts said: the message of ``rounds.changed``. Pure."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from gridseal.wire.rounds import MOST_STEPS, RoundActuals, RoundChange, RoundState, RoundStep
from settlement_service.contracts import Place
from settlement_service.events import ChainEvent, LogId

STATES: dict[str, RoundState] = {
    "ActualsProposed": "proposed",
    "ActualsDisputed": "disputed",
    "ActualsVoid": "void",
    "ActualsFinal": "final",
    "RoundOpened": "revealing",
    "Settled": "settled",
    "RoundNeutral": "neutral",
}
"""The event that begins a state; others change none."""

ABOUT_ROUNDS = frozenset({*STATES, "Revealed", "Scored"})


def change_of(
    product_id: str, slot: datetime, events: Sequence[ChainEvent], new: Collection[LogId], place: Place
) -> RoundChange:
    """The whole state of a round.

    Args:
        product_id: Whose slot it is.
        slot: Which.
        events: Everything that stands on the chain about the slot, oldest first.
        new: Those of them that were not told of yet, by ``log_id``.
        place: Where the contracts are.
    """
    opened = _last(events, "RoundOpened")
    settled = _last(events, "Settled")
    return RoundChange(
        product_id=product_id,
        slot=slot,
        state=next((STATES[e.event] for e in reversed(events) if e.event in STATES), "waiting"),
        chain_id=place.chain_id,
        settlement=place.addresses["Settlement"],
        actuals=_actuals(events),
        deadline=_moment(opened.arguments["deadline"]) if opened else None,
        revealed={str(e.account): int(e.arguments["revealed"]) for e in events if e.event == "Revealed"},
        scores={str(e.account): str(e.arguments["score"]) for e in events if e.event == "Scored"},
        taken=str(settled.arguments["taken"]) if settled else None,
        given=str(settled.arguments["given"]) if settled else None,
        steps=tuple(_step(e) for e in events if e.log_id in new)[-MOST_STEPS:],
    )


def _actuals(events: Sequence[ChainEvent]) -> RoundActuals | None:
    proposed = _last(events, "ActualsProposed")
    if proposed is None:
        return None
    told = proposed.arguments
    about = [e for e in events if e.arguments.get("version") == told["version"]]
    doubted, void = _last(about, "ActualsDisputed"), _last(about, "ActualsVoid")
    return RoundActuals(
        version=int(told["version"]),
        root=str(told["root"]),
        leaf_count=int(told["leafCount"]),
        final_at=_moment(told["finalAt"]),
        challenger=doubted.account if doubted else None,
        ruling=int(void.arguments["ruling"]) if void else None,
    )


def _step(event: ChainEvent) -> RoundStep:
    return RoundStep(
        event=event.event, tx_hash=event.tx_hash, block_number=event.block_number, block_time=event.block_time,
        account=event.account,
    )  # fmt: skip


def _last(events: Sequence[ChainEvent], name: str) -> ChainEvent | None:
    return next((e for e in reversed(events) if e.event == name), None)


def _moment(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
