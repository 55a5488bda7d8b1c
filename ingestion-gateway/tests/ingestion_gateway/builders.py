"""Messages with sensible defaults; a test names only what it is about."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from gridseal.wire.catalog import Asset
from ingestion_gateway.devices import DeviceDirectory
from ingestion_gateway.ports import Received, Record

NOW_MS = 1_780_272_000_000
"""2026-06-01T00:00:00Z."""
SENT_MS = time.time_ns() // 1_000_000
"""The wall clock, not the domain's."""
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
        "sent_at_ms": SENT_MS,
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
        self.room = 1_000
        self.reconnects = 0
        self.paused = False

    async def messages(self) -> AsyncIterator[Sequence[Received]]:
        while True:
            yield await self.bunches.get()

    def acknowledge(self, connection: int, packet_ids: Sequence[int]) -> None:
        self.acknowledged += [(connection, packet_id) for packet_id in packet_ids]

    def publish(self, topic: str, payload: bytes) -> None:
        self.receipts.append((topic, payload))

    def reconnect(self) -> None:
        self.reconnects += 1

    def pause(self, *, paused: bool) -> None:
        self.paused = paused


class MemoryLog:
    """Kafka in memory: records wait until a test confirms them, in any order."""

    def __init__(self) -> None:
        self.appended: list[Record] = []
        self.renewals = 0
        self.at_once = False
        """Whether every record is durable as soon as it is appended."""
        self._durable: Callable[[Sequence[Record]], None] = lambda _: None

    def append(self, records: Sequence[Record]) -> None:
        self.appended += records
        if self.at_once and records:
            asyncio.get_running_loop().call_soon(self._durable, list(records))

    async def run(self, durable: Callable[[Sequence[Record]], None]) -> None:
        self._durable = durable
        await asyncio.Event().wait()

    def renew(self) -> None:
        self.renewals += 1

    def confirm(self, *numbers: int) -> None:
        self._durable([self.appended[number] for number in numbers])
