"""Devices that send as fast as asked, each over mutual TLS, and wait for their receipts. One process of several.

Open loop: a message is sent when its time has come, however late the receipts are; latency counts from
the time it was due. Run as a program: the plan as JSON on the command line, the result as JSON on stdout.
"""

import asyncio
import json
import ssl
import sys
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import mqtt5
import uvloop
from mqtt5 import QoS

BOOT_ID = f"{time.time_ns():016x}"
TICK_S = 0.002


@dataclass
class Plan:
    """What one process sends."""

    port: int
    tls: str
    devices: list[tuple[str, str]]
    """Device id, and the MQTT topic up to ``/telemetry``."""
    rates: list[float]
    """Messages per second by device; 0: as fast as the window allows."""
    seconds: float
    most: int = 10**9
    """Messages per device."""
    window: int = 100_000
    """Most without receipt (``receipts``) or without the broker's PUBACK, per device."""
    receipts: bool = True


@dataclass
class Told:
    """What became of it."""

    sent: dict[str, int] = field(default_factory=dict)
    receipted: dict[str, int] = field(default_factory=dict)
    latency_ms: dict[str, list[float]] = field(default_factory=dict)
    first_at: float = 0.0
    last_at: float = 0.0
    """Wall clock of the first message and of the last receipt or PUBACK."""


class Device(asyncio.Protocol):
    """One connection."""

    def __init__(self, plan: Plan, name: str, place: str, rate: float) -> None:
        self.plan, self.name, self.rate = plan, name, rate
        self.topic, self._receipts = f"{place}/telemetry", f"{place}/receipt"
        self.ready = asyncio.get_running_loop().create_future()
        self.due: dict[int, float] = {}
        self.sent = self.confirmed = self.through = 0
        self.latency_ms: list[float] = []
        self.last_at = 0.0
        self._rest = b""
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(mqtt5.ConnectPacket(self.name, clean_start=True, keep_alive=600, receive_max=60_000).write())

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        view, at = memoryview(data), 0
        try:
            while at < len(data):
                packet, length = mqtt5.read(view[at:])
                at += length
                self._take(packet)
        except IndexError:
            pass
        self._rest = data[at:]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"{self.name} was turned away: {exc}"))

    def _take(self, packet: Any) -> None:
        match packet:
            case mqtt5.PubAckPacket():
                self.confirmed += 1
                if not self.plan.receipts:
                    self.last_at = time.time()
            case mqtt5.PublishPacket():
                self._transport.write(mqtt5.PubAckPacket(packet.packet_id or 0).write())
                self._receipt(json.loads(packet.payload))
            case mqtt5.ConnAckPacket():
                wanted = mqtt5.TopicFilter(self._receipts, max_qos=QoS.AT_LEAST_ONCE)
                self._transport.write(mqtt5.SubscribePacket(65_535, [wanted]).write())
            case mqtt5.SubAckPacket():
                self.ready.set_result(None)

    def _receipt(self, receipt: dict[str, Any]) -> None:
        now = self.last_at = time.time()
        ranges = [(self.through, receipt["through"]), *receipt["ranges"]]
        for first, last in ranges:
            for seq in range(max(first, self.through), last + 1):
                due = self.due.pop(seq, None)
                if due is not None:
                    self.latency_ms.append((now - due) * 1_000)
        self.through = max(self.through, receipt["through"] + 1)

    @property
    def open(self) -> int:
        """Messages that count against the window."""
        return len(self.due) if self.plan.receipts else self.sent - self.confirmed

    def send(self, count: int, due: list[float]) -> None:
        packets = []
        now_ms = int(time.time() * 1_000)
        for moment in due[:count]:
            seq = self.sent
            payload = (
                f'{{"device_id":"{self.name}","boot_id":"{BOOT_ID}","seq":{seq},"sent_at_ms":{now_ms},"readings":[{{'
                f'"quantity":"voltage","unit":"V","period_start_ms":{now_ms // 1_000 * 1_000 - 60_000},'
                '"period_ms":60000,"value":230.1}]}'
            )
            packet_id = seq % 65_000 + 1
            packets.append(
                mqtt5.PublishPacket(self.topic, payload.encode(), qos=QoS.AT_LEAST_ONCE, packet_id=packet_id).write()
            )
            if self.plan.receipts:
                self.due[seq] = moment
            self.sent += 1
        self._transport.write(b"".join(packets))

    async def run(self, start: float) -> None:
        plan = self.plan
        while (now := time.time()) < start + plan.seconds and self.sent < plan.most:
            room = min(plan.most - self.sent, plan.window - self.open)
            if not self.rate:
                count = min(room, 64)
                due = [now] * count
            else:
                behind = int((now - start) * self.rate) - self.sent
                count = min(room, behind)
                due = [start + (self.sent + n + 1) / self.rate for n in range(count)]
            if count > 0:
                self.send(count, due)
            await asyncio.sleep(TICK_S if self.rate or count <= 0 else 0)

    async def answered(self, until: float) -> None:
        # Looked at, not signalled: an event per receipt would cost more than what is measured.
        while True:
            if not self.open or time.time() >= until:
                return
            await asyncio.sleep(0.01)


async def run(plan: Plan) -> Told:
    """Send, wait for what is outstanding, and tell."""
    tls = Path(plan.tls)
    devices = []
    for (name, place), rate in zip(plan.devices, plan.rates, strict=True):
        context = ssl.create_default_context(cafile=str(tls / "ca.crt"))
        context.load_cert_chain(str(tls / "devices" / f"{name}.crt"), str(tls / "devices" / f"{name}.key"))
        make = partial(Device, plan, name, place, rate)
        _, device = await asyncio.get_running_loop().create_connection(make, "127.0.0.1", plan.port, ssl=context)
        await asyncio.wait_for(device.ready, 20)
        devices.append(device)
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    start = time.time() + 0.05
    await asyncio.gather(*(device.run(start) for device in devices))
    await asyncio.gather(*(device.answered(time.time() + 30) for device in devices))
    return Told(
        sent={d.name: d.sent for d in devices},
        receipted={d.name: d.sent - len(d.due) for d in devices},
        latency_ms={d.name: d.latency_ms for d in devices},
        first_at=start,
        last_at=max(d.last_at for d in devices),
    )


if __name__ == "__main__":
    uvloop.install()
    print(json.dumps(asdict(asyncio.run(run(Plan(**json.loads(sys.argv[1])))))), flush=True)
