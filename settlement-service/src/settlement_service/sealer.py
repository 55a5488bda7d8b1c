"""The loop that brings one run after another onto the chain, strictly in order."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gridseal.errors import ChainError, ConfigError
from gridseal.notary.batch import SigningDomain, batch_hash, batch_of, sign_batch
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger
from settlement_service.decide import Failed, Late, Mined, Send, Sign, Wait, decide
from settlement_service.metrics import SealMetrics
from settlement_service.ports import Chain, NodeAwayError, SealStore
from settlement_service.sealing import Deployment, Sealing, Signing, State
from settlement_service.signer import Key

log = get_logger(__name__)
LOOK_BACK = 30
LONGEST_PAUSE_S = 2.0


@dataclass
class Sealer:
    """One writer. ``wake`` is set when a run may be waiting, ``changed`` after each change of a run."""

    chain: Chain
    store: SealStore
    clock: Clock
    authority: Key
    metrics: SealMetrics
    wake: asyncio.Event
    changed: asyncio.Event
    poll_s: float = 0.08
    replace_s: float = 30.0
    ask_again_s: float = 2.0
    _deployment: Deployment | None = field(default=None, init=False)
    _sent_at: float = field(default=0.0, init=False)

    async def run(self) -> None:
        """Seal until cancelled. A node that is away or refuses is waited for; nothing is dropped."""
        pause = self.poll_s
        while True:
            try:
                if await self.advance():
                    pause = self.poll_s
                    continue
                self.wake.clear()
                async with asyncio.timeout(1.0):
                    await self.wake.wait()
            except TimeoutError:
                continue
            except NodeAwayError as error:
                self._deployment = None
                log.warning("node_away", reason=str(error))
            except ChainError as error:
                self._deployment = None
                self.metrics.chain_errors.inc()
                log.error("node_refused", reason=str(error))
            else:
                continue
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def advance(self) -> bool:
        """One step of the run at the head of the queue; False if there is nothing to do now."""
        deployment = self._deployment or await self._connect()
        sealing = await self.store.head()
        if deployment is None or sealing is None:
            return False
        view = await self.chain.view(deployment, sealing)
        match decide(sealing, view, int(self.clock.now().timestamp())):
            case Mined(position):
                await self._settle(sealing, "mined")
                await self.store.save_state(sealing, "mined", position=position)
            case Late(detail):
                await self._settle(sealing, "late")
                await self.store.save_state(sealing, "late", detail=detail)
            case Failed(detail):
                await self._settle(sealing, "failed")
                await self.store.save_state(sealing, "failed", detail=detail)
            case Sign(nonce, prev_batch):
                signing = await asyncio.to_thread(self._sign, sealing, deployment, nonce, prev_batch)
                await self._send(await self.store.save_signing(sealing, signing, deployment), deployment)
            case Send():
                await self._send(sealing, deployment)
            case Wait():
                await self._await_block(view.height)
                if time.monotonic() - self._sent_at > self.replace_s:
                    await self._send(sealing, deployment)
        self.changed.set()
        return True

    async def _connect(self) -> Deployment | None:
        """Where the registry is, once the chain is at least as far as what we know of it; else None."""
        deployment = await self.chain.deployment()
        if deployment is None:
            return None
        if deployment.authority.lower() != self.authority.address.lower():
            raise ConfigError(
                f"SETTLEMENT_SERVICE_AUTHORITY_KEYSTORE holds {self.authority.address}, but the registry was"
                f" deployed for {deployment.authority}"
            )
        if await self.chain.height() < await self.store.highest_block(deployment):
            return None  # a restarted node is being given its blocks back
        await self._recheck(deployment)
        self._deployment = deployment
        log.info("chain_ready", registry=deployment.registry)
        return deployment

    async def _recheck(self, deployment: Deployment) -> None:
        """Read the newest seals again: after a crash of the node their blocks may have other hashes."""
        for sealing in await self.store.recent_mined(deployment, LOOK_BACK):
            position = await self.chain.position(deployment, sealing.root)
            if position is None:
                await self.store.save_state(sealing, "failed", detail="the chain lost this seal")
                self.changed.set()
                log.error("seal_lost", run_id=sealing.run_id)
            elif (position.block_number, position.block_hash) != (sealing.block_number, sealing.block_hash):
                await self.store.save_state(sealing, "mined", position=position)
                self.changed.set()

    def _sign(self, sealing: Sealing, deployment: Deployment, nonce: int, prev_batch: str) -> Signing:
        batch = batch_of(sealing.run, bytes.fromhex(sealing.root[2:]), prev_batch=prev_batch, nonce=nonce)
        domain = SigningDomain(chain_id=deployment.chain_id, registry=deployment.registry)
        return Signing(batch_hash(batch), batch, sign_batch(batch, domain, self.authority.secret))

    async def _send(self, sealing: Sealing, deployment: Deployment) -> None:
        if sealing.signing is None:
            raise ChainError("a run without a signature cannot be sent")
        previous = await self.store.newest_transaction()
        transaction = await self.chain.make_transaction(deployment, sealing.signing, previous)
        await self.store.save_transaction(sealing, transaction)
        await self.chain.send(transaction)
        self._sent_at = time.monotonic()
        self.metrics.transactions.inc()
        if sealing.state != "sent":
            await self.store.save_state(sealing, "sent")

    async def _await_block(self, height: int) -> None:
        """Until there is another block; not longer than it takes to doubt the node's memory."""
        for _ in range(max(1, int(self.ask_again_s / self.poll_s))):
            await asyncio.sleep(self.poll_s)
            if await self.chain.height() != height:
                return

    async def _settle(self, sealing: Sealing, outcome: State) -> None:
        self.metrics.settled.labels(outcome).inc()
        took = (datetime.now(UTC) - sealing.received_at).total_seconds()
        if outcome == "mined":
            self.metrics.seconds.observe(took)
        log.info("settled", run_id=sealing.run_id, outcome=outcome, seconds=round(took, 3))
