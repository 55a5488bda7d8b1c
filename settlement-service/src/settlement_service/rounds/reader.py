"""Answers about rounds, scores, disputes, stakes and slots: from what was stored, and from the chain of this moment."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from web3 import Web3

from gridseal.notary.leaf import name_hash, salt_of
from settlement_service.contracts import Book, answering
from settlement_service.events import ChainEvent
from settlement_service.events_store import StoredEvents
from settlement_service.rounds.evidence import EvidenceStore
from settlement_service.rounds.seals import SealedRuns
from settlement_service.rounds.store import RoundStore
from settlement_service.rounds.values import Round
from settlement_service.rounds.views import (
    ActualItem,
    ActualsDocument,
    DisputeView,
    RoundDetail,
    ScoreView,
    SlotHistory,
    SlotSeal,
    StakeList,
    StakeView,
    detail_of,
    disputes_of,
    score_of,
)

EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
ZERO = "0x" + "00" * 32


class RoundReader:
    """Reads PostgreSQL and the node. ``ours`` are the addresses of our authorities, by name."""

    def __init__(
        self, book: Book, rounds: RoundStore, events: StoredEvents, seals: SealedRuns, evidence: EvidenceStore,
        ours: Mapping[str, str],
    ) -> None:  # fmt: skip
        self._book = book
        self._rounds = rounds
        self._events = events
        self._seals = seals
        self._evidence = evidence
        self._ours = {address: name for name, address in ours.items()}

    async def rounds(self, day: datetime, product_id: str | None, limit: int) -> list[Round]:
        """Rounds of the slots of a UTC day."""
        return await self._rounds.between(day, day + timedelta(days=1), product_id, limit)

    async def detail(self, product_id: str, slot: datetime) -> RoundDetail | None:
        """One round with everything the chain said."""
        round_ = await self._rounds.find(product_id, slot)
        if round_ is None:
            return None
        deployment = (await self._book.place()).deployment_id
        events = await self._events.of_slot(deployment, "0x" + name_hash(product_id).hex(), slot)
        settled = [e.tx_hash for e in events if e.event == "Settled"]
        told = detail_of(round_, events, await self._events.of_transactions(deployment, settled) if settled else ())
        return told.model_copy(update={"disputes": tuple(await self._completed(told.disputes))})

    async def actuals(self, product_id: str, slot: datetime, version: int | None) -> ActualsDocument | None:
        """A version of the measured values, the newest if none is named; none before the chain has it."""
        round_ = await self._rounds.find(product_id, slot)
        newest = round_.actuals if round_ else None
        found = newest if version is None else await self._rounds.actuals(product_id, slot, version)
        if found is None:
            return None
        return ActualsDocument(
            product_id=product_id,
            slot=slot,
            version=found.version,
            root=found.root,
            secret="0x" + found.secret.hex(),
            items=tuple(
                ActualItem(
                    series_id=item.series_id,
                    target_start=datetime.fromtimestamp(item.target_start, UTC),
                    resolution_s=item.resolution_s,
                    value_milli=item.value_milli,
                    capacity_milli=item.capacity_milli,
                    salt="0x" + salt_of(found.secret, i).hex(),
                )
                for i, item in enumerate(found.items)
            ),
        )

    async def scores(self, since: datetime, until: datetime, authority: str | None) -> list[ScoreView]:
        """Scores of rounds that were settled in blocks of ``[since, until)``."""
        names = await self._names()
        found = await self._named(["Scored"], since, until, authority)
        return [score_of(e, names.get(str(e.product_hash), str(e.product_hash))) for e in found]

    async def disputes(self, since: datetime, until: datetime) -> list[DisputeView]:
        """Disputes that were opened in blocks of ``[since, until)``, with what became of them."""
        names = await self._names()
        found = await self._named(["ActualsDisputed", "ActualsVoid", "ActualsFinal"], since, EVER[1], None)
        return await self._completed([d for d in disputes_of(found, names) if d.opened_at < until])

    async def dispute(self, dispute_id: str) -> DisputeView | None:
        """One dispute, by its number with the arbiter."""
        return next((d for d in await self.disputes(*EVER) if d.dispute_id == dispute_id), None)

    async def _completed(self, disputes: Sequence[DisputeView]) -> list[DisputeView]:
        """With their texts, and with the end of the time in which the arbiter can rule."""
        if not disputes:
            return []
        actuals = await self._book.contract("ActualsRegistry")
        async with answering():
            window = timedelta(seconds=int(await actuals.functions.rulingWindow().call()))
        texts = await self._evidence.texts({d.evidence_hash for d in disputes})
        return [
            d.model_copy(update={"evidence": texts.get(d.evidence_hash), "ruling_deadline": d.opened_at + window})
            for d in disputes
        ]

    async def stakes(self) -> StakeList:
        """Every authority that ever had a stake, as it stands now."""
        pool, token = await self._book.contract("StakePool"), await self._book.contract("Token")
        found = await self._named(["Deposited", "Joined", "Left"], *EVER, None)
        authorities = sorted({str(e.account) for e in found if e.event == "Deposited"})
        async with answering():
            decimals, treasury, unbonding = await asyncio.gather(
                token.functions.decimals().call(),
                pool.functions.treasury().call(),
                pool.functions.unbonding().call(),
            )
            amounts = await asyncio.gather(
                *(pool.functions.stakeOf(a).call() for a in authorities),
                *(pool.functions.activeOf(a).call() for a in authorities),
            )
        stakes, active = amounts[: len(authorities)], amounts[len(authorities) :]
        items = tuple(
            StakeView(
                authority=a, name=self._ours.get(a), stake=str(s), active=str(x), products=tuple(_in_now(found, a))
            )
            for a, s, x in zip(authorities, stakes, active, strict=True)
        )
        return StakeList(
            token=str(token.address), decimals=int(decimals), treasury=str(treasury), unbonding_s=int(unbonding),
            items=items,
        )  # fmt: skip

    async def slot(self, product_id: str, slot: datetime) -> SlotHistory:
        """What every authority recorded for a slot, and which batch counts."""
        registry = await self._book.contract("ForecastRegistry")
        known = {s.batch_hash: s for s in await self._seals.all_of(product_id, slot) if s.batch_hash}
        found = await self._named(["AuthorityRegistered", "Joined"], *EVER, None)
        authorities = sorted({*self._ours, *(str(e.account) for e in found)})
        key = (name_hash(product_id), int(slot.timestamp()))
        async with answering():
            told = await asyncio.gather(
                *(registry.functions.history(Web3.to_checksum_address(a), *key).call() for a in authorities)
            )
        items = []
        for authority, batches in zip(authorities, told, strict=True):
            hashes = ["0x" + bytes(b).hex() for b in batches]
            for i, batch_hash in enumerate(hashes):
                seal = known.get(batch_hash)
                items.append(
                    SlotSeal(
                        authority=authority, batch_hash=batch_hash, counts=i == len(hashes) - 1,
                        run_id=seal.run_id if seal else None, version=seal.version if seal else None,
                        state=seal.state if seal else None,
                    )
                )  # fmt: skip
        return SlotHistory(product_id=product_id, slot=slot, items=tuple(items))

    async def _named(
        self, names: Sequence[str], since: datetime, until: datetime, account: str | None
    ) -> list[ChainEvent]:
        return await self._events.named((await self._book.place()).deployment_id, names, since, until, account)

    async def _names(self) -> dict[str, str]:
        return {"0x" + name_hash(p).hex(): p for p in await self._rounds.products()}


def _in_now(events: Iterable[ChainEvent], authority: str) -> list[str]:
    state: dict[str, bool] = {}
    for event in events:
        if event.account == authority and event.event in ("Joined", "Left"):
            state[str(event.product_hash)] = event.event == "Joined"
    return sorted(product for product, joined in state.items() if joined)
