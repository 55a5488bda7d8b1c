"""A gateway as they are often written: acknowledged and receipted when received, on to Kafka afterwards.

The MQTT client acknowledges by itself as soon as the callback returns, and the producer batches without
anybody waiting for it. Whatever is in its buffer when the process dies was promised and is gone.
"""

import asyncio
import json
import time
from typing import Any, Final

import paho.mqtt.client as mqtt
import rfc8785
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gridseal.identity.ed25519 import SigningKey
from gridseal.identity.receipt_keys import KEY_FILE
from gridseal.runtime.health import install_health
from gridseal.runtime.metrics import new_registry
from gridseal.runtime.serve import http_part, main, run_parts
from gridseal.runtime.settings import CoreSettings, load_settings
from gridseal.wire.topics import MQTT_TELEMETRY_FILTER, telemetry_topic
from ingestion_gateway.settings import GatewaySettings
from tests.chaos.load import telemetry_class

LINGER_MS: Final = 150


class AutoAckGateway:
    """Receipt first, Kafka later."""

    def __init__(self, core: CoreSettings, producer: AIOKafkaProducer) -> None:
        self._core, self._producer = core, producer
        self._loop = asyncio.get_running_loop()
        self._told: dict[str, tuple[int, int]] = {}
        self._key = SigningKey.read(core.state_dir / "keys" / KEY_FILE, "GATEWAY_RECEIPT_KEY")
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, "control-gateway", protocol=mqtt.MQTTv5)
        tls = core.state_dir / "tls"
        self._client.tls_set(str(tls / "ca.crt"), str(tls / "gateway.crt"), str(tls / "gateway.key"))
        self._client.on_connect = lambda client, *_: client.subscribe(MQTT_TELEMETRY_FILTER, qos=1)
        self._client.on_message = self._received

    async def run(self) -> None:
        """Forward until cancelled."""
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = 3_600
        self._client.connect_async(
            self._core.mqtt_host, self._core.mqtt_port, keepalive=15, clean_start=False, properties=session
        )
        self._client.loop_start()
        await asyncio.Event().wait()

    def _received(self, client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        payload, device_id = bytes(message.payload), message.topic.split("/")[3]
        receipt = self._receipt(device_id, payload)
        if receipt is not None:
            client.publish(message.topic.removesuffix("/telemetry") + "/receipt", receipt, qos=1)
        self._loop.call_soon_threadsafe(lambda: self._loop.create_task(self._forward(device_id, payload)))

    async def _forward(self, device_id: str, payload: bytes) -> None:
        topic = telemetry_topic(telemetry_class(int(device_id.removeprefix("load-"))))
        await self._producer.send(topic, key=device_id.encode(), value=payload)

    def _receipt(self, device_id: str, payload: bytes) -> bytes | None:
        try:
            message = json.loads(payload)
            boot_id, seq = message["boot_id"], int(message["seq"])
        except (ValueError, KeyError, RecursionError):
            return None
        # Cumulative like the product's: the agent keeps every receipt that no later one covers.
        first, last = self._told.get(boot_id, (seq, seq - 1))
        self._told[boot_id] = (first, seq) if seq == last + 1 else (seq, seq)
        content = {
            "schema": "receipt/2",
            "device_id": device_id,
            "boot_id": boot_id,
            "through": -1,
            "ranges": [self._told[boot_id]],
            "refused": [],
            "issued_at_ms": time.time_ns() // 1_000_000,
            "key_id": self._key.key_id,
        }
        return json.dumps(content | {"signature": self._key.sign(rfc8785.dumps(content))}).encode()


async def run() -> None:
    """Start it as the product's gateway would be."""
    core = load_settings(CoreSettings)
    producer = AIOKafkaProducer(bootstrap_servers=core.kafka_bootstrap, acks=1, linger_ms=LINGER_MS)
    await producer.start()
    app = FastAPI()
    install_health(app, "control-gateway", {}, new_registry())
    gateway = AutoAckGateway(core, producer)
    await run_parts([gateway.run, http_part(app, core.host, load_settings(GatewaySettings).port or 0)])


if __name__ == "__main__":
    main(run)
