"""MQTT 5 through paho, in a thread of its own, handing over to asyncio in bunches.

The session outlives the process: fixed client id, no clean start, an expiry. PUBACKs are sent by
hand. The Receive Maximum bounds what the broker sends ahead of them, and so the memory.
"""

import asyncio
import ssl
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from gridseal.errors import ConfigError, UnavailableError
from gridseal.runtime.logs import get_logger
from gridseal.wire.topics import MQTT_TELEMETRY_FILTER
from ingestion_gateway.ports import Received

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MqttOptions:
    """How to reach the broker and how much to take from it at once."""

    host: str
    port: int
    tls_dir: Path
    client_id: str
    share_group: str
    session_expiry_s: int
    receive_maximum: int
    keepalive_s: int
    reconnect_max_s: int


class MqttSource:
    """``TelemetrySource`` on an MQTT 5 broker with mutual TLS."""

    def __init__(self, options: MqttOptions) -> None:
        self._options = options
        self._arrived: deque[Received] = deque()
        self._signal = asyncio.Event()
        self._signalled = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._connection = 0
        self._connected = False
        self._refusal = ""
        self._shed = 0
        self._client = self._new_client()

    @property
    def connected(self) -> bool:
        """Whether the broker is reachable now."""
        return self._connected

    @property
    def shed(self) -> int:
        """QoS 0 messages thrown away because too many were waiting; nobody was promised anything about them."""
        return self._shed

    async def messages(self) -> AsyncIterator[Sequence[Received]]:
        """Connect, and yield what arrives until cancelled.

        Raises:
            UnavailableError: The broker does not let the gateway read telemetry.
        """
        self._loop = asyncio.get_running_loop()
        options = self._options
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = options.session_expiry_s
        properties.ReceiveMaximum = options.receive_maximum
        self._client.connect_async(
            options.host, options.port, keepalive=options.keepalive_s, clean_start=False, properties=properties
        )
        self._client.loop_start()
        while True:
            await self._signal.wait()
            self._signal.clear()
            self._signalled = False
            if self._refusal:
                raise UnavailableError(self._refusal)
            bunch = [self._arrived.popleft() for _ in range(len(self._arrived))]
            if bunch:
                yield bunch

    def acknowledge(self, connection: int, packet_ids: Sequence[int]) -> None:
        """Send PUBACKs; ignored when the connection is no longer the current one."""
        # Packet ids are used again: a late PUBACK on a new connection would acknowledge another message.
        with self._lock:
            if connection == self._connection and self._connected:
                for packet_id in packet_ids:
                    self._client.ack(packet_id, 1)

    def send_receipt(self, topic: str, payload: bytes) -> None:
        """Publish at QoS 1."""
        self._client.publish(topic, payload, qos=1)

    async def stop(self) -> None:
        """Disconnect; the session stays at the broker."""
        if self._loop is not None:
            self._client.disconnect()
            await asyncio.to_thread(self._client.loop_stop)

    def _new_client(self) -> Client:
        options = self._options
        client = Client(
            CallbackAPIVersion.VERSION2, options.client_id, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
        )
        certificate, key = options.tls_dir / "gateway.crt", options.tls_dir / "gateway.key"
        try:
            client.tls_set(
                str(options.tls_dir / "ca.crt"), str(certificate), str(key), tls_version=ssl.PROTOCOL_TLS_CLIENT
            )
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"GATEWAY_TLS_DIR: {options.tls_dir} must hold ca.crt, gateway.crt and gateway.key ({error})"
            ) from error
        client.reconnect_delay_set(min_delay=1, max_delay=options.reconnect_max_s)
        client.max_inflight_messages_set(1_000)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _on_connect(self, client: Client, _data: Any, flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            log.warning("mqtt_refused", reason=str(reason))
            return
        self._begin(connected=True)
        group = self._options.share_group
        wanted = f"$share/{group}/{MQTT_TELEMETRY_FILTER}" if group else MQTT_TELEMETRY_FILTER
        client.subscribe(wanted, options=SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND))
        log.info("mqtt_connected", session_present=bool(flags.session_present))

    def _on_connect_fail(self, _client: Client, _data: Any) -> None:
        log.warning("mqtt_waits", error="the broker does not answer: check GRIDSEAL_MQTT_HOST and GRIDSEAL_MQTT_PORT")

    def _on_disconnect(self, _client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._begin(connected=False)
        log.warning("mqtt_disconnected", reason=str(reason))

    def _begin(self, *, connected: bool) -> None:
        with self._lock:
            self._connection += 1
            self._connected = connected

    def _on_subscribe(self, _client: Client, _data: Any, _mid: int, reasons: list[Any], _properties: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            self._refusal = "the MQTT broker does not let the gateway read telemetry: check its access rules"
            self._wake()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        if message.qos == 0 and len(self._arrived) >= 4 * self._options.receive_maximum:
            self._shed += 1
            return
        self._arrived.append(
            Received(
                connection=self._connection,
                packet_id=message.mid if message.qos else 0,
                topic=message.topic,
                payload=bytes(message.payload),
                traceparent=_traceparent(message),
                received_at_ms=time.time_ns() // 1_000_000,
            )
        )
        self._wake()

    def _wake(self) -> None:
        if not self._signalled and self._loop is not None and not self._loop.is_closed():
            self._signalled = True
            self._loop.call_soon_threadsafe(self._signal.set)


def _traceparent(message: MQTTMessage) -> str:
    for name, value in getattr(message.properties, "UserProperty", ()):
        if name == "traceparent" and len(value) == 55:
            return str(value)
    return ""
