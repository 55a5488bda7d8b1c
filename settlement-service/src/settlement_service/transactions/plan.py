"""What to do next with the orders of one key. Pure: no clock, no chain, no database.

What stands in the chain is looked at first, so that an order that was mined before a crash is not sent twice. A nonce,
once given, stays with its order until another transaction has taken it in a block that is final: as long as the old
one could come back, there is no new one. That, and the nonce itself, is why nothing is done twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from settlement_service.transactions.fees import FeePolicy, Fees, next_offer
from settlement_service.transactions.orders import AccountView, Attempt, Inclusion, Placed

MOST_FILLED_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Policy:
    """How one key is driven."""

    confirmations: int
    """A block is final when it is one of so many, counting itself."""
    window: int
    """So many transactions may be in flight at once."""
    replace_s: float
    """After so many wall seconds the one that holds up the others is replaced by a better offer."""
    fees: FeePolicy


@dataclass(frozen=True, slots=True)
class Include:
    """It is in this block now."""

    placed: Placed
    inclusion: Inclusion


@dataclass(frozen=True, slots=True)
class Finalize:
    """Its block cannot go away."""

    placed: Placed


@dataclass(frozen=True, slots=True)
class Lose:
    """Its block went away: it is in flight again, as the same transaction."""

    placed: Placed


@dataclass(frozen=True, slots=True)
class Displace:
    """Something that is no attempt of it has its nonce, for good: it needs another."""

    placed: Placed


@dataclass(frozen=True, slots=True)
class Refuse:
    """It is not begun."""

    placed: Placed
    detail: str


@dataclass(frozen=True, slots=True)
class Resend:
    """Hand a stored transaction to the node, which does not have it."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Replace:
    """Sign it again with the same nonce and a better offer."""

    placed: Placed
    nonce: int
    fees: Fees


@dataclass(frozen=True, slots=True)
class Fill:
    """Nothing that is in flight has this nonce, and what comes after waits for it."""

    nonce: int


@dataclass(frozen=True, slots=True)
class Assign:
    """Sign it for the first time."""

    placed: Placed
    nonce: int


Step = Include | Finalize | Lose | Displace | Refuse | Resend | Replace | Fill | Assign


def plan(orders: Sequence[Placed], view: AccountView, top_nonce: int, now: datetime, policy: Policy) -> list[Step]:
    """The next steps of one key, in the order in which to take them.

    Args:
        orders: Every order that is not final, oldest first.
        view: What the chain says about all their attempts.
        top_nonce: Highest nonce that was ever signed.
        now: Domain time.
        policy: How the key is driven.
    """
    steps: list[Step] = []
    flying: list[Placed] = []
    for placed in orders:
        if placed.nonce is None:
            continue
        inclusion = _inclusion(placed, view)
        if inclusion is not None:
            steps.extend(_landed(placed, inclusion, view, policy))
            continue
        if placed.watched:
            steps.append(Lose(placed))
        flying.append(placed)
    for placed in flying:
        steps.extend(_waiting(placed, view, policy))
    taken = {placed.nonce for placed in orders}
    first_free = max(view.nonce, top_nonce + 1)
    gaps = [nonce for nonce in range(view.nonce, first_free) if nonce not in taken]
    steps.extend(Fill(nonce) for nonce in gaps[:MOST_FILLED_AT_ONCE])
    steps.extend(_begun([p for p in orders if p.state == "none"], first_free, policy.window - len(flying), now))
    return steps


def _inclusion(placed: Placed, view: AccountView) -> Inclusion | None:
    return next((view.inclusions[a.tx_hash] for a in placed.attempts if a.tx_hash in view.inclusions), None)


def _landed(placed: Placed, inclusion: Inclusion, view: AccountView, policy: Policy) -> Iterator[Step]:
    if placed.included != inclusion or placed.in_flight:
        yield Include(placed, inclusion)
    if view.head.number - inclusion.block_number + 1 >= policy.confirmations:
        yield Finalize(placed)


def _waiting(placed: Placed, view: AccountView, policy: Policy) -> Iterator[Step]:
    newest, nonce = placed.attempts[-1], placed.nonce
    if nonce is None:
        return
    if nonce < view.nonce:
        if nonce < view.settled_nonce:
            yield Displace(placed)
        return
    if nonce == view.nonce and newest.age_s >= policy.replace_s:
        better = next_offer(Fees(newest.max_fee, newest.priority_fee), view.head.base_fee, policy.fees)
        if better is not None:
            yield Replace(placed, nonce, better)
            return
    if newest.tx_hash not in view.known:
        yield Resend(newest)


def _begun(waiting: Sequence[Placed], first_free: int, room: int, now: datetime) -> Iterator[Step]:
    nonce = first_free
    for placed in waiting:
        if placed.not_after is not None and now >= placed.not_after:
            yield Refuse(placed, "its time passed before it was sent")
        elif nonce - first_free < room:
            yield Assign(placed, nonce)
            nonce += 1
