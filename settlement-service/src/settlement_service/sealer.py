"""The loop that brings one authority's runs to the registry, one after another, strictly in order."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from gridseal.errors import ChainError
from gridseal.notary.batch import SigningDomain, batch_hash, batch_of
from gridseal.runtime.clock import Clock
from gridseal.runtime.failpoints import failpoint
from gridseal.runtime.logs import get_logger
from gridseal.runtime.traces import past_span, traceparent_of
from settlement_service.decide import Failed, Late, Mined, Send, SendAlone, Sign, Wait, decide
from settlement_service.grouping import Grouping, together
from settlement_service.metrics import SealMetrics
from settlement_service.ports import BatchSigner, Chain, NodeAwayError, SealStore
from settlement_service.sealing import OPEN_STATES, Deployment, Sealing, Signing, State
from settlement_service.transactions.orders import Order
from settlement_service.transactions.ports import Transactions

log = get_logger(__name__)
LOOK_BACK = 30
LONGEST_PAUSE_S = 2.0


@dataclass
class Sealer:
    """One writer of one authority.

    ``wake`` is set when a run may be waiting, ``moved`` when an order has moved, ``changed`` after each change of a
    run.
    """

    chain: Chain
    store: SealStore
    transactions: Transactions
    clock: Clock
    authority: BatchSigner
    metrics: SealMetrics
    wake: asyncio.Event
    moved: asyncio.Event
    changed: asyncio.Event
    gas_limit: int = 400_000
    grouping: Grouping = field(default_factory=Grouping)
    confirmations: int = 12
    pause_s: float = 0.05
    ask_again_s: float = 1.0
    _deployment: Deployment | None = field(default=None, init=False)

    async def run(self) -> None:
        """Seal until cancelled. A node that is away or refuses is waited for; nothing is dropped."""
        pause = self.pause_s
        while True:
            try:
                busy = await self.advance()
            except NodeAwayError as error:
                self._deployment = None
                log.warning("node_away", reason=str(error))
            except ChainError as error:
                self._deployment = None
                self.metrics.chain_errors.inc()
                log.error("node_refused", reason=str(error))
            else:
                pause = self.pause_s
                if not busy:
                    await self._rest()
                continue
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def advance(self) -> bool:
        """One step of the run at the head of the queue; False if nothing can be done until something happens."""
        self.wake.clear()
        self.moved.clear()
        deployment = self._deployment or await self._connect()
        if deployment is None:
            return False
        for followed in await self.store.to_follow(deployment):
            await self._follow(followed, deployment)
        sealing = await self.store.head()
        if sealing is None:
            return False
        if sealing.deployment and sealing.deployment.deployment_id != deployment.deployment_id:
            sealing = replace(sealing, signing=None, order=None)  # what was signed for another chain is nothing here
        view = await self.chain.view(deployment, sealing)
        match decide(sealing, view, int(self.clock.now().timestamp())):
            case Mined(position):
                self._settled(sealing, "mined", position.tx_hash)
                await self.store.save_state(sealing, "mined", position=position)
            case Late(detail):
                self._settled(sealing, "late")
                await self.store.save_state(sealing, "late", detail=detail)
            case Failed(detail):
                self._settled(sealing, "failed")
                await self.store.save_state(sealing, "failed", detail=detail)
            case Sign(nonce, prev_batch):
                group = await self._together(sealing)
                if not group:
                    return False
                await self._seal(group, deployment, nonce, prev_batch)
            case Send():
                await self._order(sealing, sealing.signing, deployment)
            case SendAlone():
                await self._order(await self.store.leave_group(sealing), sealing.signing, deployment)
            case Wait():
                if sealing.state == "sent" or sealing.order is None or sealing.order.state != "sent":
                    return False
                await self.store.save_state(sealing, "sent")
        self.changed.set()
        return True

    async def _connect(self) -> Deployment | None:
        """Where the registry is, once the chain is at least as far as what we know of it; else None."""
        deployment = await self.chain.deployment(self.authority.address)
        if deployment is None:
            return None
        if await self.chain.height() < await self.store.highest_block(deployment):
            return None  # a restarted node is being given its blocks back
        await self._recheck(deployment)
        self._deployment = deployment
        log.info("chain_ready", registry=deployment.registry, authority=deployment.authority)
        return deployment

    async def _recheck(self, deployment: Deployment) -> None:
        """Read the newest seals again: after a crash of a local node their blocks may have other hashes."""
        for sealing in await self.store.recent_sealed(deployment, LOOK_BACK):
            position = await self.chain.position(deployment, sealing.root)
            if position is None and sealing.state == "final":
                await self.store.save_state(sealing, "failed", detail="the chain lost this seal after it was final")
                self.changed.set()
                log.error("seal_lost", run_id=sealing.run_id)
            elif position and (position.block_number, position.block_hash) != (
                sealing.block_number,
                sealing.block_hash,
            ):
                await self.store.save_state(sealing, sealing.state, position=position)
                self.changed.set()

    async def _follow(self, sealing: Sealing, deployment: Deployment) -> None:
        """Whether a mined seal is final now, or has moved, or is gone; and whether one given up is there after all."""
        order = sealing.order
        included = order.included if order else None
        if included and (included.tx_hash, included.block_hash) == (sealing.tx_hash, sealing.block_hash):
            if order and order.state == "final":
                await self.store.save_state(sealing, "final")
                self.changed.set()
            return
        # A reorganization; or somebody else brought the seal, which everybody may.
        position = await self.chain.position(deployment, sealing.root)
        if position is None:
            if sealing.state == "mined":
                log.warning("seal_reorganized", run_id=sealing.run_id)
                await self.store.save_state(
                    sealing, "sent", detail="a reorganization of the chain undid it: sent again"
                )
                self.changed.set()
        elif (position.block_number, position.block_hash) != (sealing.block_number, sealing.block_hash):
            await self.store.save_state(sealing, "mined", position=position)
            self.changed.set()
        elif await self.chain.height() - position.block_number + 1 >= self.confirmations:
            await self.store.save_state(sealing, "final")
            self.changed.set()

    async def _sign(self, sealing: Sealing, deployment: Deployment, nonce: int, prev_batch: str) -> Signing:
        batch = batch_of(sealing.run, bytes.fromhex(sealing.root[2:]), prev_batch=prev_batch, nonce=nonce)
        domain = SigningDomain(chain_id=deployment.chain_id, registry=deployment.registry)
        return Signing(batch_hash(batch), batch, await self.authority.sign_batch(batch, domain))

    async def _together(self, head: Sealing) -> list[Sealing]:
        """The runs that are sealed now: the head alone, or with others, or none yet."""
        if head.product_id not in self.grouping.products:
            return [head]
        following = await self.store.following(head, self.grouping.most)
        domain_now = int(self.clock.now().timestamp())
        return together(head, following, self.grouping, domain_now=domain_now, wall_now=datetime.now(UTC))

    async def _seal(self, group: Sequence[Sealing], deployment: Deployment, nonce: int, prev_batch: str) -> None:
        """Sign runs as links of one chain, keep that, and order the call that brings them."""
        members: list[tuple[Sealing, Signing]] = []
        for place, sealing in enumerate(group):
            before = members[-1][1].batch_hash if members else prev_batch
            members.append((sealing, await self._sign(sealing, deployment, nonce + place, before)))
        failpoint("seal.after_sign")
        if len(members) == 1:
            [(sealing, signing)] = members
            await self._order(await self.store.save_signing(sealing, signing, deployment), signing, deployment)
            return
        saved = await self.store.save_group(members, deployment)
        method, arguments = self.chain.call_of_many(deployment, [signing for _, signing in members])
        gate = min(sealing.gate_closure for sealing in group)
        await self._submit(saved[0].order_key, method, arguments, gate, self.gas_limit * len(members))

    async def _order(self, sealing: Sealing, signing: Signing | None, deployment: Deployment) -> None:
        if signing is None:
            raise ChainError("a run without a signature cannot be sealed")
        method, arguments = await self.chain.call_of(deployment, signing)
        await self._submit(sealing.order_key, method, arguments, sealing.gate_closure, self.gas_limit)

    async def _submit(self, key: str, method: str, arguments: tuple[Any, ...], gate_s: int, gas_limit: int) -> None:
        order = Order(
            key="relayer",
            contract="ForecastRegistry",
            method=method,
            arguments=arguments,
            idempotency_key=key,
            not_after=datetime.fromtimestamp(gate_s, UTC),
            gas_limit=gas_limit,
        )
        await self.transactions.submit(order)
        failpoint("seal.after_order")

    async def _rest(self) -> None:
        """Until something happens, or it is time to ask the chain what time it is."""
        waits = [asyncio.create_task(event.wait()) for event in (self.wake, self.moved)]
        try:
            await asyncio.wait(waits, timeout=self.ask_again_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _settled(self, sealing: Sealing, outcome: State, tx_hash: str = "") -> None:
        if sealing.state not in OPEN_STATES:
            return
        self.metrics.settled.labels(outcome).inc()
        now = datetime.now(UTC)
        took = (now - sealing.received_at).total_seconds()
        past_span(
            "settlement.seal", sealing.received_at.timestamp() * 1_000, now.timestamp() * 1_000,
            parent=traceparent_of(sealing.run_id), failed=outcome != "mined",
            attributes={"gridseal.run_id": sealing.run_id, "gridseal.outcome": outcome, "gridseal.tx_hash": tx_hash},
        )  # fmt: skip
        if outcome == "mined":
            self.metrics.seconds.observe(took)
        log.info("settled", run_id=sealing.run_id, outcome=outcome, seconds=round(took, 3))
