"""ActualsRegistry and Settlement behind a node."""

import asyncio
from datetime import datetime
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_utils.crypto import keccak
from web3 import Web3
from web3.exceptions import ContractCustomError, ContractLogicError

from gridseal.notary.leaf import name_hash
from settlement_service.contracts import Book, Place, answering
from settlement_service.rounds.values import Phase, Round, RoundView, Status

VOIDED = keccak(b"ActualsVoid(bytes32,uint64,uint32,uint256)")


class ContractLedger:
    """Implements ``ports.Ledger``."""

    def __init__(self, book: Book) -> None:
        self._book = book

    async def place(self) -> Place:
        """Where everything is."""
        return await self._book.place()

    async def chain_time(self) -> int:
        """Unix seconds of the newest block."""
        return await self._book.block_time()

    async def joined(self, product_id: str, slot: datetime) -> tuple[str, ...]:
        """Who takes part in a slot; nobody where the product has no terms for it."""
        settlement = await self._book.contract("Settlement")
        async with answering():
            try:
                found = await settlement.functions.participants(name_hash(product_id), int(slot.timestamp())).call()
            except (ContractCustomError, ContractLogicError):
                return ()
        return tuple(str(Web3.to_checksum_address(a)) for a in found)

    async def view(self, round_: Round, provider: str) -> RoundView:
        """What the chain says about a round. The time is read first: it is never newer than the rest."""
        actuals, settlement = await self._book.contract("ActualsRegistry"), await self._book.contract("Settlement")
        key = (name_hash(round_.product_id), round_.slot_s)
        now = await self._book.block_time()
        async with answering():
            version, owed, due, told, joined, terms = await asyncio.gather(
                actuals.functions.latest(*key).call(),
                actuals.functions.owed(Web3.to_checksum_address(provider)).call(),
                actuals.functions.treasuryDue().call(),
                settlement.functions.round(*key).call(),
                self.joined(round_.product_id, round_.slot),
                self._terms(settlement, key),
            )
            newest = await actuals.functions.actuals(*key, version).call() if version else None
        phase, _, _, deadline = told
        benchmark = str(Web3.to_checksum_address(terms[0])) if terms else ""
        status = Status(newest[3]) if newest else Status.NONE
        return RoundView(
            now=now,
            version=int(version),
            status=status,
            root="0x" + bytes(newest[0]).hex() if newest else "",
            final_at=int(newest[5]) if newest else 0,
            ruling_deadline=int(newest[7]) if newest else 0,
            ruling=await self._ruling(round_, int(version)) if status is Status.VOID else 0,
            phase=Phase(phase),
            deadline=int(deadline),
            terms=terms is not None,
            joined=joined,
            benchmark=benchmark,
            owed=int(owed),
            treasury_due=int(due),
        )

    async def _terms(self, settlement: Any, key: tuple[bytes, int]) -> Any | None:
        try:
            return await settlement.functions.termsOf(*key).call()
        except (ContractCustomError, ContractLogicError):
            return None

    async def _ruling(self, round_: Round, version: int) -> int:
        place = await self._book.place()
        topics = ["0x" + VOIDED.hex(), "0x" + name_hash(round_.product_id).hex(), f"0x{round_.slot_s:064x}"]
        async with answering():
            logs = await self._book.web3.eth.get_logs(
                {
                    "address": Web3.to_checksum_address(place.addresses["ActualsRegistry"]),
                    "fromBlock": hex(place.deployed_block),  # type: ignore[typeddict-item]
                    "topics": topics,
                }
            )
        told = [abi_decode(["uint32", "uint256"], bytes(log["data"])) for log in logs]
        return next((int(ruling) for number, ruling in reversed(told) if number == version), 0)
