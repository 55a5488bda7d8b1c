"""Brings every round to its end: looks at the chain, does the one next step, looks again."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from gridseal.errors import ChainError, UnavailableError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger
from settlement_service.actuals.choose import over_at, targets_of
from settlement_service.contracts import Place
from settlement_service.rounds.metrics import RoundMetrics
from settlement_service.rounds.policy import Policy, chosen
from settlement_service.rounds.ports import Ledger, Rounds
from settlement_service.rounds.steps import Steps
from settlement_service.rounds.values import Round

log = get_logger(__name__)
LONGEST_PAUSE_S = 10.0
LOOK_BACK = timedelta(days=3)
"""Domain time: slots older than this get no round any more, after however long a pause of the service."""
LONGEST_HORIZON = timedelta(days=2)
"""Slots that may still be unsettled: their outcome is not over."""


@dataclass
class RoundLoop:
    """One per service; what it asks for goes through the one writer of each key."""

    rounds: Rounds
    ledger: Ledger
    steps: Steps
    clock: Clock
    policy: Policy
    metrics: RoundMetrics
    changed: asyncio.Event
    """Set when a contract said something: then no round sleeps on."""
    every_s: float = 1.0
    _sleeping: dict[tuple[str, int], int] = field(default_factory=dict, init=False)
    """Round by product and slot, to the Unix second of the chain before which nothing can happen."""

    async def run(self) -> None:
        """Go on until cancelled. Whatever is away is waited for."""
        pause = self.every_s
        while True:
            try:
                await self.look()
                pause = self.every_s
            except UnavailableError as error:
                log.warning("rounds_wait", reason=str(error))
                pause = min(pause * 2, LONGEST_PAUSE_S)
            except ChainError as error:
                self.metrics.failed.labels("view").inc()
                log.error("rounds_refused", reason=str(error))
                pause = min(pause * 2, LONGEST_PAUSE_S)
            await asyncio.sleep(pause)

    async def look(self) -> int:
        """One look at everything; the number of rounds that are open."""
        place = await self.ledger.place()
        for product_id in await self.rounds.products():
            await self._find(product_id, place)
        now = await self.ledger.chain_time()
        if self.changed.is_set():
            self.changed.clear()
            self._sleeping.clear()
        due = await self.rounds.open(place.deployment_id, self.clock.now())
        self.metrics.open.set(len(due))
        for round_ in due:
            name = (round_.product_id, round_.slot_s)
            if self._sleeping.get(name, 0) <= now:
                self._sleeping[name] = await self.steps.step(round_, place)
        open_names = {(r.product_id, r.slot_s) for r in due}
        self._sleeping = {name: until for name, until in self._sleeping.items() if name in open_names}
        return len(due)

    async def _find(self, product_id: str, place: Place) -> None:
        """Give rounds to the slots that the policy chooses, as soon as they are issued."""
        since = self.policy.span_of(self.clock.now() - LOOK_BACK - LONGEST_HORIZON)
        slots, known = await asyncio.gather(
            self.rounds.slots(product_id, since), self.rounds.settled(product_id, since)
        )
        for slot in chosen(slots, known, self.policy):
            run = await self.rounds.benchmark_run(product_id, slot)
            targets = targets_of(run) if run else []
            if targets:
                due_at = self.policy.due_at(over_at(targets))
                await self.rounds.add(Round(product_id, slot, due_at), place.deployment_id)
