"""A chain, a table and a clock in memory that outlive the process under test, with everything that can go wrong."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from settlement_service.transactions.contracts import Calls, Place, load_abis
from settlement_service.transactions.node import WouldRevertError
from settlement_service.transactions.orders import AccountView, Attempt, Head, Inclusion, Placed

Fault = Literal["none", "before", "after", "forgotten"]
ADDRESS = "0x" + "aa" * 20
REGISTRY = "0x" + "bb" * 20
PLACE = Place(31337, "one", {"ForecastRegistry": REGISTRY})
CALLS = Calls(load_abis())
SELECTOR = CALLS.selector("ForecastRegistry", "notarize") or b""
START = datetime(2026, 6, 1, tzinfo=UTC)


class CrashError(Exception):
    """The process dies here."""


@dataclass
class World:
    """``chain`` holds the raw transactions of each block; a block's hash changes when it is mined anew."""

    faults: Iterator[Fault] = field(default_factory=lambda: iter(()))
    orders: dict[int, Placed] = field(default_factory=dict)
    settled: set[int] = field(default_factory=set)
    attempts: list[Attempt] = field(default_factory=list)
    made_at: dict[str, int] = field(default_factory=dict)
    chain: list[tuple[str, tuple[bytes, ...]]] = field(default_factory=lambda: [("genesis", ())])
    times: dict[str, int] = field(default_factory=lambda: {"genesis": int(START.timestamp()) - 50})
    pool: dict[int, bytes] = field(default_factory=dict)
    wall_s: int = 0
    mined_blocks: int = 0
    base_fee: int = 7
    reverting: frozenset[bytes] = frozenset()
    deaf: bool = False
    """Blocks stay empty: nobody takes what is offered."""
    lag_s: int = 0
    """The chain's clock is behind ours by so much."""

    def order(self, number: int, **changes: Any) -> Placed:
        fields: dict[str, Any] = {
            "id": number,
            "deployment_id": "one",
            "key": "relayer",
            "contract": "ForecastRegistry",
            "method": "notarize",
            "calldata": SELECTOR + b"%04d" % number,
            "idempotency_key": f"order-{number}",
            "state": "none",
            "gas_limit": 100_000,
        }
        self.orders[number] = Placed(**(fields | changes))
        return self.orders[number]

    def fault(self) -> Fault:
        return next(self.faults, "none")

    def now(self) -> datetime:
        return START + timedelta(seconds=self.wall_s)

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()

    @property
    def nonce(self) -> int:
        return sum(len(transactions) for _, transactions in self.chain)

    def mine(self) -> None:
        """One block with everything that is next in line."""
        taken: list[bytes] = []
        while not self.deaf and (raw := self.pool.pop(self.nonce + len(taken), None)) is not None:
            taken.append(raw)
        self._append(tuple(taken), int(self.now().timestamp()) - self.lag_s)

    def _append(self, taken: tuple[bytes, ...], stamp: int) -> None:
        self.mined_blocks += 1
        name = f"block-{self.mined_blocks}"
        self.times[name] = max(self.times[self.chain[-1][0]] + 1, stamp)
        self.chain.append((name, taken))

    def outcomes(self) -> dict[str, bool]:
        """Whether each transaction in the chain succeeded, by hash."""
        return {hash_of(raw): call_of(raw) not in self.reverting for _, taken in self.chain for raw in taken}

    def reorganize(self, depth: int, *, keep: bool) -> None:
        """The newest blocks are replaced by empty ones; what was in them is pending again, or forgotten."""
        depth = min(depth, len(self.chain) - 1)
        cut = self.chain[len(self.chain) - depth :]
        gone = [raw for _, transactions in cut for raw in transactions]
        del self.chain[len(self.chain) - depth :]
        for raw in gone if keep else ():
            self.pool[json.loads(raw)["nonce"]] = raw
        if not keep:
            self.pool.clear()
        for name, _ in cut:
            self._append((), self.times[name])

    def effects(self) -> list[bytes]:
        """Calldata of every transaction that succeeded, in the order of the chain."""
        outcomes = self.outcomes()
        raws = [raw for _, transactions in self.chain for raw in transactions]
        return [call_of(raw) for raw in raws if call_of(raw) and outcomes[hash_of(raw)]]


@dataclass
class MemoryNode:
    """Implements ``AccountNode``, by the rules that nodes have for replacements."""

    world: World

    async def head(self) -> Head:
        number = len(self.world.chain) - 1
        name = self.world.chain[-1][0]
        return Head(number, name, self.world.times[name], self.world.base_fee)

    async def view(self, address: str, hashes: Sequence[str], depth: int) -> AccountView:
        world = self.world
        outcomes = world.outcomes()
        inclusions = {
            hash_of(raw): Inclusion(hash_of(raw), n, block, world.times[block], outcomes[hash_of(raw)])
            for n, (block, transactions) in enumerate(world.chain)
            for raw in transactions
        }
        head = await self.head()
        deep = world.chain[: max(1, head.number - depth + 2)]
        return AccountView(
            head=head,
            nonce=world.nonce,
            settled_nonce=sum(len(t) for _, t in deep),
            inclusions={h: inclusions[h] for h in hashes if h in inclusions},
            known=frozenset(hash_of(raw) for raw in world.pool.values()) & frozenset(hashes),
        )

    async def estimate(self, sender: str, to: str, calldata: bytes) -> int:
        if calldata in self.world.reverting:
            raise WouldRevertError("NotNow(1)")
        return 80_000

    async def why(self, sender: str, to: str, calldata: bytes, block: int) -> str:
        return "NotNow(1)"

    async def send(self, raw: bytes) -> bool:
        fault = self.world.fault()
        if fault == "before":
            raise CrashError
        taken = True
        if fault != "forgotten":
            taken = self._take(raw)
        if fault == "after":
            raise CrashError
        return taken

    def _take(self, raw: bytes) -> bool:
        fields = json.loads(raw)
        there = self.world.pool.get(fields["nonce"])
        if fields["nonce"] < self.world.nonce or there == raw:
            return True
        if there is not None:
            old = json.loads(there)
            if any(fields[n] * 10 < old[n] * 11 for n in ("maxFeePerGas", "maxPriorityFeePerGas")):
                return False
        self.world.pool[fields["nonce"]] = raw
        return True


@dataclass
class MemoryLedger:
    """Implements ``Ledger``."""

    world: World

    async def unsettled(self, deployment_id: str) -> Sequence[Placed]:
        world = self.world
        return [
            replace(p, attempts=tuple(self._aged(a) for a in world.attempts if a.order_id == p.id))
            for p in world.orders.values()
            if p.id not in world.settled
        ]

    async def top_nonce(self, deployment_id: str) -> int:
        return max((a.nonce for a in self.world.attempts), default=-1)

    async def attempts_at(self, deployment_id: str, nonce: int) -> Sequence[Attempt]:
        return [a for a in self.world.attempts if a.nonce == nonce]

    async def highest_block(self, deployment_id: str) -> int:
        return max((p.included.block_number for p in self.world.orders.values() if p.included), default=0)

    async def save_attempt(self, deployment_id: str, attempt: Attempt) -> None:
        world = self.world
        assert all(a.order_id == attempt.order_id for a in world.attempts if a.nonce == attempt.nonce)
        fault = world.fault()
        if fault == "before":
            raise CrashError
        world.attempts.append(attempt)
        world.made_at[attempt.tx_hash] = world.wall_s
        if attempt.order_id is not None:
            placed = world.orders[attempt.order_id]
            state = "sent" if placed.state == "sent" else "signed"
            self._keep(placed, state=state, nonce=attempt.nonce)
        if fault == "after":
            raise CrashError

    async def mark_sent(self, attempt: Attempt) -> None:
        if attempt.order_id is not None and self.world.orders[attempt.order_id].state == "signed":
            self._keep(self.world.orders[attempt.order_id], state="sent")

    async def save_included(self, placed: Placed, inclusion: Inclusion, detail: str) -> None:
        self._keep(placed, state="mined" if inclusion.succeeded else "failed", included=inclusion, detail=detail)

    async def save_final(self, placed: Placed) -> None:
        now = self.world.orders[placed.id]
        self._keep(now, state="final" if now.state == "mined" else "failed")
        self.world.settled.add(placed.id)

    async def save_lost(self, placed: Placed) -> None:
        self._keep(placed, state="sent", included=None)

    async def save_displaced(self, placed: Placed) -> None:
        self._keep(placed, state="none", nonce=None, included=None)

    async def save_refused(self, placed: Placed, detail: str) -> None:
        self._keep(placed, state="failed", detail=detail)
        self.world.settled.add(placed.id)

    def _aged(self, attempt: Attempt) -> Attempt:
        return replace(attempt, age_s=float(self.world.wall_s - self.world.made_at[attempt.tx_hash]))

    def _keep(self, placed: Placed, **changes: Any) -> None:
        self.world.orders[placed.id] = replace(self.world.orders[placed.id], **changes)


class MemorySigner:
    """Implements ``TransactionSigner``: the raw form is readable."""

    address = ADDRESS

    async def sign(self, fields: Mapping[str, Any]) -> tuple[str, bytes]:
        raw = json.dumps({**fields, "data": bytes(fields["data"]).hex()}, sort_keys=True).encode()
        return hash_of(raw), raw


class OnePlace:
    """Implements ``Places``."""

    async def place(self, *, fresh: bool = False) -> Place | None:
        return PLACE


def hash_of(raw: bytes) -> str:
    return f"hash of {raw.decode()}"


def call_of(raw: bytes) -> bytes:
    """Calldata of a raw transaction."""
    return bytes.fromhex(json.loads(raw)["data"])
