"""Peers of the gateway on the same servers: the obvious Python gateway, and the pipe of two C programs.

``naive``: paho and aiokafka as their first examples show them, one ``send_and_wait`` per message, no
checks, no receipts. The pipe is ``mosquitto_sub | kcat -P``; it acknowledges to MQTT before Kafka has
anything, so a crash loses what is under way.
"""

import asyncio
import shlex
import sys
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

FILTER = "v1/+/+/+/telemetry"


SESSION_S = 3_600


def sub_argv(port: int, tls: Path, client_id: str, *more: str) -> list[str]:
    """``mosquitto_sub`` as the gateway's certificate."""
    place = ["-h", "127.0.0.1", "-p", str(port), "--cafile", f"{tls}/ca.crt"]
    own = ["--cert", f"{tls}/gateway.crt", "--key", f"{tls}/gateway.key", "-i", client_id]
    return ["mosquitto_sub", "-V", "5", *place, *own, "-q", "1", "-t", FILTER, *more]


def pipe_argv(port: int, tls: Path, bootstrap: str, client_id: str) -> list[str]:
    """The pipe, with a session that outlives it."""
    sub = sub_argv(port, tls, client_id, "-c", "-x", str(SESSION_S))
    kcat = ["kcat", "-P", "-q", "-b", bootstrap, "-t", "telemetry.meter", "-X", "acks=all", "-X", "linger.ms=3"]
    # Line by line: the last messages would wait in mosquitto_sub's buffer for more.
    return ["bash", "-c", f"stdbuf -oL {shlex.join(sub)} | {shlex.join(kcat)}"]


def naive_argv(port: int, tls: Path, bootstrap: str, client_id: str) -> list[str]:
    """This module as a program."""
    return [sys.executable, "-m", "tests.bench.ingest._gateway_peers", str(port), str(tls), bootstrap, client_id]


async def naive(port: int, tls: str, bootstrap: str, client_id: str) -> None:
    """Forward until killed."""
    loop, arrived = asyncio.get_running_loop(), asyncio.Queue[tuple[MQTTMessage, Client]]()

    def take(client: Client, _: Any, message: MQTTMessage) -> None:
        loop.call_soon_threadsafe(arrived.put_nowait, (message, client))

    def subscribe(client: Client, *_: Any) -> None:
        client.subscribe(FILTER, 1)

    client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True)
    client.tls_set(f"{tls}/ca.crt", f"{tls}/gateway.crt", f"{tls}/gateway.key")
    client.on_connect = subscribe
    client.on_message = take
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    lasting = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    lasting.SessionExpiryInterval = SESSION_S
    client.connect("127.0.0.1", port, clean_start=False, properties=lasting)
    client.loop_start()
    while True:
        message, sender = await arrived.get()
        await producer.send_and_wait("telemetry.meter", message.payload, key=message.topic.split("/")[3].encode())
        sender.ack(message.mid, message.qos)


if __name__ == "__main__":
    asyncio.run(naive(int(sys.argv[1]), *sys.argv[2:5]))
