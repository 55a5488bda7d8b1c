"""What the contracts said, followed block by block.

The newest blocks are read again at every look and replace what was stored of them, so a reorganization of the chain
that is not deeper than ``DEPTH`` leaves nothing behind; a deeper one is noticed by its block hashes, and everything
is read anew.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from hexbytes import HexBytes
from web3 import Web3
from web3.types import EventData

from gridseal.errors import ChainError, UnavailableError
from gridseal.runtime.logs import get_logger
from settlement_service.contracts import Book, Name, Place, answering

log = get_logger(__name__)
DEPTH = 16
MOST_BLOCKS = 5_000
LONGEST_PAUSE_S = 10.0
WATCHED: Mapping[Name, tuple[str, ...]] = {
    "ForecastRegistry": ("AuthorityRegistered",),
    "ActualsRegistry": ("ActualsProposed", "ActualsDisputed", "ActualsFinal", "ActualsVoid", "Withdrawn"),
    "Settlement": (
        "TermsSet", "Joined", "Left", "RoundOpened", "Revealed", "Scored", "Settled", "RoundNeutral",
    ),
    "StakePool": ("Deposited", "UnbondingStarted", "Withdrawn", "Slashed", "Rewarded", "TreasuryGrew"),
    "Operations": ("RecalibrationRequested",),
}  # fmt: skip
LogId = tuple[str, int]
"""Hash of the block and place of the log in it."""
ACCOUNTS = ("authority", "account", "challenger", "operator")


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """One event. Hashes and addresses are text, numbers that do not fit a float too."""

    block_number: int
    log_index: int
    block_hash: str
    block_time: datetime
    tx_hash: str
    contract: str
    event: str
    product_hash: str | None
    slot: datetime | None
    account: str | None
    arguments: Mapping[str, Any]

    @property
    def log_id(self) -> LogId:
        """What makes it this event and no other, also when the chain is reorganized."""
        return self.block_hash, self.log_index


class EventStore(Protocol):
    """Where events are kept."""

    async def reached(self, deployment_id: str) -> int | None:
        """The newest block that was read."""
        ...

    async def hash_at(self, deployment_id: str, below: int) -> tuple[int, str] | None:
        """Number and hash of the newest block below a number that holds an event."""
        ...

    async def replace(self, place: Place, since: int, until: int, events: Sequence[ChainEvent]) -> int:
        """Put these events in the place of all from block ``since`` on; how many are new."""
        ...


class EventWatch:
    """Reads all contracts' events into the store. ``changed`` are set when something is new."""

    def __init__(self, book: Book, store: EventStore, changed: Sequence[asyncio.Event], every_s: float = 1.0) -> None:
        self._book = book
        self._store = store
        self._changed = changed
        self._every_s = every_s

    async def run(self) -> None:
        """Follow until cancelled; a node that is away is waited for."""
        pause = self._every_s
        while True:
            try:
                if await self.look():
                    for waiting in self._changed:
                        waiting.set()
                pause = self._every_s
            except (UnavailableError, ChainError) as error:
                log.warning("events_wait", reason=str(error))
                pause = min(pause * 2, LONGEST_PAUSE_S)
            await asyncio.sleep(pause)

    async def look(self) -> int:
        """Read what is new; how many events are."""
        place = await self._book.place()
        async with answering():
            head = int(await self._book.web3.eth.block_number)
        reached = await self._store.reached(place.deployment_id)
        if reached is not None and head == reached:
            return 0
        since = place.deployed_block if reached is None else max(place.deployed_block, min(reached, head) - DEPTH)
        if reached is not None and not await self._same_below(place, since):
            log.warning("events_read_anew", deployment=place.deployment_id)
            since = place.deployed_block
        until = min(head, since + MOST_BLOCKS)
        return await self._store.replace(place, since, until, await self._read(place, since, until))

    async def _same_below(self, place: Place, since: int) -> bool:
        known = await self._store.hash_at(place.deployment_id, since)
        if known is None:
            return True
        async with answering():
            block = await self._book.web3.eth.get_block(known[0])
        return _text(block["hash"]) == known[1]

    async def _read(self, place: Place, since: int, until: int) -> list[ChainEvent]:
        names = {address: name for name in WATCHED if (address := place.addresses.get(name)) is not None}
        contracts = {name: await self._book.contract(name) for name in names.values()}
        topics = [contract.events[event].topic for name, contract in contracts.items() for event in WATCHED[name]]
        async with answering():
            logs = await self._book.web3.eth.get_logs(
                {
                    "address": [Web3.to_checksum_address(a) for a in names],
                    "topics": [topics],
                    "fromBlock": since,
                    "toBlock": until,
                }
            )
        times: dict[int, datetime] = {}
        found = []
        for entry in logs:
            name = names[str(entry["address"])]
            told = _decoded(contracts[name], name, entry)
            if told is not None:
                number = int(told["blockNumber"])
                if number not in times:
                    async with answering():
                        stamp = (await self._book.web3.eth.get_block(number))["timestamp"]
                    times[number] = datetime.fromtimestamp(int(stamp), UTC)
                found.append(_event(name, told, times[number]))
        return found


def _decoded(contract: Any, name: Name, entry: Any) -> EventData | None:
    topic = bytes(entry["topics"][0]) if entry["topics"] else b""
    for event in WATCHED[name]:
        kind = contract.events[event]
        if bytes(HexBytes(kind.topic)) == topic:
            told: EventData = kind().process_log(entry)
            return told
    return None


def _event(contract: str, told: EventData, when: datetime) -> ChainEvent:
    arguments = {name: _plain(value) for name, value in told["args"].items()}
    slot, account = told["args"].get("slot"), next((told["args"][a] for a in ACCOUNTS if a in told["args"]), None)
    return ChainEvent(
        block_number=int(told["blockNumber"]),
        log_index=int(told["logIndex"]),
        block_hash=_text(told["blockHash"]),
        block_time=when,
        tx_hash=_text(told["transactionHash"]),
        contract=contract,
        event=str(told["event"]),
        product_hash=arguments.get("productId"),
        slot=None if slot is None else datetime.fromtimestamp(int(slot), UTC),
        account=None if account is None else str(account),
        arguments=arguments,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return _text(value)
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
        return str(value)
    return value


def _text(value: bytes) -> str:
    return "0x" + bytes(value).hex()
