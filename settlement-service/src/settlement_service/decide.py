"""What to do next with the run at the head of the queue. Pure: no clock, no chain, no database.

The order of the questions is what makes it safe to die anywhere. What stands on the chain is looked at
first, so a run that was mined before a crash is never sealed twice; what may have been sent is given up
only once the chain's own time has passed the gate, so nothing given up can still be mined.
"""

from dataclasses import dataclass

from settlement_service.sealing import ChainView, Position, Sealing


@dataclass(frozen=True, slots=True)
class Mined:
    """It is on the chain."""

    position: Position


@dataclass(frozen=True, slots=True)
class Late:
    """The gate closed first."""

    detail: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It can never be sealed, and not for lack of time."""

    detail: str


@dataclass(frozen=True, slots=True)
class Sign:
    """Sign it at this place of the authority's chain."""

    nonce: int
    prev_batch: str


@dataclass(frozen=True, slots=True)
class Send:
    """Order the call that brings its signature to the registry."""


@dataclass(frozen=True, slots=True)
class SendAlone:
    """The call for several runs never came to be, or the registry refused it: order one for this run."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Its order is on the way."""


Action = Mined | Late | Failed | Sign | Send | SendAlone | Wait


def decide(sealing: Sealing, view: ChainView, domain_now: int) -> Action:
    """The next step of ``sealing``."""
    if view.position is not None:
        return Mined(view.position)
    if view.block_time >= sealing.gate_closure:
        return Late("the gate closed before a block took the seal")
    order = sealing.order
    if not (order and order.attempts) and domain_now >= sealing.gate_closure:
        return Late("the gate closed before the seal was sent")
    if view.slot_version >= sealing.version:
        return Failed(f"version {view.slot_version} of this slot is on the chain already")
    signing = sealing.signing
    if signing is None or (signing.batch.nonce, signing.batch.prev_batch) != (view.next_nonce, view.last_batch):
        return Sign(view.next_nonce, view.last_batch)
    if sealing.group is not None and (order is None or order.state == "failed"):
        return SendAlone()
    if order is None:
        return Send()
    if order.state == "failed":
        return Failed(f"the registry refused it: {order.detail}" if order.included else order.detail)
    return Wait()
