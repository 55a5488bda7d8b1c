"""Assembles settlement-service: Kafka to outbox, outbox to chain, changes to Kafka, and the REST face."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from gridseal.access.install import own_headers
from gridseal.access.tenant_rows import SERVICE, named_for, tenant_options
from gridseal.errors import UnavailableError
from gridseal.http.install import conventions_of
from gridseal.registry.announce import announce
from gridseal.runtime.clock import Clock, clock_from
from gridseal.runtime.kafka import client_options
from gridseal.runtime.logs import configure_logs
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.migrations import apply_migrations
from gridseal.runtime.serve import http_part, main, run_parts
from gridseal.runtime.settings import CoreSettings, load_settings, require_loopback
from gridseal.runtime.traces import configure_traces
from gridseal.wire.topics import FORECASTS_SEALED, ROUNDS_CHANGED
from settlement_service.app import Parts, create_app
from settlement_service.benchmark.source import Benchmarks
from settlement_service.chain import RegistryChain
from settlement_service.contracts import Book
from settlement_service.intake import BenchmarkIntake, Intake, issued_consumer
from settlement_service.keys import HeldKey, open_keys
from settlement_service.lifecycle import LifeCycle
from settlement_service.metrics import ChainMetrics, SealMetrics
from settlement_service.origin import ForecastOrigins, GatewayReceipts
from settlement_service.outbox import Outbox
from settlement_service.publish import ROUNDS, SEALS, Publisher
from settlement_service.rpc import JsonRpc
from settlement_service.runs import Pool, Runs
from settlement_service.sealer import Sealer
from settlement_service.sealing import Signer
from settlement_service.settings import SettlementSettings
from settlement_service.transactions.box import TransactionBox
from settlement_service.transactions.contracts import Calls, Contracts, load_abis
from settlement_service.transactions.fees import FeePolicy
from settlement_service.transactions.ledger import KeyLedger
from settlement_service.transactions.node import RpcAccountNode
from settlement_service.transactions.orders import KeyName
from settlement_service.transactions.plan import Policy
from settlement_service.transactions.routes import transaction_routes
from settlement_service.transactions.sender import Sender
from settlement_service.vault import Vault, load_vault

PACKAGE = files("settlement_service")
SIGNERS: Mapping[Signer, KeyName] = {"forecast": "authority", "benchmark": "benchmark"}
"""Whose runs are sealed, and with which key."""


def _pool(core: CoreSettings, settings: SettlementSettings) -> Pool:
    return AsyncConnectionPool(
        core.postgres_dsn,
        min_size=1,
        max_size=8,
        open=False,
        timeout=settings.dependency_timeout_s,
        kwargs={"row_factory": dict_row, "autocommit": True, "options": tenant_options(core.tenant, SERVICE)},
    )


@asynccontextmanager
async def _keys(core: CoreSettings, settings: SettlementSettings) -> AsyncIterator[Mapping[KeyName, HeldKey]]:
    folder = core.state_dir / "keys"
    async with AsyncExitStack() as stack:
        remote = None
        if settings.signer_url is not None:
            what = "the signer: check SETTLEMENT_SERVICE_SIGNER_URL"
            opened = JsonRpc.open(settings.signer_url, settings.dependency_timeout_s, what)
            remote = await stack.enter_async_context(opened)
        yield open_keys(settings, folder, remote)


def _vault(core: CoreSettings, settings: SettlementSettings) -> Vault:
    file = settings.secrets_key_file or core.state_dir / "keys" / "batch-secrets.key"
    return load_vault("SETTLEMENT_SERVICE_SECRETS_KEY_FILE", file)


def _policy(settings: SettlementSettings) -> Policy:
    fees = FeePolicy(priority_fee=settings.priority_fee_wei, cap=settings.max_fee_wei)
    return Policy(settings.confirmations, settings.window, settings.replace_s, fees)


@dataclass(frozen=True)
class Line:
    """What seals and sends: one sealer per authority, one sender per key. Each has events of its own to wait for."""

    core: CoreSettings
    settings: SettlementSettings
    clock: Clock
    keys: Mapping[KeyName, HeldKey]
    vault: Vault
    rpc: JsonRpc
    contracts: Contracts
    calls: Calls
    box: TransactionBox
    metrics: SealMetrics
    chain_metrics: ChainMetrics
    wakes: Mapping[KeyName, asyncio.Event]
    changed: asyncio.Event
    publish: Sequence[Callable[[], Coroutine[None, None, None]]]
    runs: Mapping[Signer, asyncio.Event] = field(default_factory=lambda: {s: asyncio.Event() for s in SIGNERS})
    moved: Mapping[Signer, asyncio.Event] = field(default_factory=lambda: {s: asyncio.Event() for s in SIGNERS})

    def parts(self) -> list[Callable[[], Coroutine[None, None, None]]]:
        """A loop for every key that is there."""
        senders = [partial(self._send, name) for name in self.keys]
        return [*senders, *(partial(self._seal, s, key) for s, key in SIGNERS.items() if key in self.keys)]

    async def _send(self, name: KeyName) -> None:
        async with KeyLedger.open(self.core.postgres_dsn, name, tenant=self.core.tenant) as ledger:
            sender = Sender(
                key=name,
                node=RpcAccountNode(self.rpc, self.calls),
                ledger=ledger,
                signer=self.keys[name],
                contracts=self.contracts,
                calls=self.calls,
                clock=self.clock,
                policy=_policy(self.settings),
                metrics=self.chain_metrics,
                wake=self.wakes[name],
                moved=list(self.moved.values()),
                poll_s=self.settings.poll_s,
            )
            await sender.run()

    async def _seal(self, signer: Signer, key: KeyName) -> None:
        async with Outbox.open(self.core.postgres_dsn, self.vault, signer, tenant=self.core.tenant) as outbox:
            self.metrics.writer.set(1)
            sealer = Sealer(
                chain=RegistryChain(self.rpc, self.contracts, self.calls),
                store=outbox,
                transactions=self.box,
                clock=self.clock,
                authority=self.keys[key],
                metrics=self.metrics,
                wake=self.runs[signer],
                moved=self.moved[signer],
                changed=self.changed,
                gas_limit=self.settings.gas_limit,
                grouping=self.settings.grouping,
                confirmations=self.settings.confirmations,
            )
            async with asyncio.TaskGroup() as group:
                group.create_task(sealer.run())
                if signer == "forecast":  # one process publishes, so that events keep their order
                    for publish in self.publish:
                        group.create_task(publish())


@asynccontextmanager
async def _kafka(
    core: CoreSettings, settings: SettlementSettings
) -> AsyncIterator[tuple[AIOKafkaProducer, AIOKafkaConsumer]]:
    producer = AIOKafkaProducer(**client_options(core.kafka_bootstrap), acks="all", enable_idempotence=True)
    consumer = issued_consumer(core.kafka_bootstrap, named_for(settings.consumer_group, core.tenant))
    async with AsyncExitStack() as stack:
        for client in (producer, consumer):
            stack.push_async_callback(client.stop)
            try:
                await client.start()
            except KafkaError as error:
                raise UnavailableError("Kafka does not answer: check GRIDSEAL_KAFKA_BOOTSTRAP") from error
        yield producer, consumer


async def run() -> None:
    """Serve until stopped."""
    core = load_settings(CoreSettings)
    settings = load_settings(SettlementSettings)
    require_loopback(core)
    configure_logs("settlement-service", core.log_level)
    configure_traces("settlement-service", core.otlp_endpoint)
    vault = _vault(core, settings)
    apply_migrations(core.postgres_dsn, "settlement", Path(str(PACKAGE / "migrations")))
    schema_ids = await announce(core.schema_registry_url, [FORECASTS_SEALED, ROUNDS_CHANGED])
    registry, clock = new_registry(), clock_from(core)
    changed, told = asyncio.Event(), asyncio.Event()
    metrics, calls = SealMetrics(registry), Calls(load_abis())
    file = settings.deployment_file or core.state_dir / "chain" / "deployment.json"
    async with (
        _keys(core, settings) as keys,
        _pool(core, settings) as pool,
        JsonRpc.open(core.chain_rpc_url, settings.dependency_timeout_s) as rpc,
        Book.open(core.chain_rpc_url, file, settings.dependency_timeout_s) as book,
        _kafka(core, settings) as (producer, consumer),
    ):
        runs, wakes = Runs(pool, vault), {name: asyncio.Event() for name in keys}
        await runs.seal_secrets()
        contracts = Contracts(file, rpc)
        box = TransactionBox(pool, contracts, calls, wakes)
        publishers = (
            Publisher(SEALS, pool, producer, changed, schema_ids), Publisher(ROUNDS, pool, producer, told, schema_ids)
        )  # fmt: skip
        line = Line(
            *(core, settings, clock, keys, vault, rpc, contracts, calls, box),
            *(metrics, ChainMetrics(registry), wakes, changed, [p.run for p in publishers]),
        )

        async def chain_answers() -> None:
            await rpc.ask("eth_blockNumber")

        life = LifeCycle(core, settings, clock, registry, pool, vault, book, keys, box, told=told)
        probes = {"postgres": runs.ping, "chain": chain_answers}
        routers, conventions = [*life.routers(), transaction_routes(box)], conventions_of(core, "settlement-service")
        origins = ForecastOrigins(core.forecast_url, settings.origin_timeout_s, own_headers(core))
        receipts = GatewayReceipts(core.gateway_url, settings.origin_timeout_s, own_headers(core))
        app = create_app(Parts(runs, clock, registry, probes, routers, conventions, origins, receipts))
        port = settings.port if settings.port is not None else core.port_base + 8_020
        beside = BenchmarkIntake(Benchmarks(pool), runs, line.runs["benchmark"]) if "benchmark" in keys else None
        intake = Intake(
            consumer, producer, runs, metrics, line.runs["forecast"], changed, beside, tenant=core.tenant
        )  # fmt: skip
        await run_parts([intake.run, *line.parts(), *life.parts(), http_part(app, core.host, port)])


if __name__ == "__main__":
    main(run)
