"""The registry's rules on the chain of ``chain_world``, and the table of runs beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from eth_abi.abi import decode as abi_decode

from gridseal.notary.batch import BATCH_FIELDS, ZERO_HASH, Batch, SigningDomain, batch_hash
from settlement_service.grouping import Grouping, group_key
from settlement_service.sealing import OPEN_STATES, ChainView, Deployment, Position, Sealing, Signing, State
from settlement_service.transactions.orders import Order, Placed

from .chain_world import CALLS, PLACE, REGISTRY, CrashError, World, call_of, hash_of

AUTHORITY = "0x" + "cc" * 20
DEPLOYMENT = Deployment(PLACE.chain_id, REGISTRY, AUTHORITY, 1, PLACE.deployment_id)
STRUCT = f"({','.join(kind for _, kind in BATCH_FIELDS)})"


@dataclass(frozen=True)
class Recorded:
    """A batch that the registry took."""

    batch: Batch
    position: Position


@dataclass
class SealWorld(World):
    """What outlives the process: chain, tables and time."""

    rows: dict[str, Sealing] = field(default_factory=dict)
    grouping: Grouping = field(default_factory=Grouping)

    def recorded(self) -> list[Recorded]:
        """What the registry holds, oldest first, by its own rules."""
        found: list[Recorded] = []
        for number, (name, taken) in enumerate(self.chain):
            for raw in taken:
                if not call_of(raw):
                    continue
                taking = list(found)
                for i, batch in enumerate(batches_in(call_of(raw))):
                    place = Position(hash_of(raw), number, name, self.times[name], _hash(batch), 2 * i + 1)
                    if not self._takes(taking, batch, self.times[name]):
                        break  # all or none
                    taking.append(Recorded(batch, place))
                else:
                    found = taking
        return found

    def _takes(self, found: list[Recorded], batch: Batch, time: int) -> bool:
        last = found[-1].position.batch_hash if found else ZERO_HASH
        versions = [r.batch.version for r in found if r.batch.slot == batch.slot]
        fits = (batch.nonce, batch.prev_batch) == (len(found), last)
        return fits and time < batch.gate_closure and batch.version > max(versions, default=0)

    def outcomes(self) -> dict[str, bool]:
        good = {r.position.tx_hash for r in self.recorded()}
        raws = [raw for _, taken in self.chain for raw in taken]
        return {hash_of(raw): hash_of(raw) in good or not call_of(raw) for raw in raws}


@dataclass
class MemoryChain:
    """Implements ``ports.Chain``."""

    world: SealWorld

    async def deployment(self, authority: str) -> Deployment | None:
        return DEPLOYMENT

    async def height(self) -> int:
        return len(self.world.chain) - 1

    async def position(self, deployment: Deployment, root: str) -> Position | None:
        return next((r.position for r in self.world.recorded() if r.batch.root == root), None)

    async def view(self, deployment: Deployment, sealing: Sealing) -> ChainView:
        recorded = self.world.recorded()
        slot = int(sealing.slot.timestamp())
        return ChainView(
            height=len(self.world.chain) - 1,
            block_time=self.world.times[self.world.chain[-1][0]],
            next_nonce=len(recorded),
            last_batch=recorded[-1].position.batch_hash if recorded else ZERO_HASH,
            slot_version=max((r.batch.version for r in recorded if r.batch.slot == slot), default=0),
            position=await self.position(deployment, sealing.root),
        )

    async def call_of(self, deployment: Deployment, signing: Signing) -> tuple[str, tuple[Any, ...]]:
        return "notarize", (signing.batch.as_tuple(), deployment.authority, signing.signature)

    def call_of_many(self, deployment: Deployment, signings: Sequence[Signing]) -> tuple[str, tuple[Any, ...]]:
        batches, signatures = [s.batch.as_tuple() for s in signings], [s.signature for s in signings]
        return "notarizeMany", (batches, deployment.authority, signatures)


@dataclass
class MemoryBox:
    """Implements ``transactions.ports.Transactions`` on the world's table of orders."""

    world: SealWorld

    async def submit(self, order: Order) -> Placed:
        placed = await self.find(order.idempotency_key)
        if placed is None:
            fault = self.world.fault()
            if fault == "before":
                raise CrashError
            placed = self.world.order(
                len(self.world.orders),
                calldata=CALLS.encode(order.contract, order.method, order.arguments),
                idempotency_key=order.idempotency_key,
                not_after=order.not_after,
                gas_limit=order.gas_limit,
            )
            if fault == "after":
                raise CrashError
        return placed

    async def find(self, idempotency_key: str) -> Placed | None:
        found = (p for p in self.world.orders.values() if p.idempotency_key == idempotency_key)
        placed = next(found, None)
        attempts = tuple(a for a in self.world.attempts if placed and a.order_id == placed.id)
        return placed and replace(placed, attempts=attempts)

    async def of_transaction(self, tx_hash: str) -> Placed | None:
        raise NotImplementedError


@dataclass
class MemoryStore:
    """Implements ``ports.SealStore``."""

    world: SealWorld

    async def head(self) -> Sealing | None:
        waiting = [s for s in self.world.rows.values() if s.state in OPEN_STATES]
        return await self._loaded(waiting[0]) if waiting else None

    async def highest_block(self, deployment: Deployment) -> int:
        return max((s.block_number or 0 for s in self.world.rows.values()), default=0)

    async def recent_sealed(self, deployment: Deployment, limit: int) -> Sequence[Sealing]:
        return [await self._loaded(s) for s in self.world.rows.values() if s.state in ("mined", "final")]

    async def to_follow(self, deployment: Deployment) -> Sequence[Sealing]:
        loaded = [await self._loaded(s) for s in self.world.rows.values()]
        lost = ("late", "failed")
        return [
            s
            for s in loaded
            if s.state == "mined" or (s.state in lost and s.order and s.order.state in ("mined", "final"))
        ]

    async def save_signing(self, sealing: Sealing, signing: Signing, deployment: Deployment) -> Sealing:
        return self._keep(sealing, **_signed(signing, deployment, None))

    async def following(self, head: Sealing, limit: int) -> Sequence[Sealing]:
        waiting = [s for s in self.world.rows.values() if s.state in OPEN_STATES]
        return [await self._loaded(s) for s in waiting[1 : limit + 1]]

    async def save_group(self, members: Sequence[tuple[Sealing, Signing]], deployment: Deployment) -> Sequence[Sealing]:
        key, fault = group_key([signing for _, signing in members]), self.world.fault()
        if fault == "before":
            raise CrashError
        for sealing, signing in members:
            fresh = replace(self.world.rows[sealing.run_id], **_signed(signing, deployment, key))
            self.world.rows[sealing.run_id] = fresh
        if fault == "after":
            raise CrashError
        return [self.world.rows[sealing.run_id] for sealing, _ in members]

    async def leave_group(self, sealing: Sealing) -> Sealing:
        return self._keep(sealing, group=None)

    async def save_state(
        self, sealing: Sealing, state: State, *, position: Position | None = None, detail: str = ""
    ) -> Sealing:
        changes: dict[str, Any] = {"state": state, "detail": detail}
        if state in OPEN_STATES:
            changes |= {"tx_hash": None, "block_number": None, "block_hash": None}
        if position is not None:
            changes |= {"tx_hash": position.tx_hash, "block_number": position.block_number}
            changes |= {"block_hash": position.block_hash, "batch_hash": position.batch_hash}
            changes |= {"log_position": position.log_position}
        return self._keep(sealing, **changes)

    async def _loaded(self, sealing: Sealing) -> Sealing:
        return replace(sealing, order=await MemoryBox(self.world).find(sealing.order_key))

    def _keep(self, sealing: Sealing, **changes: Any) -> Sealing:
        fault = self.world.fault()
        if fault == "before":
            raise CrashError
        fresh = replace(self.world.rows[sealing.run_id], **changes)
        self.world.rows[sealing.run_id] = fresh
        if fault == "after":
            raise CrashError
        return fresh


class MemoryAuthority:
    """Implements ``ports.BatchSigner``."""

    address = AUTHORITY

    async def sign_batch(self, batch: Batch, domain: SigningDomain) -> bytes:
        return b"s" * 65


def _signed(signing: Signing, deployment: Deployment, group: str | None) -> dict[str, Any]:
    return {"signing": signing, "batch_hash": signing.batch_hash, "state": "signed", "deployment": deployment,
            "group": group}  # fmt: skip


@lru_cache(maxsize=1_000)
def batches_in(calldata: bytes) -> tuple[Batch, ...]:
    """The batches that a call of ``notarize`` or ``notarizeMany`` carries."""
    many = CALLS.selector("ForecastRegistry", "notarizeMany") == calldata[:4]
    kinds = [f"{STRUCT}[]", "address", "bytes[]"] if many else [STRUCT, "address", "bytes"]
    told = abi_decode(kinds, calldata[4:])[0]
    return tuple(_batch(values) for values in (told if many else [told]))


def _batch(values: Sequence[Any]) -> Batch:
    shown = ["0x" + v.hex() if isinstance(v, bytes) else v for v in values]
    return Batch(**dict(zip(Batch.model_fields, shown, strict=True)))


_hash = lru_cache(maxsize=1_000)(batch_hash)
