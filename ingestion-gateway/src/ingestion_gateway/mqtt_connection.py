"""One MQTT 5 connection on asyncio: frames in, frames out. Packets are read and written by ``mqtt5``.

paho reads one packet per callback, 34 µs of this process each; here a chunk of the socket is one call
and a packet costs 0.7 µs (docs/decisions/0006-gateway-clients.md).
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import mqtt5

from gridseal.runtime.logs import get_logger
from ingestion_gateway.ports import Received

log = get_logger(__name__)
_PING: Final = mqtt5.PingReqPacket().write()
Packet = Any
"""Whatever is not a PUBLISH."""


class MqttConnection(asyncio.Protocol):
    """From CONNECT to the end of the socket."""

    def __init__(
        self,
        number: int,
        connect: mqtt5.ConnectPacket,
        on_messages: Callable[[Sequence[Received]], None],
        on_packet: Callable[["MqttConnection", Packet], None],
    ) -> None:
        """Prepare for a socket.

        Args:
            number: Counts connections.
            connect: The first packet.
            on_messages: Takes what one read of the socket brought.
            on_packet: Takes everything else that the broker says.
        """
        self.number = number
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.heard_at = time.monotonic()
        self._connect = connect
        self._on_messages, self._on_packet = on_messages, on_packet
        self._transport: asyncio.Transport | None = None
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open, and TLS agreed."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        # PUBACKs are never held back: they are few bytes, and bounded by the Receive Maximum.
        self._transport.set_write_buffer_limits(high=2**24)
        self.write(self._connect.write())

    def data_received(self, data: bytes) -> None:
        """Read every whole packet of a chunk; the rest waits for the next."""
        self.heard_at = time.monotonic()
        chunk = self._rest + data if self._rest else data
        view, at, size = memoryview(chunk), 0, len(chunk)
        now_ms = time.time_ns() // 1_000_000
        arrived: list[Received] = []
        try:
            while at < size:
                packet, length = mqtt5.read(view[at:])
                at += length
                if type(packet) is mqtt5.PublishPacket:
                    arrived.append(_received(packet, self.number, now_ms))
                else:
                    self._on_packet(self, packet)
        except IndexError:  # the last packet is not whole yet
            pass
        except ValueError as error:
            log.warning("mqtt_malformed", error=str(error))
            self.abort()
        self._rest = chunk[at:] if at < size else b""
        if arrived:
            self._on_messages(arrived)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed, by whichever side."""
        if not self.closed.done():
            self.closed.set_result(None)

    def write(self, data: bytes) -> None:
        """Send bytes, unless the socket is closing."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def ping(self) -> None:
        """Ask whether the broker is there."""
        self.write(_PING)

    def pause(self, *, paused: bool) -> None:
        """Take nothing from the socket, or go on."""
        if self._transport is None or self._transport.is_closing():
            return
        if paused and self._transport.is_reading():
            self._transport.pause_reading()
        elif not paused and not self._transport.is_reading():
            self._transport.resume_reading()
            self.heard_at = time.monotonic()

    def close(self) -> None:
        """Say goodbye; the session stays at the broker."""
        if self._transport is not None:
            self.write(mqtt5.DisconnectPacket().write())
            self._transport.close()

    def abort(self) -> None:
        """Leave without a word."""
        if self._transport is not None:
            self._transport.abort()


def _received(packet: mqtt5.PublishPacket, connection: int, now_ms: int) -> Received:
    traceparent = ""
    for name, value in packet.user_properties:
        if name == "traceparent" and len(value) == 55 and value.isascii():
            traceparent = value
    return Received(connection, packet.packet_id or 0, packet.topic, packet.payload, traceparent, now_ms)
