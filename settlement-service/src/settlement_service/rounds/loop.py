"""Brings every round to its end: looks at the chain, does the one next step, looks again."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

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
IDLE_LOOKS = 10
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
LOOK_BACK = timedelta(days=3)
"""Domain time: slots older than this get no round any more, after however long a pause of the service."""
LONGEST_HORIZON = timedelta(days=2)
"""Slots that may still be unsettled: their outcome is not over."""


@dataclass
class RoundLoop:
    """One per service; what it asks for goes through the one writer of each key.

    While nothing can happen it asks one thing every ``IDLE_LOOKS`` times ``every_s``: whether a run was issued.
    """

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
    _seen: tuple[str, int] = field(default=("", -1), init=False)
    """Deployment and number of the newest benchmark's run that slots were looked for at."""
    _idle_until: datetime | None = field(default=None, init=False)
    """Domain time before which no round can move unless a contract says something."""

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
            else:
                await self._rest()
                continue
            await asyncio.sleep(pause)

    async def look(self) -> int:
        """One look at whatever may have moved; the number of rounds that are open, of those that were looked at."""
        place = await self.ledger.place()
        found = await self._find_issued(place)
        if not found and not self.changed.is_set() and not self._is_time():
            return 0
        self._idle_until = None  # a look that fails is done again
        now, domain_now = await self.ledger.chain_time(), self.clock.now()
        if self.changed.is_set():
            self.changed.clear()
            self._sleeping.clear()
        due = await self.rounds.open(place.deployment_id, domain_now)
        self.metrics.open.set(len(due))
        for round_ in due:
            name = (round_.product_id, round_.slot_s)
            if self._sleeping.get(name, 0) <= now:
                self._sleeping[name] = await self.steps.step(round_, place)
        open_names = {(r.product_id, r.slot_s) for r in due}
        self._sleeping = {name: until for name, until in self._sleeping.items() if name in open_names}
        self._idle_until = await self._nothing_before(place, domain_now)
        return len(due)

    async def _nothing_before(self, place: Place, domain_now: datetime) -> datetime | None:
        """Domain time before which no round can move by itself; none where one may at any moment."""
        if any(until <= domain_now.timestamp() for until in self._sleeping.values()):
            return None
        next_due = await self.rounds.next_due(place.deployment_id, domain_now)
        moments = [datetime.fromtimestamp(until, UTC) for until in self._sleeping.values()]
        return min([*moments, *([next_due] if next_due else [])], default=NEVER)

    def _is_time(self) -> bool:
        return self._idle_until is None or self._idle_until <= self.clock.now()

    async def _rest(self) -> None:
        """Until a contract says something, a round may move, or it is time to ask for new runs."""
        longest = self.every_s
        if self._idle_until is not None:
            left = self.clock.wall_seconds(self._idle_until - self.clock.now())
            longest = min(max(left, self.every_s), self.every_s * IDLE_LOOKS)
        try:
            async with asyncio.timeout(longest):
                await self.changed.wait()
        except TimeoutError:
            return
        await asyncio.sleep(min(longest, self.every_s))  # what was said comes in bursts

    async def _find_issued(self, place: Place) -> bool:
        """Look for slots once per issued run; whether there was one."""
        seen = (place.deployment_id, await self.rounds.newest())
        if seen == self._seen:
            return False
        for product_id in await self.rounds.products():
            await self._find(product_id, place)
        self._seen = seen
        return True

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
