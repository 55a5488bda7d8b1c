"""Which runs one call brings to the registry. Pure.

A product is sealed run by run, or batched: then runs of several slots or products wait for each other a while and go
together, which takes less gas. One call records all of them or none, so only first versions of different slots go
together, and none waits so long that its gate comes near.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from settlement_service.sealing import Sealing, Signing


@dataclass(frozen=True, slots=True)
class Grouping:
    """The policy. Without products every run goes by itself, at once."""

    products: frozenset[str] = frozenset()
    """Those that are batched."""
    most: int = 16
    """Runs per call."""
    wait_s: float = 30.0
    """Wall seconds that a run waits for others."""
    margin_s: int = 600
    """Domain seconds before its gate at which a run waits no longer."""


def together(
    head: Sealing, following: Sequence[Sealing], policy: Grouping, *, domain_now: int, wall_now: datetime
) -> list[Sealing]:
    """The runs that go now, in order; none where the head can wait for more.

    Args:
        head: The oldest run that is not sealed.
        following: Those behind it, oldest first.
        policy: Which products are batched.
        domain_now: Unix seconds.
        wall_now: The clock by which runs were received.
    """
    if not _fits(head, policy):
        return [head]
    group, slots = [head], {(head.product_id, head.slot)}
    for sealing in following:
        if len(group) == policy.most or not _fits(sealing, policy) or (sealing.product_id, sealing.slot) in slots:
            break  # no run overtakes another: each batch names the one before it
        group.append(sealing)
        slots.add((sealing.product_id, sealing.slot))
    urgent = min(s.gate_closure for s in group) - domain_now <= policy.margin_s
    waited_s = (wall_now - head.received_at).total_seconds()
    blocked = len(following) >= len(group)
    return group if urgent or blocked or len(group) == policy.most or waited_s >= policy.wait_s else []


def group_key(signings: Sequence[Signing]) -> str:
    """Idempotency key of the order that brings these signatures."""
    return f"many:{signings[0].batch_hash}:{signings[-1].batch_hash}"


def _fits(sealing: Sealing, policy: Grouping) -> bool:
    first = sealing.version == 1 and sealing.tries == 0 and sealing.state == "built"
    return first and sealing.product_id in policy.products
