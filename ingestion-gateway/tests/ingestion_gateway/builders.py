"""Messages with sensible defaults; a test names only what it is about."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from gridseal.wire.catalog import Asset
from ingestion_gateway.devices import DeviceDirectory
from ingestion_gateway.ports import Received, Record

NOW_MS = 1_780_272_000_000
"""2026-06-01T00:00:00Z."""
BOOT_ID = "0123456789abcdef"
TOPIC = "v1/demo/home-01/home-01-pv/telemetry"
RECEIPT_TOPIC = "v1/demo/home-01/home-01-pv/receipt"


def an_asset(device_id: str = "home-01-pv", **changes: Any) -> Asset:
    fields: dict[str, Any] = {
        "tenant_id": "demo",
        "site_id": "home-01",
        "asset_id": device_id,
        "device_id": device_id,
        "name": "PV",
        "asset_type": "pv",
        "telemetry_class": "solar",
        "quantities": ("active_power",),
        "native_period_s": 3600,
    }
    return Asset(**(fields | changes))


def a_directory(*assets: Asset) -> DeviceDirectory:
    directory = DeviceDirectory()
    for asset in assets or (an_asset(),):
        directory.put(asset)
    return directory


def a_reading(**changes: Any) -> dict[str, Any]:
    fields = {
        "quantity": "active_power",
        "unit": "kW",
        "period_start_ms": NOW_MS - 3_600_000,
        "period_ms": 3_600_000,
        "value": 1.5,
        "quality": "good",
    }
    return fields | changes


def a_message(*readings: dict[str, Any], **changes: Any) -> bytes:
    fields = {
        "schema": "telemetry/1",
        "device_id": "home-01-pv",
        "boot_id": BOOT_ID,
        "seq": 7,
        "sent_at_ms": 1,
        "readings": list(readings) or [a_reading()],
    }
    return json.dumps(fields | changes).encode()


def received(payload: bytes, packet_id: int = 1, connection: int = 1, topic: str = TOPIC) -> Received:
    return Received(connection, packet_id, topic, payload, "", 0)


class MemorySource:
    """An MQTT broker in memory: a test puts bunches in and reads acknowledgements and receipts."""

    def __init__(self) -> None:
        self.bunches: asyncio.Queue[Sequence[Received]] = asyncio.Queue()
        self.acknowledged: list[tuple[int, int]] = []
        self.receipts: list[tuple[str, bytes]] = []
        self.connected = True
        self.shed = 0

    async def messages(self) -> AsyncIterator[Sequence[Received]]:
        while True:
            yield await self.bunches.get()

    def acknowledge(self, connection: int, packet_ids: Sequence[int]) -> None:
        self.acknowledged += [(connection, packet_id) for packet_id in packet_ids]

    def send_receipt(self, topic: str, payload: bytes) -> None:
        self.receipts.append((topic, payload))


class MemoryLog:
    """Kafka in memory: records wait until a test confirms them, in any order."""

    def __init__(self) -> None:
        self.appended: list[tuple[Record, asyncio.Future[None]]] = []

    async def append(self, record: Record) -> "asyncio.Future[None]":
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.appended.append((record, future))
        return future

    def confirm(self, number: int) -> None:
        self.appended[number][1].set_result(None)

    def fail(self, number: int, error: Exception) -> None:
        self.appended[number][1].set_exception(error)
