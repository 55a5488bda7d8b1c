"""``python -m edge_agent replay | opcua | refused | proofs | devices | inspect | expected``."""

import argparse
import json
import sqlite3
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from edge_agent.app import StatusPage, create_app
from edge_agent.datasets.sources import load_all
from edge_agent.dispatcher import Dispatcher
from edge_agent.expected import expected_rows, write_expected
from edge_agent.fleet import Device, fleet
from edge_agent.metrics import AgentMetrics
from edge_agent.mqtt_link import MqttLink
from edge_agent.opcua.app import create_opcua_app
from edge_agent.opcua.collector import Collector
from edge_agent.opcua.metrics import OpcuaMetrics
from edge_agent.opcua.nodes import NodeList, read_node_list
from edge_agent.opcua.security import Security
from edge_agent.opcua.session import OpcuaSession, quiet_library
from edge_agent.opcua.source import OpcuaSource, Reporter
from edge_agent.progress import Progress
from edge_agent.proofs import add_proofs_command, print_proofs
from edge_agent.queue import DurableQueue, kernel_boot_id
from edge_agent.refused import add_refused_command, refused_command
from edge_agent.replay import Replay
from edge_agent.settings import AgentSettings
from edge_agent.signatures import PayloadSigner
from edge_agent.survey import as_table, survey
from gridseal.access.install import access_of
from gridseal.errors import ConfigError, GridsealError
from gridseal.identity.receipt_keys import ReceiptVerifier
from gridseal.runtime.clock import Clock, clock_from
from gridseal.runtime.logs import configure_logs
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.serve import http_part, main, run_parts
from gridseal.runtime.settings import CoreSettings, load_settings, require_loopback
from gridseal.runtime.traces import configure_traces


async def replay() -> None:
    """Build the parts and run them until a stop signal."""
    core, settings = load_settings(CoreSettings), load_settings(AgentSettings)
    require_loopback(core)
    configure_logs("edge-agent", core.log_level)
    configure_traces("edge-agent", core.otlp_endpoint)
    devices = fleet(core.tenant)
    registry = new_registry()
    metrics, progress, clock = AgentMetrics(registry), Progress(), clock_from(core)
    queue, link, dispatcher = sending_parts(core, settings, devices, metrics, progress)
    player = Replay(
        load=partial(load_all, settings.wheel_dir, settings.cache_dir),
        history_from_ms=queue.history_from_ms(history_start_ms(core, settings, clock)),
        clock=clock,
        queue=queue,
        dispatcher=dispatcher,
        progress=progress,
        metrics=metrics,
        max_readings=settings.message_readings,
        queue_max=settings.queue_max_messages,
        lane_max=2 * settings.inflight_per_device,
    )
    page = StatusPage(clock=clock, queue=queue, dispatcher=dispatcher, replay=player, progress=progress)
    dispatcher.restore()
    try:
        app = create_app(page, dispatcher, registry, access_of(core, "edge-agent"))
        await run_parts(
            [partial(link.run, dispatcher), player.run, dispatcher.run, http_part(app, core.host, settings.port(core))]
        )
    finally:
        dispatcher.settle()
        queue.close()


def sending_parts(
    core: CoreSettings,
    settings: AgentSettings,
    devices: Sequence[Device],
    metrics: AgentMetrics,
    progress: Progress,
) -> tuple[DurableQueue, MqttLink, Dispatcher]:
    """From the queue file to the broker: the same for every source of messages."""
    verifier = ReceiptVerifier(settings.receipt_keys_file(core), "EDGE_AGENT_RECEIPT_KEYS")
    verifier.read()
    queue = open_queue(core, settings, devices)
    link = MqttLink(
        devices=devices,
        host=core.mqtt_host,
        port=core.mqtt_port,
        tls_dir=settings.tls_folder(core),
        window=settings.inflight_per_device,
    )
    dispatcher = Dispatcher(
        devices=devices,
        queue=queue,
        link=link,
        metrics=metrics,
        progress=progress,
        window=settings.inflight_per_device,
        window_total=settings.inflight_total,
        timeout_s=settings.receipt_timeout_s,
        receipt_fault=verifier.fault,
    )
    return queue, link, dispatcher


async def read_opcua() -> None:
    """Read an OPC-UA server and send what it says, until a stop signal."""
    core, settings = load_settings(CoreSettings), load_settings(AgentSettings)
    require_loopback(core)
    configure_logs("edge-agent", core.log_level)
    configure_traces("edge-agent", core.otlp_endpoint)
    quiet_library()
    nodes, security = opcua_plan(core, settings)
    devices = nodes.fleet(core.tenant)
    registry = new_registry()
    metrics, opcua_metrics, progress = AgentMetrics(registry), OpcuaMetrics(registry), Progress()
    queue, link, dispatcher = sending_parts(core, settings, devices, metrics, progress)
    collector = Collector(nodes.nodes, settings.opcua_report_period_s * 1_000, opcua_metrics)
    source = OpcuaSource(OpcuaSession(nodes, security, collector, opcua_metrics))
    reporter = Reporter(
        collector=collector,
        queue=queue,
        dispatcher=dispatcher,
        progress=progress,
        metrics=metrics,
        opcua_metrics=opcua_metrics,
        period_s=settings.opcua_report_period_s,
        grace_s=settings.opcua_grace_s,
        queue_max=settings.opcua_queue_max_messages,
        max_readings=settings.message_readings,
    )
    page = StatusPage(clock=clock_from(core), queue=queue, dispatcher=dispatcher, replay=reporter, progress=progress)
    dispatcher.restore()
    try:
        app = create_opcua_app(page, source, reporter, dispatcher, registry, access_of(core, "edge-agent"))
        await run_parts(
            [
                partial(link.run, dispatcher),
                source.run,
                reporter.run,
                dispatcher.run,
                http_part(app, core.host, settings.port(core)),
            ]
        )
    finally:
        dispatcher.settle()
        queue.close()


def opcua_plan(core: CoreSettings, settings: AgentSettings) -> tuple[NodeList, Security]:
    """What to read and how, or one sentence about the setting that is wrong."""
    if core.time_scale != 1 or core.time_origin is not None:
        raise ConfigError(
            "opcua needs GRIDSEAL_TIME_SCALE=1 and no GRIDSEAL_TIME_ORIGIN: a plant's clock is the real one"
        )
    if 86_400 % settings.opcua_report_period_s:
        raise ConfigError("EDGE_AGENT_OPCUA_REPORT_PERIOD_S must divide a day, such as 60, 300 or 900")
    password = settings.opcua_password
    security = Security(
        mode=settings.opcua_security,
        certificate=settings.opcua_certificate,
        private_key=settings.opcua_key,
        server_certificate=settings.opcua_server_certificate,
        application_uri=settings.opcua_application_uri,
        user=settings.opcua_user,
        password=None if password is None else password.get_secret_value(),
    )
    security.check()
    nodes = read_node_list(settings.opcua_nodes, settings.opcua_endpoint)
    slowest_s = max(node.publishing_ms for node in nodes.nodes) / 1_000
    if settings.opcua_grace_s < slowest_s:
        raise ConfigError(f"EDGE_AGENT_OPCUA_GRACE_S must be at least the longest publishing interval, {slowest_s:g} s")
    return nodes, security


def open_queue(core: CoreSettings, settings: AgentSettings, devices: Sequence[Device]) -> DurableQueue:
    """The queue file, with a counter for every device."""
    names = [device.device_id for device in devices]
    queue = DurableQueue(
        settings.queue_file(core),
        settings.queue_sync,
        settings.refused_keep_bytes,
        settings.queue_max_bytes,
        PayloadSigner(settings.tls_folder(core), names).signed,
        kernel_boot_id(),
    )
    queue.register(names)
    return queue


def history_start_ms(core: CoreSettings, settings: AgentSettings, clock: Clock) -> int:
    """Domain origin less the days of history."""
    origin = core.time_origin or clock.now()
    return int((origin - timedelta(days=settings.demo_days)).timestamp() * 1_000)


def print_devices() -> None:
    """The fleet as JSON; needs neither network nor data."""
    core = load_settings(CoreSettings)
    print(json.dumps([device.as_record() for device in fleet(core.tenant)], indent=2))


def print_survey() -> None:
    """The data sets as a table."""
    settings = load_settings(AgentSettings)
    print(as_table(survey(load_all(settings.wheel_dir, settings.cache_dir).values())))


def write_expectation(until: str, start: str | None, out: Path) -> None:
    """What the store should hold, as Parquet."""
    core, settings = load_settings(CoreSettings), load_settings(AgentSettings)
    from_ms = _milliseconds(start, "--from") if start else recorded_start_ms(settings.queue_file(core))
    if from_ms is None:
        from_ms = history_start_ms(core, settings, clock_from(core))
    tracks = load_all(settings.wheel_dir, settings.cache_dir)
    table = expected_rows(tracks.values(), from_ms, _milliseconds(until, "--until"))
    write_expected(table, out)
    print(json.dumps({"rows": table.num_rows, "path": str(out)}))


def recorded_start_ms(path: Path) -> int | None:
    """Where the running agent's history begins; None before its first start."""
    if not path.exists():
        return None
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        row = database.execute("SELECT value FROM meta WHERE name = 'history_from_ms'").fetchone()
    database.close()
    return None if row is None else int(row[0])


def _milliseconds(text: str, option: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{option} must be a time such as 2026-06-01T00:00:00Z") from error
    if moment.tzinfo is None:
        raise ConfigError(f"{option} needs a zone: write 2026-06-01T00:00:00Z")
    return int(moment.timestamp() * 1_000)


def run(arguments: list[str]) -> None:
    """Parse the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m edge_agent", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("replay", help="send the data sets, history first, then as domain time goes on")
    commands.add_parser("opcua", help="read the nodes of an OPC-UA server and send their values")
    commands.add_parser("devices", help="print the fleet as JSON")
    commands.add_parser("inspect", help="print a table of the data sets")
    add_refused_command(commands)
    add_proofs_command(commands)
    expected = commands.add_parser("expected", help="write the readings that the store should hold")
    expected.add_argument(
        "--until", required=True, metavar="ISO", help="domain time; periods that end later are left out"
    )
    expected.add_argument("--from", dest="start", metavar="ISO", help="default: where the agent's history begins")
    expected.add_argument("--out", type=Path, default=Path(".local/expected.parquet"))
    options = parser.parse_args(arguments)
    if options.command == "replay":
        main(replay)
    elif options.command == "opcua":
        main(read_opcua)
    elif options.command == "devices":
        print_devices()
    elif options.command == "inspect":
        print_survey()
    elif options.command == "proofs":
        print_proofs(load_settings(AgentSettings).queue_file(load_settings(CoreSettings)), options.device)
    elif options.command == "refused":
        refused_command(load_settings(AgentSettings).queue_file(load_settings(CoreSettings)), options)
    else:
        write_expectation(options.until, options.start, options.out)


if __name__ == "__main__":
    try:
        run(sys.argv[1:])
    except ConfigError as error:
        print(f"gridseal: {error}", file=sys.stderr)
        sys.exit(2)
    except GridsealError as error:
        print(f"gridseal: {error}", file=sys.stderr)
        sys.exit(1)
