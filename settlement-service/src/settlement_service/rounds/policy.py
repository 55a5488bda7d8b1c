"""Which slots are settled, and when their outcome is looked at. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Policy:
    """How often a product is settled.

    Every round costs a proposal, reveals of every authority and a settlement, so a product that is issued every quarter
    of an hour is settled by samples: the first slot of each span. Which one that is nobody chooses.
    """

    every: timedelta = timedelta(hours=6)
    """Of each span of this length since 1970 the first issued slot is settled."""
    lag: timedelta = timedelta(minutes=30)
    """After the last period ended; what is measured late comes in meanwhile."""

    def span_of(self, slot: datetime) -> datetime:
        """Start of the span that a slot lies in."""
        step = int(self.every.total_seconds())
        seconds = int(slot.timestamp())
        return datetime.fromtimestamp(seconds - seconds % step, UTC)

    def due_at(self, over: datetime) -> datetime:
        """When a slot's actuals can be proposed."""
        return over + self.lag


def chosen(slots: Iterable[datetime], settled: Iterable[datetime], policy: Policy) -> list[datetime]:
    """Slots that get a round now.

    Args:
        slots: Issued slots of one product.
        settled: Slots of it that have a round already; their spans are taken.
        policy: How often.
    """
    taken = {policy.span_of(slot) for slot in settled}
    found = []
    for slot in sorted(slots):
        span = policy.span_of(slot)
        if span not in taken:
            taken.add(span)
            found.append(slot)
    return found
