"""One MQTT 5 connection per device over mutual TLS, with paho-mqtt.

Each connection runs paho's own network thread: it sleeps in ``select`` nearly always, reconnects
with back-off by itself, and a slow TLS handshake of one device holds up no other. Everything the
threads learn is handed to the event loop; no other code here runs on them.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.fleet import Device
from edge_agent.ports import LinkListener
from gridseal.errors import ConfigError

SESSION_EXPIRY_S = 3_600
KEEPALIVE_S = 20
LONGEST_BACKOFF_S = 20


class MqttLink:
    """The connections of all devices. Implements ``ports.Link``."""

    def __init__(self, *, devices: Sequence[Device], host: str, port: int, tls_dir: Path, window: int) -> None:
        self._host, self._port = host, port
        self._devices = {device.device_id: device for device in devices}
        self._clients = {
            device.device_id: _client(device, tls_dir, window, number) for number, device in enumerate(devices)
        }

    def start(self, listener: LinkListener) -> None:
        """Connect every device; paho keeps trying for ever."""
        loop = asyncio.get_running_loop()
        expiry = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        expiry.SessionExpiryInterval = SESSION_EXPIRY_S
        for device_id, client in self._clients.items():
            _wire(client, self._devices[device_id], listener, loop)
            client.connect_async(self._host, self._port, keepalive=KEEPALIVE_S, clean_start=False, properties=expiry)
            client.loop_start()

    def publish(self, device: Device, payload: bytes, traceparent: str) -> int:
        """Send at QoS 1. When the connection broke a moment ago, paho sends it after reconnecting."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.UserProperty = ("traceparent", traceparent)
        info = self._clients[device.device_id].publish(device.telemetry_topic, payload, qos=1, properties=properties)
        return int(info.mid)

    def stop(self) -> None:
        """Disconnect; the broker keeps the sessions, and with them the receipts still to come."""
        for client in self._clients.values():
            client.disconnect()
        for client in self._clients.values():
            client.loop_stop()


def _client(device: Device, tls_dir: Path, window: int, number: int) -> mqtt.Client:
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id=f"device-{device.device_id}", protocol=mqtt.MQTTv5, transport="tcp"
    )
    client.tls_set_context(_tls_context(device, tls_dir))
    client.max_inflight_messages_set(window)
    # Devices that lost the same broker do not come back in step.
    client.reconnect_delay_set(min_delay=1 + number % 3, max_delay=LONGEST_BACKOFF_S)
    return client


def _tls_context(device: Device, tls_dir: Path) -> ssl.SSLContext:
    certificate = tls_dir / "devices" / f"{device.device_id}.crt"
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(tls_dir / "ca.crt"))
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"certificate of {device.device_id} cannot be used: {certificate} and ca.crt must stand in"
            f" EDGE_AGENT_TLS_DIR, `make setup` writes them ({error.strerror or error})"
        ) from error
    return context


def _wire(client: mqtt.Client, device: Device, listener: LinkListener, loop: asyncio.AbstractEventLoop) -> None:
    """Hand every event of one client to the loop. Runs once per client; the callbacks run on its thread."""
    session_kept = False

    def tell(callback: Callable[..., None], *args: Any, **kwargs: Any) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(lambda: callback(*args, **kwargs))

    def on_connect(client: mqtt.Client, _: Any, flags: mqtt.ConnectFlags, reason: ReasonCode, __: Any) -> None:
        nonlocal session_kept
        if reason.is_failure:
            tell(listener.on_down, device.device_id, f"refused: {reason}")
            return
        session_kept = bool(flags.session_present)
        client.subscribe(device.receipt_topic, qos=1)

    def on_subscribe(client: mqtt.Client, _: Any, mid: int, reasons: list[ReasonCode], __: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            tell(listener.on_down, device.device_id, f"receipts refused: {reasons[0]}")
        else:
            tell(listener.on_ready, device.device_id, session_kept=session_kept)

    def on_disconnect(client: mqtt.Client, _: Any, flags: Any, reason: ReasonCode, __: Any) -> None:
        tell(listener.on_down, device.device_id, f"disconnected: {reason}")

    def on_connect_fail(client: mqtt.Client, _: Any) -> None:
        tell(listener.on_down, device.device_id, "the broker does not answer")

    def on_publish(client: mqtt.Client, _: Any, mid: int, reason: ReasonCode, __: Any) -> None:
        tell(listener.on_acknowledged, device.device_id, mid, reason=int(reason.value), text=str(reason))

    def on_message(client: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
        tell(listener.on_receipt, device.device_id, bytes(message.payload))

    client.on_connect, client.on_subscribe, client.on_disconnect = on_connect, on_subscribe, on_disconnect
    client.on_connect_fail, client.on_publish, client.on_message = on_connect_fail, on_publish, on_message
