"""What the wallet routes answer, from the node and from PostgreSQL."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, get_args

from web3 import Web3
from web3.contract import AsyncContract
from web3.exceptions import ContractCustomError, ContractLogicError

from gridseal.notary.leaf import name_hash
from settlement_service.contracts import Book, Name, answering
from settlement_service.events import ChainEvent
from settlement_service.events_store import StoredEvents
from settlement_service.rounds.reader import EVER
from settlement_service.signin.wallet import Wallets
from settlement_service.wallet.actions import CALLS, inputs_of
from settlement_service.wallet.slots import SlotStore
from settlement_service.wallet.views import (
    AccountView,
    ActionView,
    Argument,
    ContractsView,
    ContractView,
    HoldingView,
    ProductView,
    RequestView,
    SlotView,
    TermsView,
    TokenView,
)

NAMES: tuple[Name, ...] = get_args(Name)
SPENDERS: tuple[Name, ...] = ("StakePool", "ActualsRegistry")


class WalletReader:
    """Answers about accounts and contracts. Every call may raise NodeAwayError, or ChainError for a refusal."""

    def __init__(self, book: Book, events: StoredEvents, slots: SlotStore, confirmations: int) -> None:
        self._book = book
        self._events = events
        self._slots = slots
        self._roles = Wallets(book)
        self._confirmations = confirmations

    async def contracts(self) -> ContractsView:
        """The deployment, its money, and what may be sent."""
        place = await self._book.place()
        token, actuals, pool, arbiter = await self._contracts("Token", "ActualsRegistry", "StakePool", "Arbiter")
        async with answering():
            block = await self._book.web3.eth.get_block("latest")
            symbol, decimals, bond, cost, dispute, ruling, unbonding, due = await asyncio.gather(
                *(call.call() for call in (
                    token.functions.symbol(), token.functions.decimals(), actuals.functions.bondAmount(),
                    arbiter.functions.arbitrationCost(b""), actuals.functions.disputeWindow(),
                    actuals.functions.rulingWindow(), pool.functions.unbonding(), actuals.functions.treasuryDue(),
                ))
            )  # fmt: skip
        there = [name for name in NAMES if name in place.addresses]
        return ContractsView(
            chain_id=place.chain_id, deployment_id=place.deployment_id, deployed_block=place.deployed_block,
            block_number=int(block["number"]), block_time=_moment(block["timestamp"]),
            confirmations=self._confirmations,
            contracts=tuple(
                ContractView(name=n, address=place.addresses[n], abi=f"/api/v1/contracts/{n}/abi") for n in there
            ),
            token=TokenView(address=str(token.address), symbol=str(symbol), decimals=int(decimals)),
            bond=str(bond), arbitration_cost_wei=str(cost), dispute_window_s=int(dispute),
            ruling_window_s=int(ruling), unbonding_s=int(unbonding), treasury_due=str(due),
            actions=tuple(self._actions(there)),
        )  # fmt: skip

    def abi(self, name: Name) -> list[dict[str, Any]]:
        """The ABI of one contract."""
        return self._book.abi(name)

    async def account(self, address: str) -> AccountView:
        """What an account has, and what it may do."""
        account = Web3.to_checksum_address(address)
        deployment = (await self._book.place()).deployment_id
        token, actuals, pool = await self._contracts("Token", "ActualsRegistry", "StakePool")
        deposits, own = await asyncio.gather(
            self._events.named(deployment, ["Deposited", "Admitted", "Joined"], *EVER),
            self._events.of_person(deployment, ["UnbondingStarted", "Withdrawn"], account),
        )
        authorities = sorted({str(e.arguments["authority"]) for e in deposits} | {account})
        async with answering():
            balance = await self._book.web3.eth.get_balance(account)
            tokens, owed, *allowed = await asyncio.gather(
                token.functions.balanceOf(account).call(),
                actuals.functions.owed(account).call(),
                *(token.functions.allowance(account, c.address).call() for c in (pool, actuals)),
            )
        roles, holdings, requests, may_back = await asyncio.gather(
            self._roles.roles(account), _holdings(pool, authorities, account), self._requests(pool, own, account),
            self._may_back(pool, authorities, account),
        )  # fmt: skip
        return AccountView(
            address=account, roles=roles, balance_wei=str(balance), tokens=str(tokens),
            allowances={name: str(amount) for name, amount in zip(SPENDERS, allowed, strict=True)},
            owed=str(owed), holdings=holdings, requests=requests, may_back=may_back,
        )  # fmt: skip

    async def products(self) -> tuple[ProductView, ...]:
        """Every product that was ever sealed."""
        settlement = await self._book.contract("Settlement")
        newest = await self._slots.newest()
        return tuple(await asyncio.gather(*(_product(settlement, p, slot) for p, slot in newest)))

    async def slots(
        self, product_id: str | None, since: datetime, before: tuple[datetime, str], limit: int
    ) -> Sequence[SlotView]:
        """Slots from ``since`` on that stand after ``before`` in the list, newest first."""
        return await self._slots.page(product_id, since, before, limit)

    def _actions(self, there: Iterable[Name]) -> Iterable[ActionView]:
        known = set(there)
        for call in CALLS:
            if call.contract in known:
                inputs = inputs_of(self._book.abi(call.contract), call.method)
                yield ActionView(
                    name=call.name, contract=call.contract, method=call.method, who=call.who, first=call.first,
                    value=call.value, arguments=tuple(Argument(name=n, type=t) for n, t in inputs),
                )  # fmt: skip

    async def _contracts(self, *names: Name) -> list[AsyncContract]:
        return [await self._book.contract(name) for name in names]

    async def _may_back(self, pool: AsyncContract, authorities: Sequence[str], account: str) -> tuple[str, ...]:
        registry = await self._book.contract("ForecastRegistry")
        async with answering():
            kind, *admitted = await asyncio.gather(
                registry.functions.signerKind(account).call(),
                *(pool.functions.admitted(a, account).call() for a in authorities),
            )
        return tuple(a for a, yes in zip(authorities, admitted, strict=True) if yes or (a == account and kind != 0))

    async def _requests(
        self, pool: AsyncContract, events: Sequence[ChainEvent], account: str
    ) -> tuple[RequestView, ...]:
        ours = [e for e in events if e.contract == "StakePool"]
        paid = {str(e.arguments["requestId"]) for e in ours if e.event == "Withdrawn"}
        now = await self._book.block_time()
        found = []
        for event in (e for e in ours if e.event == "UnbondingStarted"):
            number, ready_at = str(event.arguments["requestId"]), int(event.arguments["readyAt"])
            ready = ready_at <= now and number not in paid
            found.append(
                RequestView(
                    request_id=number, authority=str(event.arguments["authority"]),
                    shares=str(event.arguments["shares"]), ready_at=_moment(ready_at),
                    state="paid" if number in paid else "ready" if ready else "waiting",
                    amount=await _payable(pool, number, account) if ready else None, tx_hash=event.tx_hash,
                )
            )  # fmt: skip
        return tuple(found)


async def _payable(pool: AsyncContract, request_id: str, account: str) -> str | None:
    """What ``withdraw`` would pay, asked of the contract without sending it; none where it would refuse."""
    async with answering():
        try:
            caller = Web3.to_checksum_address(account)
            return str(await pool.functions.withdraw(int(request_id)).call({"from": caller}))
        except (ContractCustomError, ContractLogicError):
            return None


async def _holdings(pool: AsyncContract, authorities: Sequence[str], account: str) -> tuple[HoldingView, ...]:
    async with answering():
        told = await asyncio.gather(
            *(pool.functions.sharesOf(a, account).call() for a in authorities),
            *(pool.functions.worthOf(a, account).call() for a in authorities),
        )
    shares, worth = told[: len(authorities)], told[len(authorities) :]
    return tuple(
        HoldingView(authority=a, shares=str(s), worth=str(w))
        for a, s, w in zip(authorities, shares, worth, strict=True)
        if s
    )


async def _product(settlement: AsyncContract, product_id: str, slot: datetime) -> ProductView:
    key = (name_hash(product_id), int(slot.timestamp()))
    async with answering():
        try:
            participants, terms = await asyncio.gather(
                settlement.functions.participants(*key).call(), settlement.functions.termsOf(*key).call()
            )
        except (ContractCustomError, ContractLogicError):
            participants, terms = (), None
    return ProductView(
        product_id=product_id, product_hash="0x" + key[0].hex(), newest_slot=slot,
        participants=tuple(str(a) for a in participants), terms=_terms(terms) if terms else None,
    )  # fmt: skip


def _terms(told: Sequence[Any]) -> TermsView:
    """From ``ISettlement.Terms``."""
    benchmark, levels, gate, reveal, threshold, slope, cap = told
    return TermsView(
        benchmark=str(benchmark), levels_hash="0x" + bytes(levels).hex(), gate_window_s=int(gate),
        reveal_window_s=int(reveal), threshold=str(threshold), slope_bps=int(slope), cap_bps=int(cap),
    )  # fmt: skip


def _moment(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
