"""A Sparkplug edge node and a Shelly on a real Mosquitto: through the gateway into a real Kafka."""

import json
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from gridseal.wire.topics import DEAD_LETTER
from ingestion_gateway.dialects.sparkplug_proto import Payload

from ..ingestion_gateway.field import DEVICE, SITE, STRANGER, Field, eventually
from .edge_node import DEVICE as METER
from .edge_node import GROUP, NODE, EdgeNode

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

RULES = f"""
user gateway
topic read spBv1.0/{GROUP}/#
topic write spBv1.0/{GROUP}/NCMD/#
topic read shellies/+/events/rpc

user {DEVICE}
topic write spBv1.0/{GROUP}/+/{NODE}/#
topic read spBv1.0/{GROUP}/NCMD/{NODE}
topic write shellies/+/events/rpc
"""
"""What an operator adds to the broker's access rules: the certificate of the device behind the topics."""
DIALECTS = [
    {
        "filter": f"spBv1.0/{GROUP}/#",
        "dialect": "sparkplug-b",
        "tenant": "demo",
        "site": SITE,
        "devices": {f"{GROUP}/{NODE}/{METER}": DEVICE},
        "sample_period_s": 1,
    },
    {
        "filter": "shellies/+/events/rpc",
        "dialect": "shelly-gen2",
        "tenant": "demo",
        "site": SITE,
        "devices": {"roof": DEVICE, "cellar": STRANGER},
        "metrics": {"apower": {"quantity": "active_power", "sign": 1}},
        "sample_period_s": 1,
    },
]


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    field = Field(tmp_path_factory.mktemp("field"), int(os.environ.get("TEST_DIALECTS_PORT_BASE", "23000")))
    field.environment["GATEWAY_DIALECTS"] = json.dumps(DIALECTS)
    try:
        field.start("kafka")
        field.publish_catalog()
        field.start("mosquitto")
        with (field.layout.config / "mosquitto.acl").open("a") as rules:
            rules.write(RULES)
        field.kill("mosquitto")
        field.start("mosquitto")
        field.start("gateway")
        yield field
    finally:
        field.stop()


class Plant:
    """The edge node with a connection: it is born when asked, and leaves a will."""

    def __init__(self, field: Field) -> None:
        self.node = EdgeNode(int(time.time() * 1_000) - 120_000)
        self.asked = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, "plant-edge")
        tls = field.layout.tls
        self._client.tls_set(
            str(tls / "ca.crt"), str(tls / "devices" / f"{DEVICE}.crt"), str(tls / "devices" / f"{DEVICE}.key")
        )
        self._client.will_set(*self.node.ndeath(), qos=1)
        subscribed = threading.Event()
        self._client.on_connect = lambda *_: self._client.subscribe(self.node.topic("NCMD"), 1)
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_message = self._on_command
        self._client.connect("127.0.0.1", field.ports.mqtt)
        self._client.loop_start()
        assert subscribed.wait(30)

    def say(self, *messages: tuple[str, bytes]) -> None:
        for topic, payload in messages:
            self._client.publish(topic, payload, qos=1).wait_for_publish(30)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_command(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        (metric,) = Payload.FromString(message.payload).metrics
        if metric.name == b"Node Control/Rebirth" and metric.boolean_value:
            self.asked.set()


@pytest.fixture
def plant(field: Field) -> Iterator[Plant]:
    plant = Plant(field)
    yield plant
    plant.close()


def powers(field: Field) -> dict[float, int]:
    """Value → start of its period, of everything on the telemetry topic."""
    messages = [json.loads(value) for value in field.records("telemetry.solar", 2)]
    return {r["value"]: r["period_start_ms"] for message in messages for r in message["readings"]}


def refused(field: Field, reason: str) -> int:
    counted = field.get("/api/v1/gateway/status")["refused"]
    return int(counted.get(reason, 0))


def test_births_data_a_gap_and_history_end_in_kafka(field: Field, plant: Plant) -> None:
    node = plant.node
    plant.say(node.nbirth(), node.dbirth(1.0), node.ddata(2.0))
    plant.say(node.ddata(3.0, timestamp=node.now_ms - 3_600_000, is_historical=True))
    asked_for_history_ms = (node.now_ms - 1_000 - 3_600_000) // 1_000 * 1_000 - 1_000
    eventually(lambda: {1.0, 2.0, 3.0} <= powers(field).keys(), what="three values in Kafka")
    assert powers(field)[3.0] == asked_for_history_ms
    assert not plant.asked.is_set()

    node.ddata(4.0)  # lost on the way
    after_the_gap = node.ddata(5.0)
    plant.say(after_the_gap)
    assert plant.asked.wait(30), "the gateway did not ask for a birth"
    assert not {4.0, 5.0} & powers(field).keys()
    plant.say(node.nbirth(), node.dbirth(6.0), node.ddata(7.0))

    eventually(lambda: {5.0, 6.0, 7.0} <= powers(field).keys(), what="the held value behind the birth")
    assert after_the_gap[1] in field.records(DEAD_LETTER, 1)
    assert refused(field, "sequence_gap") == 1


def test_a_gateway_that_forgot_asks_again(field: Field, plant: Plant) -> None:
    node = plant.node
    plant.say(node.nbirth(), node.dbirth(11.0))
    eventually(lambda: 11.0 in powers(field), what="the birth in Kafka")

    field.kill("gateway")
    field.start("gateway")
    plant.say(node.ddata(12.0))

    assert plant.asked.wait(30), "the gateway did not ask for a birth"
    plant.say(node.nbirth(), node.dbirth(13.0), node.ddata(14.0))
    eventually(lambda: {13.0, 14.0} <= powers(field).keys(), what="values after the birth")
    assert 12.0 not in powers(field)


def test_a_shelly_is_heard_and_one_that_is_not_in_the_catalog_is_refused(field: Field, plant: Plant) -> None:
    before = refused(field, "unknown_device")
    state = {"id": 0, "apower": 21.5, "voltage": 230.1, "aenergy": {"total": 5.0}}
    message = {"src": "roof", "method": "NotifyStatus", "params": {"ts": time.time() - 5, "switch:0": state}}
    button = {"src": "roof", "method": "NotifyEvent", "params": {"ts": time.time(), "events": []}}

    plant.say(("shellies/roof/events/rpc", json.dumps(button).encode()))
    plant.say(("shellies/roof/events/rpc", json.dumps(message).encode()))

    eventually(lambda: 21.5 in powers(field), what="the Shelly's power in Kafka")
    assert 230.1 not in powers(field)  # the catalog asks for power only
    assert refused(field, "unknown_device") == before
    plant.say(("shellies/cellar/events/rpc", json.dumps(message).encode()))
    eventually(lambda: refused(field, "unknown_device") == before + 1, what="the refusal")
    eventually(lambda: field.get("/api/v1/gateway/status")["in_flight"] == 0, what="nothing in hand")
