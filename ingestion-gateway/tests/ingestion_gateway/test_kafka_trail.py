"""A message is found on Kafka by who sent it and when."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gridseal.runtime.problems import install_problem_handlers
from ingestion_gateway.devices import DeviceDirectory
from ingestion_gateway.kafka_trail import MessageHop, Wanted, hop_of, install_trail_route

from .builders import a_message, a_reading, an_asset

SENT = 1_780_315_200_123


@dataclass
class Written:
    """A record as the consumer gives it."""

    value: bytes
    key: bytes = b"home-01-pv"
    topic: str = "telemetry.solar"
    partition: int = 1
    offset: int = 7
    timestamp: int = SENT + 9
    headers: list[tuple[str, bytes]] = field(
        default_factory=lambda: [("gs-received-at-ms", b"%d" % (SENT + 4)), ("traceparent", b"00-1-2-01")]
    )


def found(record: Written, sent_at_ms: int = SENT) -> MessageHop | None:
    given: Any = record
    return hop_of(given, Wanted("home-01-pv", sent_at_ms))


def test_the_hop_says_when_it_was_received_and_written_and_where_it_lies() -> None:
    hop = found(Written(a_message(sent_at_ms=SENT, seq=42)))

    assert hop is not None
    assert (hop.seq, hop.topic, hop.partition, hop.offset) == (42, "telemetry.solar", 1, 7)
    assert hop.received_at is not None
    assert int(hop.received_at.timestamp() * 1_000) == SENT + 4
    assert int(hop.written_at.timestamp() * 1_000) == SENT + 9
    assert hop.traceparent == "00-1-2-01"


def test_a_message_is_known_by_its_id_and_says_what_it_spoke_about() -> None:
    given: Any = Written(a_message(a_reading(), boot_id="00000000000000ab", seq=42))
    hop = hop_of(given, Wanted("home-01-pv", None, "00000000000000ab", 42))

    assert hop is not None
    assert [one.quantity for one in hop.readings] == ["active_power"]
    assert hop_of(given, Wanted("home-01-pv", None, "00000000000000ab", 43)) is None
    assert hop_of(given, Wanted("home-01-pv", None, "00000000000000ac", 42)) is None


@pytest.mark.parametrize(
    "record",
    [
        Written(a_message(sent_at_ms=SENT + 1)),
        Written(a_message(sent_at_ms=SENT), key=b"home-02-pv"),
        Written(b"{"),
        Written(b"[]"),
    ],
)
def test_other_messages_are_not_it(record: Written) -> None:
    assert found(record) is None


async def test_a_device_or_message_that_is_not_there_is_a_problem() -> None:
    class Nothing:
        asked: tuple[str, Wanted] | None = None

        async def find(self, topic: str, wanted: Wanted) -> None:
            self.asked = (topic, wanted)

    app, devices, trail = FastAPI(), DeviceDirectory(), Nothing()
    given: Any = trail
    install_problem_handlers(app)
    install_trail_route(app, devices, given)
    asset = an_asset()
    devices.put(asset)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway") as client:
        stranger = await client.get("/api/v1/gateway/trail?device_id=nobody&sent_at_ms=1")
        gone = await client.get(f"/api/v1/gateway/trail?device_id={asset.device_id}&sent_at_ms=1")

        half = await client.get(f"/api/v1/gateway/trail?device_id={asset.device_id}&seq=1")

    assert (stranger.status_code, gone.status_code, half.status_code) == (404, 404, 422)
    assert trail.asked == (f"telemetry.{asset.telemetry_class}", Wanted(asset.device_id, 1))
