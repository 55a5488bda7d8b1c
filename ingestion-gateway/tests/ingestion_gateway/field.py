"""A broker, a Kafka and a gateway of the test's own, and a device that keeps messages until their receipt."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gridseal.wire.catalog import CatalogMessage
from gridseal.wire.codec import decode, encode
from gridseal.wire.receipts import Receipt
from gridseal.wire.topics import ASSETS_CHANGED, mqtt_receipt_topic, mqtt_telemetry_topic
from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.servers import kafka, mosquitto
from local_stack.servers.topics import ensure_topics
from local_stack.spec import ProcessSpec

from .builders import an_asset

DEVICE, SITE = "home-01-pv", "home-01"
STRANGER, STRANGER_SITE = "home-02-pv", "home-02"
"""Known to the broker, but not in the test's catalog."""

NO_DATABASE = "postgresql://gridseal@127.0.0.1:1/none"


def eventually(true: Callable[[], Any], within_s: float = 90, what: str = "it") -> Any:
    deadline = time.monotonic() + within_s
    while True:
        found = true()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what} did not happen within {within_s:.0f} s"
        time.sleep(0.05)


class Field:
    """Servers on loopback, in a folder and on ports of their own."""

    def __init__(self, state: Path, base: int, dsn: str = NO_DATABASE, *, bound: bool = False) -> None:
        self.dsn = dsn
        """PostgreSQL of the gateway; by default none, and the gateway goes on from memory."""
        self.environment: dict[str, str] = {}
        """More variables for what is started from now on."""
        self.before_gateway = -1
        """Reason code of a publish while nobody listened."""
        self.layout = Layout(Layout.here().root, state)
        self.ports = Ports(base)
        self.layout.make()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._specs = {
            "kafka": kafka.server_spec(self.layout, self.ports),
            "mosquitto": mosquitto.server_spec(self.layout, self.ports, bound_client_ids=bound),
            "gateway": ProcessSpec(name="gateway", argv=(sys.executable, "-m", "ingestion_gateway")),
        }

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.ports.kafka}"

    @property
    def addresses(self) -> dict[str, str]:
        """The environment of a process or a command of this field."""
        return os.environ | {
            "GRIDSEAL_STATE_DIR": str(self.layout.state),
            "GRIDSEAL_PORT_BASE": str(self.ports.base),
            "GRIDSEAL_KAFKA_BOOTSTRAP": self.bootstrap,
            "GRIDSEAL_MQTT_PORT": str(self.ports.mqtt),
            "GRIDSEAL_POSTGRES_DSN": self.dsn,
            "GRIDSEAL_GATEWAY_URL": f"http://127.0.0.1:{self.ports.at(8030)}",
        }

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``gridseal`` against this field."""
        program = "from gridseal.cli.main import app; app()"
        return subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env=self.addresses | {"COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def start(self, name: str) -> None:
        spec = self._specs[name]
        if spec.prepare is not None:
            spec.prepare()
        environment = self.addresses | {
            "GATEWAY_CATALOG_QUIET_S": "0.1",
            "GATEWAY_IDENTITY_POLL_S": "1",
            **self.environment,
        }
        with (self.layout.logs / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(spec.argv, env=environment, stdout=log, stderr=log)
        eventually(lambda: self._healthy(name), what=f"{name} healthy")

    def kill(self, name: str) -> None:
        process = self._processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)

    def send_signal(self, name: str, number: signal.Signals) -> None:
        self._processes[name].send_signal(number)

    def stop(self) -> None:
        for name in reversed(list(self._processes)):
            process = self._processes.pop(name)
            process.terminate()
            process.wait(timeout=60)

    def get(self, path: str) -> Any:
        return httpx.get(f"http://127.0.0.1:{self.ports.at(8030)}{path}", timeout=20).raise_for_status().json()

    def publish_catalog(self, *devices: tuple[str, str]) -> None:
        async def publish() -> None:
            await ensure_topics(self.bootstrap)
            producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all")
            await producer.start()
            for device_id, site_id in devices or ((DEVICE, SITE),):
                asset = an_asset(device_id, site_id=site_id)
                value = encode(CatalogMessage(revision=1, item=asset))
                await producer.send_and_wait(ASSETS_CHANGED, value, key=asset.key.encode())
            await producer.stop()

        asyncio.run(publish())

    def records(self, topic: str, partitions: int) -> list[bytes]:
        async def read() -> list[bytes]:
            consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False)
            await consumer.start()
            places = [TopicPartition(topic, number) for number in range(partitions)]
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            ends, values = await consumer.end_offsets(places), []
            for place in places:
                while await consumer.position(place) < ends[place]:
                    found = await consumer.getmany(place, timeout_ms=200)
                    values += [record.value for record in found.get(place, ())]
            await consumer.stop()
            return values

        return asyncio.run(read())

    def _healthy(self, name: str) -> bool:
        assert self._processes[name].poll() is None, f"{name} ended: {self.layout.logs / name}.log"
        try:
            if name == "gateway":
                return bool(self.get("/readyz")["ready"])
            probe = self._specs[name].probe
            return probe is not None and asyncio.run(probe.answers())
        except httpx.HTTPError:
            return False


class FieldDevice:
    """One device: whatever has no receipt is sent again."""

    def __init__(self, field: Field, device_id: str, site_id: str) -> None:
        self.unreceipted: dict[tuple[str, int], bytes] = {}
        self.refused: dict[tuple[str, int], str] = {}
        self.receipts: list[Receipt] = []
        self._topic = mqtt_telemetry_topic("demo", site_id, device_id)
        self._receipts = mqtt_receipt_topic("demo", site_id, device_id)
        self._subscribed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, device_id, protocol=MQTTProtocolVersion.MQTTv5)
        tls = field.layout.tls
        self._client.tls_set(
            str(tls / "ca.crt"), str(tls / "devices" / f"{device_id}.crt"), str(tls / "devices" / f"{device_id}.key")
        )
        self._client.on_connect = lambda *_: self._client.subscribe(self._receipts, 1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_receipt
        self._client.connect_async("127.0.0.1", field.ports.mqtt)
        self._client.loop_start()
        assert self._subscribed.wait(30)

    def send(self, payloads: Sequence[bytes]) -> None:
        for payload in payloads:
            try:
                content = json.loads(payload)
                self.unreceipted[content["boot_id"], content["seq"]] = payload
            except (ValueError, RecursionError):
                pass  # poison without an id is sent once and answered by nobody
            self._client.publish(self._topic, payload, qos=1)

    def insist(self, within_s: float) -> None:
        """Wait for all receipts; whatever gets none for a while is sent again, as an edge agent does."""
        deadline = time.monotonic() + within_s
        while self.unreceipted:
            before, patience = len(self.unreceipted), time.monotonic() + 8
            while len(self.unreceipted) == before and time.monotonic() < patience:
                time.sleep(0.05)
            assert time.monotonic() < deadline, f"{before} messages have no receipt after {within_s:.0f} s"
            if len(self.unreceipted) == before:
                for payload in list(self.unreceipted.values()):
                    self._client.publish(self._topic, payload, qos=1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_receipt(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        receipt = decode(Receipt, bytes(message.payload))
        self.receipts.append(receipt)
        for entry in receipt.refused:
            self.unreceipted.pop((receipt.boot_id, entry.seq), None)
            self.refused[receipt.boot_id, entry.seq] = entry.reason
        covered = ((0, receipt.through), *receipt.ranges)
        for boot_id, seq in list(self.unreceipted):
            if boot_id == receipt.boot_id and any(first <= seq <= last for first, last in covered):
                self.unreceipted.pop((boot_id, seq), None)
