"""The loop that brings one key's orders onto the chain."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gridseal.errors import ChainError, ConfigError
from gridseal.runtime.clock import Clock
from gridseal.runtime.failpoints import failpoint
from gridseal.runtime.logs import get_logger
from settlement_service.metrics import ChainMetrics
from settlement_service.ports import NodeAwayError
from settlement_service.transactions.contracts import Calls, Place
from settlement_service.transactions.fees import Fees, first_offer
from settlement_service.transactions.node import WouldRevertError
from settlement_service.transactions.orders import AccountView, Attempt, KeyName, Placed
from settlement_service.transactions.plan import (
    Assign,
    Displace,
    Fill,
    Finalize,
    Include,
    Lose,
    Policy,
    Refuse,
    Replace,
    Resend,
    Step,
    plan,
)
from settlement_service.transactions.ports import AccountNode, Ledger, Places, TransactionSigner
from settlement_service.transactions.signing import Guarded

log = get_logger(__name__)
LONGEST_PAUSE_S = 2.0
MOST_GAS = 2**24
"""No transaction may have more (EIP-7825)."""
FILLER_GAS = 21_000


@dataclass
class Sender:
    """One writer of one key.

    ``wake`` is set when an order may have come, each of ``moved`` after a change of an order.
    """

    key: KeyName
    node: AccountNode
    ledger: Ledger
    signer: TransactionSigner
    contracts: Places
    calls: Calls
    clock: Clock
    policy: Policy
    metrics: ChainMetrics
    wake: asyncio.Event
    moved: Sequence[asyncio.Event]
    poll_s: float = 0.05
    ask_again_s: float = 2.0
    idle_s: float = 1.0
    _seen: tuple[object, ...] = field(default=(), init=False)
    _seen_at: float = field(default=0.0, init=False)
    _fresh: bool = field(default=True, init=False)

    async def run(self) -> None:
        """Send until cancelled. A node that is away or refuses is waited for; nothing is dropped."""
        pause = self.poll_s
        while True:
            try:
                flying = await self.advance()
            except NodeAwayError as error:
                self._forget()
                log.warning("node_away", key=self.key, reason=str(error))
            except ChainError as error:
                self._forget()
                self.metrics.errors.labels(self.key).inc()
                log.error("node_refused", key=self.key, reason=str(error))
            else:
                pause = self.poll_s
                await self._rest(flying)
                continue
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def advance(self) -> bool:
        """Look at the chain once and do what follows from it; True while something is in flight."""
        place = await self.contracts.place(fresh=self._fresh)
        if place is None:
            return False
        self._fresh = False
        orders = await self.ledger.unsettled(place.deployment_id)
        if not orders:
            return False
        flying = any(p.in_flight or p.state == "none" for p in orders)
        head = await self.node.head()
        look = (head.hash, *((p.id, p.state, len(p.attempts)) for p in orders))
        if look == self._seen and time.monotonic() - self._seen_at < self.ask_again_s:
            return flying
        if head.number < await self.ledger.highest_block(place.deployment_id):
            return flying  # a restarted local node is being given its blocks back
        hashes = [a.tx_hash for p in orders for a in p.attempts]
        view = await self.node.view(self.signer.address, hashes, self.policy.confirmations)
        top = await self.ledger.top_nonce(place.deployment_id)
        steps = plan(orders, view, top, self.clock.now(), self.policy)
        await self._take(steps, place, view)
        self._seen, self._seen_at = look, time.monotonic()
        return flying

    async def _take(self, steps: Sequence[Step], place: Place, view: AccountView) -> None:
        flying = False
        for step in steps:
            match step:
                case Assign(placed, nonce):
                    if not await self._begin(placed, nonce, place, view, others=flying):
                        break  # what comes after it keeps its place behind it
                    flying = True
                case Replace(placed, nonce, fees):
                    self.metrics.replaced.labels(self.key).inc()
                    await self._sign_and_send(placed, nonce, fees, placed.attempts[-1].gas, place)
                case Resend(attempt):
                    await self._send(attempt)
                case Fill(nonce):
                    await self._fill(nonce, place, view)
                case _:
                    await self._note(step, place)
            flying = flying or isinstance(step, Resend | Replace | Fill)
        for event in self.moved if steps else ():
            event.set()

    async def _note(self, step: Step, place: Place) -> None:
        """What the chain has done is written down."""
        match step:
            case Include(placed, inclusion):
                detail = "" if inclusion.succeeded else await self._why(placed, inclusion.block_number, place)
                failpoint("chain.before_included")
                await self.ledger.save_included(placed, inclusion, detail)
                self.metrics.included.labels(self.key, "mined" if inclusion.succeeded else "failed").inc()
            case Finalize(placed):
                failpoint("chain.before_final")
                await self.ledger.save_final(placed)
            case Lose(placed):
                log.warning("reorganized", key=self.key, order=placed.idempotency_key)
                self.metrics.lost.labels(self.key).inc()
                await self.ledger.save_lost(placed)
            case Displace(placed):
                log.error("nonce_taken", key=self.key, order=placed.idempotency_key, nonce=placed.nonce)
                await self.ledger.save_displaced(placed)
            case Refuse(placed, detail):
                await self.ledger.save_refused(placed, detail)
            case _:
                raise AssertionError(step)

    async def _begin(self, placed: Placed, nonce: int, place: Place, view: AccountView, *, others: bool) -> bool:
        """Sign and send it for the first time; False if it has to wait for what is in flight, or was refused."""
        try:
            gas = placed.gas_limit or await self._gas(placed, place)
            offer = first_offer(view.head.base_fee, self.policy.fees)
            await self._sign_and_send(placed, nonce, offer, gas, place)
        except WouldRevertError as error:
            if others or view.nonce != nonce:
                return False  # it may depend on what is in flight
            await self._refuse(placed, f"the contract refuses it: {error}")
            return False
        except ConfigError as error:
            log.error("order_refused", key=self.key, order=placed.idempotency_key, reason=str(error))
            await self._refuse(placed, str(error))
            return False
        return True

    async def _gas(self, placed: Placed, place: Place) -> int:
        estimate = await self.node.estimate(self.signer.address, _target(placed, place), placed.calldata)
        return min(MOST_GAS, estimate * 5 // 4)

    async def _refuse(self, placed: Placed, detail: str) -> None:
        await self.ledger.save_refused(placed, detail)
        self.metrics.included.labels(self.key, "refused").inc()

    async def _sign_and_send(self, placed: Placed, nonce: int, fees: Fees, gas: int, place: Place) -> None:
        fields = {"to": _target(placed, place), "data": placed.calldata, "nonce": nonce, "gas": gas}
        await self._save_and_send(placed.id, fees, fields, place)

    async def _fill(self, nonce: int, place: Place, view: AccountView) -> None:
        """Let the nonces after this one go on: what was signed with it goes out again, else an empty transaction."""
        log.warning("nonce_gap", key=self.key, nonce=nonce)
        self.metrics.gaps.labels(self.key).inc()
        signed = await self.ledger.attempts_at(place.deployment_id, nonce)
        if signed:
            await self._send(signed[-1])
            return
        offer = first_offer(view.head.base_fee, self.policy.fees)
        fields = {"to": self.signer.address, "data": b"", "nonce": nonce, "gas": FILLER_GAS}
        await self._save_and_send(None, offer, fields, place)

    async def _save_and_send(self, order_id: int | None, fees: Fees, fields: dict[str, Any], place: Place) -> None:
        offer = {"maxFeePerGas": fees.max_fee, "maxPriorityFeePerGas": fees.priority_fee}
        whole = {"type": 2, "chainId": place.chain_id, "value": 0, **offer, **fields}
        tx_hash, raw = await Guarded(self.key, self.signer, place, self.calls).sign(whole)
        attempt = Attempt(tx_hash, order_id, fields["nonce"], fields["gas"], fees.max_fee, fees.priority_fee, raw)
        failpoint("chain.before_save")
        await self.ledger.save_attempt(place.deployment_id, attempt)
        failpoint("chain.after_save")
        await self._send(attempt)

    async def _send(self, attempt: Attempt) -> None:
        taken = await self.node.send(attempt.raw)
        self.metrics.sent.labels(self.key).inc()
        failpoint("chain.after_send")
        if not taken:
            log.warning("outbid", key=self.key, nonce=attempt.nonce, tx_hash=attempt.tx_hash)
            return
        await self.ledger.mark_sent(attempt)
        failpoint("chain.after_mark")

    async def _why(self, placed: Placed, block: int, place: Place) -> str:
        return await self.node.why(self.signer.address, _target(placed, place), placed.calldata, block)

    async def _rest(self, flying: bool) -> None:
        if flying:
            await asyncio.sleep(self.poll_s)
            return
        self.wake.clear()
        try:
            async with asyncio.timeout(self.idle_s):
                await self.wake.wait()
        except TimeoutError:
            return

    def _forget(self) -> None:
        self._fresh, self._seen = True, ()


def _target(placed: Placed, place: Place) -> str:
    address = place.addresses.get(placed.contract)
    if address is None:
        raise ConfigError(f"{placed.contract} is not among the contracts of this deployment")
    return address
