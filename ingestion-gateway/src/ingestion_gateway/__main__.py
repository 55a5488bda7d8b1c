"""Assembles ingestion-gateway: catalog first, then Kafka, then MQTT."""

import asyncio
import gc
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import uvloop

from gridseal.errors import UnavailableError
from gridseal.http.install import conventions_of
from gridseal.identity.receipt_keys import KEY_FILE
from gridseal.registry.announce import TELEMETRY_TOPICS, SchemaIds, announce
from gridseal.runtime.clock import Clock, clock_from
from gridseal.runtime.logs import configure_logs, get_logger
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.serve import http_part, main, run_parts
from gridseal.runtime.settings import CoreSettings, load_settings, require_loopback
from gridseal.runtime.traces import TracedShare, configure_traces
from gridseal.wire.topics import MQTT_TELEMETRY_FILTER
from ingestion_gateway.activity import Activity
from ingestion_gateway.admin_routes import AdminParts, install_admin_routes
from ingestion_gateway.app import Parts, create_app
from ingestion_gateway.catalog_follower import CatalogFollower
from ingestion_gateway.database import GatewayDatabase
from ingestion_gateway.device_identity import DeviceIdentity
from ingestion_gateway.device_records import DeviceRecords
from ingestion_gateway.devices import DeviceDirectory
from ingestion_gateway.dialects.registry import Dialects
from ingestion_gateway.identity_routes import install_identity_routes
from ingestion_gateway.judge import Judge, TimeLimits
from ingestion_gateway.kafka_history import KafkaHistory
from ingestion_gateway.kafka_log import MAX_RECORD_BYTES, KafkaLog, kafka_answers
from ingestion_gateway.kafka_trail import KafkaTrail, install_trail_route
from ingestion_gateway.kept_receipts import KeptReceipts, install_kept_receipts
from ingestion_gateway.lanes import DeviceLanes
from ingestion_gateway.message_spans import TracedActivity
from ingestion_gateway.mqtt_source import MqttOptions, MqttSource
from ingestion_gateway.payload_signatures import PayloadSignatures
from ingestion_gateway.receipt_keys import ReceiptKeys
from ingestion_gateway.receipt_store import ReceiptStore
from ingestion_gateway.receipts import ReceiptBook
from ingestion_gateway.records import WRITTEN_TOPICS, RecordMaker
from ingestion_gateway.relay import Relay, RelayOptions
from ingestion_gateway.settings import GatewaySettings
from ingestion_gateway.totals import GatewayTotals
from ingestion_gateway.verdicts import Verdicts

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the gateway keeps in PostgreSQL, behind the critical path."""

    keys: ReceiptKeys
    book: ReceiptBook
    promised: ReceiptStore
    receipts: KeptReceipts
    records: DeviceRecords
    identity: DeviceIdentity


async def run() -> None:
    """Serve until stopped."""
    core = load_settings(CoreSettings)
    settings = load_settings(GatewaySettings)
    require_loopback(core)
    configure_logs("ingestion-gateway", core.log_level)
    configure_traces("ingestion-gateway", core.otlp_endpoint)
    schema_ids = await announce(core.schema_registry_url, TELEMETRY_TOPICS)

    _tune_interpreter()
    registry = new_registry()
    totals, devices, activity = GatewayTotals(registry), DeviceDirectory(), _activity(core)
    dialects = Dialects.from_setting(settings.dialects)
    source = MqttSource(_mqtt_options(core, settings, dialects), totals.receipt_undelivered)
    durable = _durable(core, settings, schema_ids)
    history = KafkaHistory(core.kafka_bootstrap, settings.kafka_timeout_s)
    follower = CatalogFollower(core.kafka_bootstrap, devices, quiet_s=settings.catalog_quiet_s)
    clock = clock_from(core)
    kept = _kept(core, settings, clock)
    judge = Judge(devices, _time_limits(settings), clock, kept.identity)
    verdicts = Verdicts(judge, devices, dialects, totals.drop)
    lanes = DeviceLanes(settings.device_rate_per_s, settings.device_burst, settings.lane_messages)
    maker = RecordMaker(MAX_RECORD_BYTES)
    kafka = partial(kafka_answers, core.kafka_bootstrap, timeout_s=2)
    relay = Relay(source, durable, verdicts, kept.book, lanes, maker, totals, activity, kafka, _relay_options(settings))

    async def forward() -> None:
        await follower.ready.wait()
        await kept.promised.load()
        await kept.records.try_load()
        await durable.start()
        try:
            await _recall(history, totals)
            await relay.run()
        finally:
            await source.stop()
            await durable.stop()
            await kept.promised.flush()
            await kept.receipts.flush()

    conventions = conventions_of(core, "ingestion-gateway")
    app = create_app(Parts(source, devices, totals, lanes, kafka, registry, conventions))
    install_admin_routes(app, AdminParts(source, settings.receive_maximum, relay, lanes, totals, activity, history))
    install_trail_route(app, devices, KafkaTrail(core.kafka_bootstrap, settings.kafka_timeout_s))
    install_identity_routes(app, kept.records, kept.keys)
    install_kept_receipts(app, kept.receipts)
    port = settings.port if settings.port is not None else core.port_base + 8_030
    behind = [kept.promised.run, kept.keys.run, kept.records.run, kept.receipts.run]
    await run_parts([follower.run, forward, *behind, http_part(app, core.host, port)])


def _activity(core: CoreSettings) -> Activity:
    return Activity() if core.otlp_endpoint is None else TracedActivity(TracedShare(core.trace_ratio))


def _durable(core: CoreSettings, settings: GatewaySettings, schema_ids: SchemaIds) -> KafkaLog:
    return KafkaLog(
        core.kafka_bootstrap,
        WRITTEN_TOPICS,
        linger_ms=settings.linger_ms,
        timeout_s=settings.kafka_timeout_s,
        schema_ids=schema_ids,
    )


def _kept(core: CoreSettings, settings: GatewaySettings, clock: Clock) -> _Kept:
    database = GatewayDatabase(core.postgres_dsn)
    keys = ReceiptKeys(settings.receipt_key or core.state_dir / "keys" / KEY_FILE, database)
    every_s = clock.wall_seconds(timedelta(seconds=settings.receipts_kept_every_s))
    book = ReceiptBook(keys, most_at_once=settings.receipts_at_once, keep_every_ms=round(every_s * 1_000))
    promised = ReceiptStore(database, book, interval_s=settings.receipt_flush_ms / 1_000)
    receipts = KeptReceipts(database, book, keep_s=clock.wall_seconds(timedelta(days=settings.receipts_kept_days)))
    records = DeviceRecords(database, settings.identity_poll_s)
    signatures = PayloadSignatures(records, settings.require_signature, timedelta(seconds=settings.key_grace_s))
    return _Kept(keys, book, promised, receipts, records, DeviceIdentity(records, signatures))


def _relay_options(settings: GatewaySettings) -> RelayOptions:
    return RelayOptions(
        receipt_interval_ms=settings.receipt_interval_ms,
        stop_timeout_s=settings.stop_timeout_s,
        stall_limit_s=settings.stall_limit_s,
        most_in_hand=4 * settings.receive_maximum,
    )


def _tune_interpreter() -> None:
    # Messages make short-lived objects and no cycles: look for garbage less often.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _time_limits(settings: GatewaySettings) -> TimeLimits:
    return TimeLimits(
        future_s=settings.future_limit_s,
        past_s=settings.past_limit_s,
        ahead_s=settings.clock_ahead_s,
        behind_s=settings.clock_behind_s,
    )


def _shared(group: str) -> str:
    # Only this one: a dialect may have to follow its senders message by message.
    return f"$share/{group}/{MQTT_TELEMETRY_FILTER}" if group else MQTT_TELEMETRY_FILTER


def _mqtt_options(core: CoreSettings, settings: GatewaySettings, dialects: Dialects) -> MqttOptions:
    return MqttOptions(
        host=core.mqtt_host,
        port=core.mqtt_port,
        tls_dir=settings.tls_dir or core.state_dir / "tls",
        client_id=settings.client_id,
        filters=(_shared(settings.share_group), *dialects.filters()),
        session_expiry_s=settings.session_expiry_s,
        receive_maximum=settings.receive_maximum,
        keepalive_s=settings.keepalive_s,
        reconnect_max_s=settings.reconnect_max_s,
    )


async def _recall(history: KafkaHistory, totals: GatewayTotals) -> None:
    while True:
        try:
            earlier = await history.totals()
        except UnavailableError as error:
            log.warning("totals_wait", error=str(error))
            await asyncio.sleep(0.5)
            continue
        totals.recall(earlier.accepted, earlier.refused, earlier.quarantined)
        return


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    main(run)
