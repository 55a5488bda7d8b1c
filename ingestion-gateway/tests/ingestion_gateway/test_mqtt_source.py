"""The MQTT session against a broker that a test plays."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mqtt5 import QoS

from gridseal.errors import ConfigError, UnavailableError
from ingestion_gateway import mqtt_source
from ingestion_gateway.mqtt_connection import MqttConnection
from ingestion_gateway.mqtt_source import MqttOptions, MqttSource
from ingestion_gateway.ports import Received

TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


def a_publish(number: int, payload: bytes = b"x", **fields: Any) -> bytes:
    topic = "v1/demo/home-01/home-01-pv/telemetry"
    return mqtt5.PublishPacket(topic, payload, qos=QoS.AT_LEAST_ONCE, packet_id=number, **fields).write()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while True:
            if true():
                return
            await asyncio.sleep(0)


class Broker:
    """Accepts one connection after the other; a test reads what came and says what goes."""

    def __init__(self) -> None:
        self.packets: asyncio.Queue[Any] = asyncio.Queue()
        self.session_present = False
        self.receive_max = 10
        self.suback = mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE
        self.writer: asyncio.StreamWriter | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer, rest = writer, b""
        while data := await reader.read(65_536):
            rest += data
            with contextlib.suppress(IndexError):
                while rest:
                    packet, length = mqtt5.read(memoryview(rest))
                    rest = rest[length:]
                    self._answer(packet)
        writer.close()

    def _answer(self, packet: Any) -> None:
        if isinstance(packet, mqtt5.ConnectPacket):
            answer = mqtt5.ConnAckPacket(session_present=self.session_present, receive_max=self.receive_max)
            self.say(answer.write())
        if isinstance(packet, mqtt5.SubscribePacket):
            self.say(mqtt5.SubAckPacket(packet.packet_id, [self.suback] * len(packet.topic_filters)).write())
        if not isinstance(packet, mqtt5.PingReqPacket):
            self.packets.put_nowait(packet)

    def say(self, data: bytes) -> None:
        assert self.writer is not None
        self.writer.write(data)

    async def heard(self, kind: Any) -> Any:
        async with asyncio.timeout(5):
            while not isinstance(packet := await self.packets.get(), kind):
                pass
        return packet


class Session:
    """The source at work, and what it yields."""

    def __init__(self, source: MqttSource, broker: Broker) -> None:
        self.source, self.broker = source, broker
        self.undelivered = 0
        self.arrived: asyncio.Queue[Received] = asyncio.Queue()
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for bunch in self.source.messages():
            for received in bunch:
                self.arrived.put_nowait(received)

    async def next(self) -> Received:
        return await asyncio.wait_for(self.arrived.get(), 5)

    async def live(self) -> None:
        await self.broker.heard(mqtt5.SubscribePacket)
        await until(lambda: self.source.live)


@pytest.fixture
async def session(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Session]:
    monkeypatch.setattr(mqtt_source, "_tls_context", lambda _: None)
    broker = Broker()
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    options = MqttOptions("127.0.0.1", port, Path(), "g", ("v1/+/+/+/telemetry",), 60, 10, 30, 0.2)
    told: list[Session] = []

    def undelivered() -> None:
        told[0].undelivered += 1

    session = Session(MqttSource(options, undelivered), broker)
    told.append(session)
    yield session
    await session.source.stop()
    session.task.cancel()
    await asyncio.gather(session.task, return_exceptions=True)
    server.close()
    if broker.writer is not None:
        broker.writer.close()


async def test_the_session_lasts_and_its_window_is_as_asked(session: Session) -> None:
    connect = await session.broker.heard(mqtt5.ConnectPacket)

    assert (connect.clean_start, connect.session_expiry_interval, connect.receive_max) == (False, 60, 10)


async def test_a_puback_goes_to_the_connection_that_brought_the_message_and_to_no_other(session: Session) -> None:
    await session.live()
    session.broker.say(a_publish(7, user_properties=[("traceparent", TRACE)]))
    first = await session.next()
    assert (first.packet_id, first.payload, first.traceparent) == (7, b"x", TRACE)
    session.source.reconnect()
    await session.live()
    session.broker.say(a_publish(7))
    second = await session.next()

    session.source.acknowledge(first.connection, [7])
    session.source.publish("t", b"between")
    session.source.acknowledge(second.connection, [7])
    kinds = [type(await session.broker.heard(object)) for _ in range(2)]
    assert second.connection > first.connection
    assert kinds == [mqtt5.PublishPacket, mqtt5.PubAckPacket]


async def test_a_receipt_counts_as_delivered_with_0x00_only(session: Session) -> None:
    await session.live()
    for reason in (mqtt5.PubAckReasonCode.SUCCESS, mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS):
        session.source.publish("t", b"receipt")
        packet = await session.broker.heard(mqtt5.PublishPacket)
        session.broker.say(mqtt5.PubAckPacket(packet.packet_id, reason_code=reason).write())
    await until(lambda: not session.source.unconfirmed)

    assert session.undelivered == 1


async def test_no_more_receipts_are_under_way_than_the_broker_takes(session: Session) -> None:
    await session.live()
    for number in range(12):
        session.source.publish("t", b"%d" % number)
    assert session.source.room < 0
    sent = [await session.broker.heard(mqtt5.PublishPacket) for _ in range(10)]
    assert session.broker.packets.empty()

    session.broker.say(mqtt5.PubAckPacket(sent[0].packet_id).write())
    assert (await session.broker.heard(mqtt5.PublishPacket)).payload == b"10"


async def test_a_receipt_without_puback_goes_again_on_the_next_connection(session: Session) -> None:
    await session.live()
    session.source.publish("t", b"receipt")
    first = await session.broker.heard(mqtt5.PublishPacket)
    session.broker.session_present = True
    session.source.reconnect()
    again = await session.broker.heard(mqtt5.PublishPacket)

    assert (again.packet_id, again.payload, again.duplicate) == (first.packet_id, b"receipt", True)


async def test_a_refused_subscription_ends_the_source(session: Session) -> None:
    session.broker.suback = mqtt5.SubAckReasonCode.NOT_AUTHORIZED

    with pytest.raises(UnavailableError, match="access rules"):
        await asyncio.wait_for(session.task, 5)


def test_a_folder_without_certificates_is_named(tmp_path: Path) -> None:
    options = MqttOptions("127.0.0.1", 1, tmp_path, "g", (), 60, 10, 30, 0.2)

    with pytest.raises(ConfigError, match="GATEWAY_TLS_DIR"):
        MqttSource(options, lambda: None)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=20), st.lists(st.integers(1, 200), max_size=60))
def test_however_the_stream_is_cut_the_same_messages_come_out(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(a_publish(number, payload) for number, payload in enumerate(payloads, start=1))
    arrived: list[Received] = []

    async def feed() -> None:
        connection = MqttConnection(1, mqtt5.ConnectPacket("g"), arrived.extend, lambda *_: None)
        at = 0
        for cut in cuts:
            connection.data_received(stream[at : at + cut])
            at = min(at + cut, len(stream))
        connection.data_received(stream[at:])

    asyncio.run(feed())
    assert [received.payload for received in arrived] == payloads
    assert [received.packet_id for received in arrived] == list(range(1, len(payloads) + 1))
