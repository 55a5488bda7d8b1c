"""The gateway's MQTT 5 session: connected again whenever it is not, PUBACKs by hand.

The session outlives the process: fixed client id, no clean start, an expiry. The Receive Maximum
bounds what the broker sends ahead of the PUBACKs, and so the memory.
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import mqtt5
from mqtt5 import QoS, RetainHandling

from gridseal.errors import ConfigError, UnavailableError
from gridseal.runtime.logs import get_logger
from ingestion_gateway.mqtt_connection import MqttConnection, Packet
from ingestion_gateway.ports import Received

log = get_logger(__name__)
_ANSWER_S: Final = 10.0
_FIRST_PAUSE_S: Final = 0.2
_FAILURE: Final = 0x80
_MOST_WAITING: Final = 20_000


@dataclass(frozen=True, slots=True)
class MqttOptions:
    """How to reach the broker, what to read there, and how much to take at once."""

    host: str
    port: int
    tls_dir: Path
    client_id: str
    filters: tuple[str, ...]
    session_expiry_s: int
    receive_maximum: int
    keepalive_s: int
    reconnect_max_s: float


class MqttSource:
    """``TelemetrySource`` on an MQTT 5 broker with mutual TLS."""

    def __init__(self, options: MqttOptions, on_undelivered: Callable[[], None]) -> None:
        """Prepare; ``messages`` connects.

        Args:
            options: Where and how.
            on_undelivered: Called for each own publish that the broker answered with anything but 0x00.
        """
        self._options = options
        self._on_undelivered = on_undelivered
        self._tls = _tls_context(options.tls_dir)
        self._arrived: list[Received] = []
        self._signal = asyncio.Event()
        self._connection: MqttConnection | None = None
        self._connected: asyncio.Future[mqtt5.ConnAckPacket] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._number = 0
        self._paused = False
        self._window = 1
        self._next_id = 0
        self._unconfirmed: dict[int, tuple[str, bytes]] = {}
        self._outbox: deque[tuple[str, bytes]] = deque()
        self.live = False
        self.since = 0.0
        self.session_present = False
        self.connections = 0
        self.shed = 0
        self._refusal = ""

    @property
    def connected(self) -> bool:
        """Whether the broker is reachable now."""
        return self.live

    @property
    def room(self) -> int:
        """How many publishes the broker would take now."""
        return self._window - len(self._unconfirmed) - len(self._outbox) if self.live else 0

    @property
    def unconfirmed(self) -> int:
        """Own publishes without PUBACK."""
        return len(self._unconfirmed) + len(self._outbox)

    async def messages(self) -> AsyncIterator[Sequence[Received]]:
        """Connect, and yield what arrives until cancelled.

        Raises:
            UnavailableError: The broker does not let the gateway read telemetry.
        """
        self._keeper = asyncio.create_task(self._keep_connected())
        self._keeper.add_done_callback(lambda _: self._signal.set())
        while True:
            await self._signal.wait()
            self._signal.clear()
            if self._refusal:
                raise UnavailableError(self._refusal)
            if self._keeper.done():
                self._keeper.result()
            bunch, self._arrived = self._arrived, []
            if bunch:
                yield bunch

    def acknowledge(self, connection: int, packet_ids: Sequence[int]) -> None:
        """Send PUBACKs; ignored when the connection is no longer the current one."""
        # Packet ids are used again: a late PUBACK on a new connection would acknowledge another message.
        current = self._connection
        if current is not None and current.number == connection:
            current.write(b"".join([mqtt5.PubAckPacket(packet_id).write() for packet_id in packet_ids]))

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish at QoS 1, once the broker's window has room."""
        if len(self._outbox) >= _MOST_WAITING:
            self._outbox.popleft()
            self._on_undelivered()
        self._outbox.append((topic, payload))
        self._send_some()

    def reconnect(self) -> None:
        """Leave and come back, so that the broker sends again what it has no PUBACK for."""
        if self._connection is not None:
            self._connection.abort()

    def pause(self, *, paused: bool) -> None:
        """Take nothing more from the broker, or go on."""
        self._paused = paused
        if self._connection is not None:
            self._connection.pause(paused=paused)

    async def stop(self) -> None:
        """Disconnect; the session stays at the broker."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    async def _keep_connected(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                if await self._live():
                    pause_s = _FIRST_PAUSE_S
            except (OSError, TimeoutError) as error:
                log.warning(
                    "mqtt_waits",
                    error=type(error).__name__,
                    hint="the broker does not answer: check GRIDSEAL_MQTT_HOST and GRIDSEAL_MQTT_PORT",
                )
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, self._options.reconnect_max_s)

    async def _live(self) -> bool:
        """One connection from its beginning to its end; False if the broker did not want it."""
        loop, options = asyncio.get_running_loop(), self._options
        self._number += 1
        self._connected = loop.create_future()
        async with asyncio.timeout(_ANSWER_S):
            _, connection = await loop.create_connection(
                lambda: MqttConnection(self._number, self._connect_packet(), self._on_messages, self._on_packet),
                options.host,
                options.port,
                ssl=self._tls,
            )
        self._connection = connection
        try:
            async with asyncio.timeout(_ANSWER_S):
                ends: set[asyncio.Future[Any]] = {self._connected, connection.closed}
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if not self._connected.done():
                log.warning("mqtt_disconnected", reason="the broker closed the connection before it answered")
                return False
            answer = self._connected.result()
            if answer.reason_code != mqtt5.ConnAckReasonCode.SUCCESS:
                log.warning("mqtt_refused", reason=str(answer.reason_code))
                return False
            self._begin(connection, answer)
            await self._stay(connection, answer.server_keep_alive or options.keepalive_s)
            log.warning("mqtt_disconnected", reason="the connection ended")
            return True
        finally:
            self.live = False
            self._connection = None
            connection.close()

    def _begin(self, connection: MqttConnection, answer: mqtt5.ConnAckPacket) -> None:
        self.live, self.since, self.session_present = True, time.time(), answer.session_present
        self.connections += 1
        self._window = answer.receive_max
        wanted = [
            mqtt5.TopicFilter(name, max_qos=QoS.AT_LEAST_ONCE, retain_handling=RetainHandling.SEND_NEVER)
            for name in self._options.filters
        ]
        connection.write(mqtt5.SubscribePacket(self._packet_id(), wanted).write())
        for packet_id, (topic, payload) in self._unconfirmed.items():
            connection.write(_publish(packet_id, topic, payload, again=answer.session_present))
        self._send_some()
        connection.pause(paused=self._paused)
        log.info("mqtt_connected", session_present=answer.session_present, receive_max=answer.receive_max)

    async def _stay(self, connection: MqttConnection, keepalive_s: float) -> None:
        while not connection.closed.done():
            await asyncio.wait({connection.closed}, timeout=keepalive_s / 3)
            connection.ping()
            if not self._paused and time.monotonic() - connection.heard_at > 1.5 * keepalive_s:
                log.warning("mqtt_silent", seconds=round(time.monotonic() - connection.heard_at, 1))
                connection.abort()
                return

    def _connect_packet(self) -> mqtt5.ConnectPacket:
        options = self._options
        return mqtt5.ConnectPacket(
            options.client_id,
            clean_start=False,
            keep_alive=options.keepalive_s,
            session_expiry_interval=options.session_expiry_s,
            receive_max=options.receive_maximum,
        )

    def _on_messages(self, arrived: Sequence[Received]) -> None:
        if len(self._arrived) >= 4 * self._options.receive_maximum:
            kept = [received for received in arrived if received.packet_id]
            self.shed += len(arrived) - len(kept)
            arrived = kept
        self._arrived += arrived
        self._signal.set()

    def _on_packet(self, connection: MqttConnection, packet: Packet) -> None:
        match packet:
            case mqtt5.PubAckPacket():
                known = self._unconfirmed.pop(packet.packet_id, None)
                if known is not None and packet.reason_code != mqtt5.PubAckReasonCode.SUCCESS:
                    self._on_undelivered()
                self._send_some()
            case mqtt5.ConnAckPacket():
                if self._connected is not None and not self._connected.done():
                    self._connected.set_result(packet)
            case mqtt5.SubAckPacket():
                if any(int(code) >= _FAILURE for code in packet.reason_codes):
                    self._refusal = "the MQTT broker does not let the gateway read telemetry: check its access rules"
                    self._signal.set()
            case mqtt5.DisconnectPacket():
                log.warning("mqtt_disconnected", reason=str(packet.reason_code))
                connection.abort()

    def _send_some(self) -> None:
        connection = self._connection
        while self._outbox and self.live and connection is not None and len(self._unconfirmed) < self._window:
            packet_id, (topic, payload) = self._packet_id(), self._outbox.popleft()
            self._unconfirmed[packet_id] = (topic, payload)
            connection.write(_publish(packet_id, topic, payload, again=False))

    def _packet_id(self) -> int:
        while True:
            self._next_id = self._next_id % 65_535 + 1
            if self._next_id not in self._unconfirmed:
                return self._next_id


def _publish(packet_id: int, topic: str, payload: bytes, *, again: bool) -> bytes:
    packet = mqtt5.PublishPacket(topic, payload, qos=QoS.AT_LEAST_ONCE, packet_id=packet_id, duplicate=again)
    return packet.write()


def _tls_context(folder: Path) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        context.load_cert_chain(str(folder / "gateway.crt"), str(folder / "gateway.key"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"GATEWAY_TLS_DIR: {folder} must hold ca.crt, gateway.crt and gateway.key ({error})"
        ) from error
    return context
