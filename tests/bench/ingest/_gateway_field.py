"""Mosquitto with mutual TLS, Kafka, PostgreSQL and the gateway as the product runs them, and load on them."""

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from gridseal.wire.catalog import Asset, CatalogMessage
from gridseal.wire.codec import encode
from gridseal.wire.topics import ASSETS_CHANGED
from local_stack.scratch import scratch_database, scratch_postgres
from local_stack.scratch_servers import ScratchServers, eventually
from local_stack.servers import mosquitto
from local_stack.servers.topics import ensure_topics
from tests.bench.ingest._gateway_load import Plan, Told

MOST_DEVICES = 32
TELEMETRY = [TopicPartition("telemetry.meter", number) for number in (0, 1)]
WITHIN_S = 60.0


class GatewayField:
    """The servers on free ports below one folder."""

    def __init__(self, state: Path, dsn: str) -> None:
        self._dsn = dsn
        self.servers = ScratchServers(state)
        self.devices = mosquitto.fleet(self.servers.layout.python, self.servers.layout.root)[:MOST_DEVICES]
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._gateway_port = self.servers.ports.at(8030)

    @property
    def tls(self) -> Path:
        """Certificates of everyone."""
        return self.servers.layout.tls

    @property
    def mqtt_port(self) -> int:
        """Where the broker listens."""
        return self.servers.ports.mqtt

    def start(self) -> None:
        """Kafka with its topics and a catalog, and the broker."""
        self.servers.start("kafka")
        asyncio.run(_publish_catalog(self.servers.bootstrap, self.devices))
        spec = mosquitto.server_spec(self.servers.layout, self.servers.ports)
        if spec.prepare is not None:
            spec.prepare()
        self._popen("mosquitto", list(spec.argv))
        eventually(lambda: spec.probe is not None and asyncio.run(spec.probe.answers()), WITHIN_S, "mosquitto answers")

    def start_gateway(self, **settings: str) -> None:
        """The gateway, until it is ready."""
        environment = self.servers.environment() | {
            "GRIDSEAL_POSTGRES_DSN": self._dsn,
            "GATEWAY_PORT": str(self._gateway_port),
            "GATEWAY_CATALOG_QUIET_S": "0.1",
            "GATEWAY_DEVICE_RATE_PER_S": "0",
            **settings,
        }
        self._popen("gateway", [sys.executable, "-m", "ingestion_gateway"], environment)
        eventually(self._ready, WITHIN_S, "the gateway is ready")

    def _ready(self) -> bool:
        if self._running["gateway"].poll() is not None:
            raise RuntimeError(f"the gateway ended: {self.servers.layout.logs / 'gateway.log'}")
        try:
            return httpx.get(f"http://127.0.0.1:{self._gateway_port}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def status(self) -> dict[str, Any]:
        """What the gateway says of itself."""
        address = f"http://127.0.0.1:{self._gateway_port}/api/v1/gateway/status"
        return dict(httpx.get(address, timeout=20).raise_for_status().json())

    def cpu_s(self, name: str) -> float:
        """CPU seconds that a process has used."""
        process = self.servers.process(name) if name == "kafka" else self._running[name]
        times = psutil.Process(process.pid).cpu_times()
        return float(times.user + times.system)

    def start_peer(self, name: str, argv: Sequence[str]) -> None:
        """Something that stands where the gateway stands."""
        self._popen(name, list(argv), self.servers.environment())

    def until_connected(self, name: str) -> None:
        """Wait until a process has a connection to the broker, and a moment for its subscription."""

        def connected() -> bool:
            processes = [psutil.Process(self._running[name].pid)]
            processes += processes[0].children(recursive=True)
            peers = [
                c.raddr for p in processes for c in p.net_connections("tcp") if c.status == psutil.CONN_ESTABLISHED
            ]
            return any(peer and peer.port == self.mqtt_port for peer in peers)

        eventually(connected, WITHIN_S, f"{name} is connected")
        time.sleep(1)

    def end(self, name: str) -> None:
        """Stop one process that was started here."""
        process = self._running.pop(name)
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def stop(self) -> None:
        """Stop everything."""
        for name in list(reversed(self._running)):
            self.end(name)
        self.servers.stop()

    def load(self, plans: Sequence[Plan]) -> list[Told]:
        """Run load processes together; they start at one moment."""
        argv = [[sys.executable, "-m", "tests.bench.ingest._gateway_load", json.dumps(asdict(plan))] for plan in plans]
        loads = [subprocess.Popen(a, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for a in argv]
        for load in loads:
            assert load.stdout is not None
            if load.stdout.readline().strip() != "ready":
                raise RuntimeError("a load process did not get ready")
        for load in loads:
            assert load.stdin is not None
            load.stdin.write("go\n")
            load.stdin.flush()
        return [Told(**json.loads(load.communicate(timeout=300)[0])) for load in loads]

    def in_kafka(self) -> int:
        """Messages on the telemetry topic."""
        return asyncio.run(_ends(self.servers.bootstrap))

    def rate_of_arrival(self, before: int, count: int, within_s: float) -> float:
        """Messages per second from the last look that saw none to the last that saw more, or 0 when none came.

        Ends when there are ``count`` more than ``before``, or no more came for three seconds.
        """
        return asyncio.run(_watch(self.servers.bootstrap, before, count, within_s))

    def _popen(self, name: str, argv: list[str], environment: dict[str, str] | None = None) -> None:
        with (self.servers.layout.logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                argv, env=environment or dict(os.environ), stdout=log, stderr=log, start_new_session=True
            )


@contextmanager
def gateway_field(state: Path) -> Iterator[GatewayField]:
    """The field, started; gone afterwards."""
    with scratch_postgres() as address, scratch_database(address) as dsn:
        field = GatewayField(state, dsn)
        try:
            field.start()
            yield field
        finally:
            field.stop()


async def _publish_catalog(bootstrap: str, devices: Sequence[mosquitto.Device]) -> None:
    await ensure_topics(bootstrap)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    for device in devices:
        asset = Asset(
            tenant_id=device.tenant_id,
            site_id=device.site_id,
            asset_id=device.device_id,
            device_id=device.device_id,
            name=device.device_id,
            asset_type="meter",
            telemetry_class="meter",
            quantities=("voltage", "active_power"),
            native_period_s=60,
        )
        message = encode(CatalogMessage(revision=1, item=asset))
        await producer.send_and_wait(ASSETS_CHANGED, message, key=asset.key.encode())
    await producer.stop()


async def _ends(bootstrap: str) -> int:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        return sum((await consumer.end_offsets(TELEMETRY)).values())
    finally:
        await consumer.stop()


async def _watch(bootstrap: str, before: int, count: int, within_s: float) -> float:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    there, idle = before, time.monotonic()
    changed, deadline = idle, idle + within_s
    try:
        while there < before + count and time.monotonic() < (deadline if there == before else changed + 3):
            now, at = sum((await consumer.end_offsets(TELEMETRY)).values()), time.monotonic()
            if now == before:
                idle = at
            elif now != there:
                there, changed = now, at
            await asyncio.sleep(0.01)
        return (there - before) / (changed - idle) if there > before else 0.0
    finally:
        await consumer.stop()


def new_name(stem: str) -> str:
    """A client id or group that no earlier run used."""
    return f"{stem}-{secrets.token_hex(4)}"
