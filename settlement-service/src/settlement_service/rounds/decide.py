"""What to do next with a round. Pure: no clock, no chain, no database.

What stands on the chain is looked at first, so everything here may be asked again after a crash, and steps that anyone
may take (finalize, open, reveal, settle) may be taken by anyone.
"""

from collections.abc import Collection
from dataclasses import dataclass

from gridseal.wire.rounds import RoundState
from settlement_service.rounds.values import ActualSet, Phase, Round, RoundView, Status

MOST_VERSIONS = 3
FOR_CHALLENGER = 2
"""The ruling that voids a version because its values are wrong."""
CORRECTION_S = 2 * 86_400
"""So long corrected values are waited for after such a ruling."""


@dataclass(frozen=True, slots=True)
class Propose:
    """Put up the measured values as this version."""

    version: int


@dataclass(frozen=True, slots=True)
class Finalize:
    """The window ended without a dispute."""

    version: int


@dataclass(frozen=True, slots=True)
class Expire:
    """No ruling came in time."""

    version: int


@dataclass(frozen=True, slots=True)
class Open:
    """Start the round."""


@dataclass(frozen=True, slots=True)
class Reveal:
    """Reveal the leaves of an authority."""

    authority: str


@dataclass(frozen=True, slots=True)
class Settle:
    """The time for reveals is over."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Withdraw what the provider is owed."""

    amount: int


@dataclass(frozen=True, slots=True)
class PayTreasury:
    """Move halves of lost bonds into the treasury."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before ``until`` (Unix seconds of the chain's time), where that is known."""

    until: int = 0


@dataclass(frozen=True, slots=True)
class End:
    """Nothing is left to do."""

    state: RoundState
    detail: str = ""


Action = Propose | Finalize | Expire | Open | Reveal | Settle | Claim | PayTreasury | Wait | End


def state_of(view: RoundView) -> RoundState:
    """The round's state by the chain alone."""
    if view.phase is Phase.SETTLED:
        return "settled"
    if view.phase is Phase.NEUTRAL:
        return "neutral"
    if view.phase is Phase.REVEALING:
        return "revealing"
    states: dict[Status, RoundState] = {
        Status.NONE: "waiting",
        Status.PROPOSED: "proposed",
        Status.DISPUTED: "disputed",
        Status.FINAL: "final",
        Status.VOID: "void",
    }
    return states[view.status]


def decide(
    round_: Round, view: RoundView, fresh: ActualSet | None, pending: Collection[str], *, domain_now: int
) -> Action:
    """The next step.

    Args:
        round_: What we know.
        view: What the chain says.
        fresh: The values as measured now, where a proposal may be due; none if nothing was measured.
        pending: Our authorities whose reveals are not all on the chain yet.
        domain_now: Unix seconds.
    """
    if view.phase in (Phase.SETTLED, Phase.NEUTRAL):
        if view.owed > 0:
            return Claim(view.owed)
        return PayTreasury() if view.treasury_due > 0 else End(state_of(view))
    if view.phase is Phase.REVEALING:
        return _reveal(view, pending)
    if not view.terms or not view.joined:
        return End("skipped", "nobody takes part in this slot")
    match view.status:
        case Status.PROPOSED:
            return Finalize(view.version) if view.now >= view.final_at else Wait(view.final_at)
        case Status.DISPUTED:
            return Expire(view.version) if view.now >= view.ruling_deadline else Wait(view.ruling_deadline)
        case Status.FINAL:
            return Open()
        case _:
            return _propose(round_, view, fresh, domain_now)


def _propose(round_: Round, view: RoundView, fresh: ActualSet | None, domain_now: int) -> Action:
    if domain_now < int(round_.due_at.timestamp()):
        return Wait(int(round_.due_at.timestamp()))
    if fresh is None:
        return End("skipped", "nothing that counts was measured")
    if view.version >= MOST_VERSIONS:
        return End("void", f"{view.version} versions of the actuals were voided")
    known = round_.actuals
    ours = known is not None and known.version == view.version
    if ours and view.ruling == FOR_CHALLENGER and known is not None and known.items == fresh.items:
        over = domain_now > int(round_.due_at.timestamp()) + CORRECTION_S
        return End("void", "the arbitrator ruled against the values, and no others were measured") if over else Wait()
    return Propose(view.version + 1)


def _reveal(view: RoundView, pending: Collection[str]) -> Action:
    if view.now >= view.deadline:
        return Settle()
    for authority in (view.benchmark, *view.joined):
        if authority in pending:
            return Reveal(authority)
    return Wait(view.deadline)
