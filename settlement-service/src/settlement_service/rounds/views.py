"""The public form of rounds, scores, disputes and stakes. Pure.

Amounts of the token and scores are decimal text: they do not fit a float.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from gridseal.notary.score import ONE
from gridseal.wire.rounds import RoundState
from settlement_service.events import ChainEvent
from settlement_service.rounds.values import Round


class View(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True)


class StepView(View):
    """One event of the chain."""

    event: str
    tx_hash: str
    block_number: int
    block_time: AwareDatetime


class ScoreView(View):
    """Mean score of an authority in a round: 0 is perfect, ``score_ratio`` 1 is the worst."""

    product_id: str
    slot: AwareDatetime
    authority: str
    score: str
    score_ratio: float
    tx_hash: str


class DisputeView(View):
    """A dispute. ``ruling``: 1 for the provider, 2 for the challenger, 0 for neither or none in time."""

    product_id: str | None
    slot: AwareDatetime | None
    version: int
    challenger: str | None
    dispute_id: str
    evidence_hash: str
    evidence: str | None = None
    """The text behind the hash, once somebody gave it."""
    opened_at: AwareDatetime
    ruling_deadline: AwareDatetime | None = None
    """From then on the arbiter cannot rule any more, the chain's time."""
    tx_hash: str
    ruling: int | None


class ActualsView(View):
    """The newest version of a slot's measured values. ``final_at`` is the chain's time."""

    version: int
    root: str
    leaf_count: int
    final_at: AwareDatetime
    tx_hash: str


class MoveView(View):
    """What a settlement did to a stake."""

    authority: str | None
    kind: str
    amount: str


class RoundSummary(View):
    """One slot of one product."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"example": {"product_id": "site-6h", "state": "settled"}})

    product_id: str
    slot: AwareDatetime
    state: RoundState
    due_at: AwareDatetime
    detail: str


class RoundDetail(RoundSummary):
    """The same with everything the chain said about it."""

    actuals: ActualsView | None = None
    deadline: AwareDatetime | None = None
    """End of the reveals, the chain's time."""
    revealed: dict[str, int] = Field(default_factory=dict)
    """Leaves, by authority."""
    scores: tuple[ScoreView, ...] = ()
    disputes: tuple[DisputeView, ...] = ()
    moves: tuple[MoveView, ...] = ()
    taken: str | None = None
    given: str | None = None
    steps: tuple[StepView, ...] = ()


class RoundList(View):
    """Rounds, newest slot first."""

    items: tuple[RoundSummary, ...]


class ScoreList(View):
    """Scores, oldest first."""

    items: tuple[ScoreView, ...]


class DisputeList(View):
    """Disputes, oldest first."""

    items: tuple[DisputeView, ...]


class StakeView(View):
    """What stands behind an authority now. ``active`` is the part that is not leaving."""

    authority: str
    name: str | None
    """What we call it, where the key is ours: ``forecast`` or ``benchmark``."""
    stake: str
    active: str
    products: tuple[str, ...]
    """Hashes of the products that it takes part in."""


class StakeList(View):
    """Stakes of every authority that ever had one, and the treasury."""

    token: str
    decimals: int
    treasury: str
    unbonding_s: int
    items: tuple[StakeView, ...]


class ActualItem(View):
    """One measured value with the salt of its leaf."""

    series_id: str
    target_start: AwareDatetime
    resolution_s: int
    value_milli: int
    capacity_milli: int
    salt: str


class ActualsDocument(View):
    """Everything that somebody else needs to check, to dispute or to reveal: leaves in the order of the tree."""

    product_id: str
    slot: AwareDatetime
    version: int
    root: str
    secret: str
    """What the salts are derived from: with it the values can be given to another service."""
    items: tuple[ActualItem, ...]


class SlotSeal(View):
    """One batch that was recorded for a slot, oldest first; ``counts`` is the last one."""

    authority: str
    batch_hash: str
    counts: bool
    run_id: str | None
    version: int | None
    state: str | None


class SlotHistory(View):
    """Everything that was sealed for a slot by the authorities that are known."""

    product_id: str
    slot: AwareDatetime
    items: tuple[SlotSeal, ...]


def summary_of(round_: Round) -> RoundSummary:
    """A round in one line."""
    return RoundSummary(
        product_id=round_.product_id,
        slot=round_.slot,
        state=round_.state,
        due_at=round_.due_at,
        detail=round_.detail,
    )


def detail_of(round_: Round, events: Sequence[ChainEvent], moves: Sequence[ChainEvent]) -> RoundDetail:
    """A round with what the chain said.

    Args:
        round_: The round.
        events: About its slot, oldest first.
        moves: Of the transaction that settled it.
    """
    settled = _last(events, "Settled")
    opened = _last(events, "RoundOpened")
    return RoundDetail(
        **summary_of(round_).model_dump(),
        actuals=_actuals(_last(events, "ActualsProposed")),
        deadline=_moment(opened.arguments["deadline"]) if opened else None,
        revealed={str(e.account): int(e.arguments["revealed"]) for e in events if e.event == "Revealed"},
        scores=tuple(score_of(e, round_.product_id) for e in events if e.event == "Scored"),
        disputes=tuple(disputes_of(events, {str(e.product_hash): round_.product_id for e in events})),
        moves=tuple(_moves(moves)),
        taken=str(settled.arguments["taken"]) if settled else None,
        given=str(settled.arguments["given"]) if settled else None,
        steps=tuple(
            StepView(event=e.event, tx_hash=e.tx_hash, block_number=e.block_number, block_time=e.block_time)
            for e in events
        ),
    )


def score_of(event: ChainEvent, product_id: str) -> ScoreView:
    """One score."""
    score = int(event.arguments["score"])
    return ScoreView(
        product_id=product_id,
        slot=event.slot or event.block_time,
        authority=str(event.account),
        score=str(score),
        score_ratio=score / ONE,
        tx_hash=event.tx_hash,
    )


def disputes_of(events: Iterable[ChainEvent], names: dict[str, str]) -> Iterable[DisputeView]:
    """Disputes with their rulings. ``names`` are products by hash."""
    listed = list(events)
    for event in (e for e in listed if e.event == "ActualsDisputed"):
        key = (event.product_hash, event.slot, event.arguments["version"])
        same = [e for e in listed if (e.product_hash, e.slot, e.arguments.get("version")) == key]
        void = _last(same, "ActualsVoid")
        final = _last(same, "ActualsFinal")
        yield DisputeView(
            product_id=names.get(str(event.product_hash)),
            slot=event.slot,
            version=int(event.arguments["version"]),
            challenger=event.account,
            dispute_id=str(event.arguments["disputeId"]),
            evidence_hash=str(event.arguments["evidenceHash"]),
            opened_at=event.block_time,
            tx_hash=event.tx_hash,
            ruling=int(void.arguments["ruling"]) if void else 1 if final else None,
        )


def _moves(events: Iterable[ChainEvent]) -> Iterable[MoveView]:
    kinds = {"Slashed": "taken", "Rewarded": "given", "TreasuryGrew": "treasury"}
    for event in events:
        if event.event in kinds:
            amount = str(event.arguments["amount"])
            yield MoveView(authority=event.account, kind=kinds[event.event], amount=amount)


def _actuals(event: ChainEvent | None) -> ActualsView | None:
    if event is None:
        return None
    told = event.arguments
    return ActualsView(
        version=int(told["version"]), root=str(told["root"]), leaf_count=int(told["leafCount"]),
        final_at=_moment(told["finalAt"]), tx_hash=event.tx_hash,
    )  # fmt: skip


def _last(events: Iterable[ChainEvent], name: str) -> ChainEvent | None:
    return next((e for e in reversed(list(events)) if e.event == name), None)


def _moment(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
