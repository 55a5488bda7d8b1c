"""What a transaction offers. Amounts are wei per gas."""

from dataclasses import dataclass
from typing import Final

BUMP_NUMERATOR: Final = 9
BUMP_DENOMINATOR: Final = 8
"""A replacement offers at least an eighth more in both fields; nodes ask for a tenth (geth, anvil) to an eighth."""


@dataclass(frozen=True, slots=True)
class Fees:
    """The two fields of a type 2 transaction."""

    max_fee: int
    priority_fee: int


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """``cap`` bounds ``max_fee``: nothing is ever offered above it."""

    priority_fee: int
    cap: int


def first_offer(base_fee: int, policy: FeePolicy) -> Fees:
    """Room for the base fee to double, and the tip. On a chain without fees both are 0 if the tip is."""
    max_fee = min(2 * base_fee + policy.priority_fee, policy.cap)
    return Fees(max_fee, min(policy.priority_fee, max_fee))


def next_offer(old: Fees, base_fee: int, policy: FeePolicy) -> Fees | None:
    """What a replacement of ``old`` offers, or None if the cap leaves no room for one that a node would take."""
    if old.max_fee == base_fee == policy.priority_fee == 0:
        return None  # a chain without fees: money does not speed anything up
    least = Fees(_bumped(old.max_fee), _bumped(old.priority_fee))
    fresh = first_offer(base_fee, policy)
    max_fee = max(least.max_fee, fresh.max_fee)
    priority_fee = max(least.priority_fee, fresh.priority_fee)
    if max_fee > policy.cap or priority_fee > max_fee:
        return None
    return Fees(max_fee, priority_fee)


def _bumped(amount: int) -> int:
    return max(amount + 1, -(-amount * BUMP_NUMERATOR // BUMP_DENOMINATOR))
