"""Assembles settlement-service: Kafka to outbox, outbox to chain, changes to Kafka, and the REST face."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from gridseal.errors import UnavailableError
from gridseal.registry.announce import announce
from gridseal.runtime.clock import clock_from
from gridseal.runtime.logs import configure_logs
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.migrations import apply_migrations
from gridseal.runtime.serve import http_part, main, run_parts
from gridseal.runtime.settings import CoreSettings, load_settings, require_loopback
from gridseal.runtime.traces import configure_traces
from gridseal.wire.topics import FORECASTS_SEALED
from settlement_service.app import Parts, create_app
from settlement_service.chain import RegistryChain
from settlement_service.intake import Intake, issued_consumer
from settlement_service.metrics import SealMetrics
from settlement_service.outbox import Outbox
from settlement_service.publish import SealPublisher
from settlement_service.runs import Pool, Runs
from settlement_service.sealer import Sealer
from settlement_service.settings import SettlementSettings
from settlement_service.signer import Key, load_key

PACKAGE = files("settlement_service")


def _keys(core: CoreSettings, settings: SettlementSettings) -> tuple[Key, Key]:
    folder = core.state_dir / "keys"
    return (
        load_key(
            "SETTLEMENT_SERVICE_AUTHORITY_KEYSTORE",
            settings.authority_keystore or folder / "authority.json",
            settings.authority_passphrase_file or folder / "authority.pass",
        ),
        load_key(
            "SETTLEMENT_SERVICE_RELAYER_KEYSTORE",
            settings.relayer_keystore or folder / "relayer.json",
            settings.relayer_passphrase_file or folder / "relayer.pass",
        ),
    )


def _pool(core: CoreSettings, settings: SettlementSettings) -> Pool:
    return AsyncConnectionPool(
        core.postgres_dsn,
        min_size=1,
        max_size=4,
        open=False,
        timeout=settings.dependency_timeout_s,
        kwargs={"row_factory": dict_row, "autocommit": True},
    )


def _chain(
    core: CoreSettings, settings: SettlementSettings, relayer: Key
) -> AbstractAsyncContextManager[RegistryChain]:
    abi: list[dict[str, Any]] = json.loads((PACKAGE / "registry_abi.json").read_text())
    return RegistryChain.open(
        core.chain_rpc_url,
        abi,
        settings.deployment_file or core.state_dir / "chain" / "deployment.json",
        relayer,
        gas_limit=settings.gas_limit,
        timeout_s=settings.dependency_timeout_s,
    )


@asynccontextmanager
async def _kafka(
    core: CoreSettings, settings: SettlementSettings
) -> AsyncIterator[tuple[AIOKafkaProducer, AIOKafkaConsumer]]:
    producer = AIOKafkaProducer(bootstrap_servers=core.kafka_bootstrap, acks="all", enable_idempotence=True)
    consumer = issued_consumer(core.kafka_bootstrap, settings.consumer_group)
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
    authority, relayer = _keys(core, settings)
    apply_migrations(core.postgres_dsn, "settlement", Path(str(PACKAGE / "migrations")))
    schema_ids = await announce(core.schema_registry_url, [FORECASTS_SEALED])
    registry = new_registry()
    metrics, clock = SealMetrics(registry), clock_from(core)
    wake, changed = asyncio.Event(), asyncio.Event()
    async with (
        _pool(core, settings) as pool,
        _chain(core, settings, relayer) as chain,
        _kafka(core, settings) as (producer, consumer),
    ):
        runs = Runs(pool)

        async def write() -> None:
            async with Outbox.open(core.postgres_dsn) as outbox:
                metrics.writer.set(1)
                sealer = Sealer(chain, outbox, clock, authority, metrics, wake, changed)
                sealer.poll_s, sealer.replace_s = settings.poll_s, settings.replace_s
                async with asyncio.TaskGroup() as group:
                    group.create_task(sealer.run())
                    group.create_task(SealPublisher(pool, producer, changed, schema_ids).run())

        async def chain_answers() -> None:
            await chain.height()

        app = create_app(Parts(runs, clock, registry, {"postgres": runs.ping, "chain": chain_answers}))
        port = settings.port if settings.port is not None else core.port_base + 8_020
        intake = Intake(consumer, producer, runs, metrics, wake, changed)
        await run_parts([intake.run, write, http_part(app, core.host, port)])


if __name__ == "__main__":
    main(run)
