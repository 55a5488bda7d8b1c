"""What runs beside the sealing: events of the contracts, rounds, requests of operators, and the doors to them."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Protocol
from urllib.parse import urlsplit

from fastapi import APIRouter
from prometheus_client import CollectorRegistry

from gridseal.access.install import own_headers
from gridseal.access.sessions import SessionKeys
from gridseal.errors import ConfigError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger
from gridseal.runtime.settings import CoreSettings
from settlement_service.actuals.source import CatalogSource, Measurements
from settlement_service.contracts import Book, answering
from settlement_service.events import EventWatch
from settlement_service.events_store import StoredEvents
from settlement_service.overrides.jobs import ForecastJobs
from settlement_service.overrides.loop import OverrideLoop, Settled
from settlement_service.overrides.routes import override_routes
from settlement_service.overrides.store import OverrideStore
from settlement_service.rounds.calls import OrderedCalls
from settlement_service.rounds.evidence import EvidenceStore, evidence_routes
from settlement_service.rounds.given import given_routes
from settlement_service.rounds.ledger import ContractLedger
from settlement_service.rounds.loop import RoundLoop
from settlement_service.rounds.metrics import RoundMetrics
from settlement_service.rounds.policy import Policy
from settlement_service.rounds.ports import Catalog
from settlement_service.rounds.reader import RoundReader
from settlement_service.rounds.routes import round_routes
from settlement_service.rounds.seals import SealedRuns
from settlement_service.rounds.steps import Steps
from settlement_service.rounds.store import RoundStore
from settlement_service.runs import Pool
from settlement_service.settings import SettlementSettings
from settlement_service.signin.routes import SignInParts, session_routes
from settlement_service.signin.store import SignInStore
from settlement_service.signin.wallet import Wallets
from settlement_service.transactions.orders import KeyName
from settlement_service.transactions.ports import Transactions
from settlement_service.vault import Vault
from settlement_service.wallet.reader import WalletReader
from settlement_service.wallet.routes import wallet_routes
from settlement_service.wallet.slots import SlotStore

log = get_logger(__name__)
Part = Callable[[], Coroutine[None, None, None]]


class HasAddress(Protocol):
    """A key, as far as it matters here."""

    @property
    def address(self) -> str:
        """Checksummed."""
        ...


@dataclass(frozen=True)
class LifeCycle:
    """Loops and routes, from the parts of the process."""

    core: CoreSettings
    settings: SettlementSettings
    clock: Clock
    registry: CollectorRegistry
    pool: Pool
    vault: Vault
    book: Book
    keys: Mapping[KeyName, HasAddress]
    transactions: Transactions
    catalog: Catalog | None = None
    """Unset: asset-service."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a message about a round may wait for Kafka."""

    def parts(self) -> list[Part]:
        """Events and requests are followed always; rounds are driven where the keys for that are there."""
        watch = EventWatch(self.book, self.events, (self.changed, self.told), self.settings.events_poll_s)
        parts: list[Part] = [watch.run, OverrideLoop(self.overrides, self._jobs(), self._settled).run]
        if "provider" in self.keys and "keeper" in self.keys:
            parts.append(self.rounds_loop().run)
        else:
            log.warning("rounds_not_driven", reason="there is no keystore of provider and keeper")
        return parts

    def routers(self) -> Sequence[APIRouter]:
        """All routes of rounds, wallets, requests and sign-in."""
        ours = {
            name: key.address
            for name, key in (("forecast", self.keys.get("authority")), ("benchmark", self.keys.get("benchmark")))
            if key is not None
        }
        evidence = EvidenceStore(self.pool)
        reader = RoundReader(self.book, self.rounds, self.events, self._seals, evidence, ours)
        sign_in = SignInParts(
            store=SignInStore(self.pool, session_s=self.settings.signin_session_s),
            accounts=Wallets(self.book),
            domains=self._domains(),
            registry=self.registry,
            keys=self._session_keys(),
            secure=urlsplit(self.core.dashboard_url).scheme == "https",
        )
        wallet = WalletReader(self.book, self.events, SlotStore(self.pool), self.settings.confirmations)
        return (
            wallet_routes(wallet),
            round_routes(reader, self.clock),
            evidence_routes(reader, evidence),
            given_routes(self.book, self.rounds, self.events, self.changed),
            override_routes(self.overrides, self._deployment),
            session_routes(sign_in),
        )

    def rounds_loop(self) -> RoundLoop:
        """What drives rounds."""
        policy = Policy(
            every=timedelta(seconds=self.settings.round_every_s), lag=timedelta(seconds=self.settings.round_lag_s)
        )
        ledger, metrics = ContractLedger(self.book), RoundMetrics(self.registry)
        steps = Steps(
            rounds=self.rounds,
            ledger=ledger,
            calls=OrderedCalls(self.transactions),
            seals=self._seals,
            measurements=Measurements(self.pool),
            catalog=self.catalog or CatalogSource(self.core.asset_url, headers=own_headers(self.core)),
            clock=self.clock,
            metrics=metrics,
            provider=self.keys["provider"].address,
        )
        return RoundLoop(
            self.rounds, ledger, steps, self.clock, policy, metrics, self.changed, self.settings.round_poll_s
        )

    @cached_property
    def rounds(self) -> RoundStore:
        """Rounds as they are kept."""
        return RoundStore(self.pool)

    @cached_property
    def events(self) -> StoredEvents:
        """Events as they are kept."""
        return StoredEvents(self.pool)

    @cached_property
    def overrides(self) -> OverrideStore:
        """Requests as they are kept."""
        return OverrideStore(self.pool)

    @cached_property
    def _seals(self) -> SealedRuns:
        return SealedRuns(self.pool, self.vault)

    def _jobs(self) -> ForecastJobs:
        try:
            parameters = json.loads(self.settings.recalibration_parameters)
            if not isinstance(parameters, dict):
                raise ValueError
        except ValueError as error:
            raise ConfigError("SETTLEMENT_SERVICE_RECALIBRATION_PARAMETERS must be a JSON object") from error
        url = self.settings.jobs_url or f"http://127.0.0.1:{self.core.port_base + 8_002}"
        headers = own_headers(self.core)
        return ForecastJobs(url, self.settings.recalibration_flow, parameters, headers=headers)

    def _session_keys(self) -> SessionKeys:
        private = self.settings.session_key_file or self.core.state_dir / "keys" / "session-signing.key"
        return SessionKeys.open(private, private.with_suffix(".pub"), self.core.tenant)

    def _domains(self) -> set[str]:
        given = {d.strip() for d in self.settings.signin_domains.split(",") if d.strip()}
        address = urlsplit(self.core.dashboard_url)
        port = f":{address.port}" if address.port else ""
        loopback = {f"127.0.0.1{port}", f"localhost{port}"}
        return given or (loopback if address.hostname in ("127.0.0.1", "localhost") else {address.netloc})

    async def _deployment(self) -> str:
        return (await self.book.place()).deployment_id

    async def _settled(self) -> Settled:
        """Up to which block nothing changes any more."""
        place = await self.book.place()
        async with answering():
            head = int(await self.book.web3.eth.block_number)
        return Settled(place.deployment_id, head - self.settings.confirmations + 1)
