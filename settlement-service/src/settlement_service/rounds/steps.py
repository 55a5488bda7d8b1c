"""One step of one round: what the rule says is asked of the chain, and kept."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gridseal.notary.leaf import name_hash
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger
from settlement_service.actuals.choose import measured, targets_of
from settlement_service.actuals.leaves import committed
from settlement_service.contracts import Name, Place
from settlement_service.rounds.decide import (
    Action,
    Claim,
    End,
    Expire,
    Finalize,
    Open,
    PayTreasury,
    Propose,
    Reveal,
    Settle,
    Wait,
    decide,
    state_of,
)
from settlement_service.rounds.metrics import RoundMetrics
from settlement_service.rounds.ports import Calls, Catalog, Fate, Ledger, Measured, Role, Rounds, Seals
from settlement_service.rounds.reveal import reveal_calls
from settlement_service.rounds.values import ActualSet, Phase, Round, RoundView, Status
from settlement_service.sealing import Sealing

log = get_logger(__name__)
SOON = 0
Sealed = Mapping[str, Sealing]
"""Our seals that can still be revealed, by authority."""


@dataclass
class Steps:
    """Does steps. ``provider`` is the address of the provider's key."""

    rounds: Rounds
    ledger: Ledger
    calls: Calls
    seals: Seals
    measurements: Measured
    catalog: Catalog
    clock: Clock
    metrics: RoundMetrics
    provider: str
    _shown: set[tuple[str, int, str]] = field(default_factory=set, init=False)
    """Product, slot and authority of reveals that are on the chain."""

    async def step(self, round_: Round, place: Place) -> int:
        """Look at a round and do what is next; the Unix second of the chain before which nothing can happen."""
        view = await self.ledger.view(round_, self.provider)
        fresh = await self._next(round_, view) if view.status in (Status.NONE, Status.VOID) else None
        final = await self._final(round_, view) if view.phase is Phase.REVEALING else None
        sealed = await self._sealed(round_, view) if final else {}
        action = decide(round_, view, fresh, set(sealed), domain_now=int(self.clock.now().timestamp()))
        if isinstance(action, End):
            return await self._end(round_, action)
        if state_of(view) != round_.state:
            await self.rounds.save_state(round_, state_of(view))
        if isinstance(action, Wait):
            return action.until
        if isinstance(action, Reveal) and final is not None:
            await self._reveal(round_, sealed[action.authority], action.authority, final)
        elif isinstance(action, Propose) and fresh is not None:
            await self._propose(round_, replace(fresh, version=action.version))
        elif await self._last(round_, view, action):
            return await self._end(round_, End(state_of(view)))
        return SOON

    async def _last(self, round_: Round, view: RoundView, action: Action) -> bool:
        """Take a step that names the slot and nothing else; whether that was all of the round."""
        fate = await self._plain(round_, action)
        if fate == "done" and isinstance(action, Claim) and view.treasury_due > 0:
            fate = await self._plain(round_, action := PayTreasury())
        return fate == "done" and isinstance(action, Claim | PayTreasury)

    async def _plain(self, round_: Round, action: Action) -> Fate:
        """Steps that name the slot and nothing else."""
        key = (name_hash(round_.product_id), round_.slot_s)
        match action:
            case Finalize(version):
                return await self._ask(round_, "finalize", str(version), "keeper", "ActualsRegistry", key)
            case Expire(version):
                return await self._ask(round_, "expire", str(version), "keeper", "ActualsRegistry", key)
            case Open():
                return await self._ask(round_, "open", "", "keeper", "Settlement", key)
            case Settle():
                return await self._ask(round_, "settle", "", "keeper", "Settlement", key)
            case PayTreasury():
                return await self._ask(round_, "payTreasury", "", "keeper", "ActualsRegistry", ())
            case Claim():
                return await self._ask(round_, "withdraw", "", "provider", "ActualsRegistry", ())
            case _:
                return "pending"

    async def _propose(self, round_: Round, wanted: ActualSet) -> None:
        kept = await self.rounds.save_actuals(round_, wanted)
        key = (name_hash(round_.product_id), round_.slot_s)
        arguments = (*key, bytes.fromhex(kept.root[2:]), len(kept.items))
        await self._ask(round_, "propose", str(kept.version), "provider", "ActualsRegistry", arguments)

    async def _reveal(self, round_: Round, sealing: Sealing, authority: str, final: ActualSet) -> None:
        """Order all calls of a reveal; the outbox sends them in this order."""
        calls = await asyncio.to_thread(reveal_calls, authority, sealing, final)
        fates = [
            await self._ask(round_, c.method, f"{authority}:{c.part}", "keeper", "Settlement", c.arguments)
            for c in calls
        ]
        if all(fate == "done" for fate in fates):
            self._shown.add((round_.product_id, round_.slot_s, authority))

    async def _ask(
        self, round_: Round, method: str, which: str, role: Role, contract: Name, arguments: tuple[Any, ...]
    ) -> Fate:
        key = f"round:{round_.product_id}:{round_.slot_s}:{method}:{which}"
        fate = await self.calls.ask(key, role, contract, method, arguments)
        if fate == "failed":
            self.metrics.failed.labels(method).inc()
        else:
            self.metrics.steps.labels(method).inc()
        return fate

    async def _next(self, round_: Round, view: RoundView) -> ActualSet | None:
        """The values to propose: those that were kept for the next version, else as measured now."""
        kept = round_.actuals
        return kept if kept is not None and kept.version == view.version + 1 else await self._fresh(round_)

    async def _fresh(self, round_: Round) -> ActualSet | None:
        """The values as measured now; none before they are due, or where nothing was measured."""
        if self.clock.now() < round_.due_at:
            return None
        run = await self.rounds.benchmark_run(round_.product_id, round_.slot)
        if run is None:
            return None
        targets, capacities = targets_of(run), await self.catalog.capacities()
        windows = await self.measurements.windows(targets)
        largest = await self.measurements.largest([t for t in targets if t.series_id not in capacities], round_.slot)
        items = measured(targets, windows, capacities, largest)
        return committed(0, items, secrets.token_bytes(32)) if items else None

    async def _final(self, round_: Round, view: RoundView) -> ActualSet | None:
        """The values that the round is scored by, if they are ours."""
        found = await self.rounds.actuals(round_.product_id, round_.slot, view.version)
        if found is None or found.root != view.root:
            log.error("actuals_not_given", product=round_.product_id, slot=str(round_.slot), version=view.version)
            return None
        return found

    async def _sealed(self, round_: Round, view: RoundView) -> Sealed:
        found = await self.seals.sealed(round_.product_id, round_.slot)
        wanted = {view.benchmark, *view.joined}
        ours = {s.deployment.authority: s for s in found if s.deployment and s.deployment.authority in wanted}
        return {a: s for a, s in ours.items() if (round_.product_id, round_.slot_s, a) not in self._shown}

    async def _end(self, round_: Round, end: End) -> int:
        await self.rounds.save_state(round_, end.state, end.detail, ended=True)
        self.metrics.ended.labels(end.state).inc()
        log.info("round_ended", product=round_.product_id, slot=str(round_.slot), state=end.state, detail=end.detail)
        return SOON
