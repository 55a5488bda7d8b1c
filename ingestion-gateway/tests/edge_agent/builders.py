"""Small fleets, tracks and a link in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from edge_agent.datasets.tracks import Channel, Track, make_track
from edge_agent.dispatcher import Dispatcher
from edge_agent.fleet import Device
from edge_agent.metrics import AgentMetrics
from edge_agent.ports import LinkListener
from edge_agent.progress import Progress
from edge_agent.queue import DurableQueue
from edge_agent.replay import Replay
from gridseal.identity.ed25519 import SigningKey
from gridseal.runtime.metrics import new_registry
from gridseal.wire.codec import decode, encode, encode_dict
from gridseal.wire.receipts import Receipt, RefusedSeq
from gridseal.wire.signing import signing_bytes, verified
from gridseal.wire.telemetry import Telemetry

GATEWAY = SigningKey.new()
ORIGIN = datetime(2026, 6, 1, tzinfo=UTC)
ORIGIN_S = int(ORIGIN.timestamp())


def a_device(device_id: str = "meter-1") -> Device:
    return Device(device_id, "demo", "site-1", "meter")


def a_track(
    device_id: str = "meter-1", *, hours: int = 48, first_s: int = ORIGIN_S - 24 * 3_600, period_s: int = 3_600
) -> Track:
    starts = first_s + period_s * np.arange(hours, dtype=np.int64)
    return make_track(device_id, period_s, {Channel("active_energy_import", "kW.h"): np.arange(hours) / 8}, starts)


@dataclass
class SetClock:
    """Domain time that a test moves by hand."""

    moment: datetime = ORIGIN

    def now(self) -> datetime:
        return self.moment

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()

    def forward(self, **span: float) -> None:
        self.moment += timedelta(**span)


@dataclass
class MemoryLink:
    """Keeps what was published; a test decides what happens to it."""

    published: list[tuple[str, int, bytes, str]] = field(default_factory=list)
    _decoded: list[Telemetry] = field(default_factory=list)

    async def run(self, listener: LinkListener) -> None:
        return

    def publish(self, device: Device, payload: bytes, traceparent: str) -> int:
        self.published.append((device.device_id, len(self.published) + 1, payload, traceparent))
        return len(self.published)

    def messages(self) -> list[Telemetry]:
        self._decoded += [decode(Telemetry, payload) for _, _, payload, _ in self.published[len(self._decoded) :]]
        return self._decoded


@dataclass
class Agent:
    """The parts of one agent around a memory link."""

    queue: DurableQueue
    link: MemoryLink
    dispatcher: Dispatcher
    replay: Replay
    clock: SetClock
    progress: Progress

    def drain(self) -> None:
        while self.replay.step():
            pass

    def connect(self) -> None:
        for device_id in self.dispatcher.lanes:
            self.dispatcher.on_ready(device_id)

    def receipt(self, message: Telemetry, reason: str = "") -> None:
        self.dispatcher.collect(message.device_id, a_receipt(message, reason))
        self.dispatcher.settle()


def a_receipt(message: Telemetry, reason: str = "") -> bytes:
    ranges = () if reason else ((message.seq, message.seq),)
    refused = (RefusedSeq(seq=message.seq, reason=reason),) if reason else ()
    receipt = Receipt(
        device_id=message.device_id,
        boot_id=message.boot_id,
        ranges=ranges,
        refused=refused,
        issued_at_ms=1,
        key_id=GATEWAY.key_id,
    )
    return signed_receipt(receipt)


def signed_receipt(receipt: Receipt, key: SigningKey = GATEWAY) -> bytes:
    signature = key.sign(signing_bytes(encode_dict(receipt)))
    return encode(receipt.model_copy(update={"signature": signature}))


def receipt_fault(receipt: dict[str, Any]) -> str | None:
    return None if verified(receipt, GATEWAY.public) else "bad_signature"


def an_agent(path: Path, tracks: list[Track], **changes: int) -> Agent:
    """An agent over ``path``; two over the same path, one after the other, are a restart."""
    devices = [a_device(track.device_id) for track in tracks]
    queue = DurableQueue(path, machine_boot="boot-1")
    queue.register([device.device_id for device in devices])
    link, clock, progress, metrics = MemoryLink(), SetClock(), Progress(), AgentMetrics(new_registry())
    dispatcher = Dispatcher(
        devices=devices,
        queue=queue,
        link=link,
        metrics=metrics,
        progress=progress,
        window=changes.get("window", 8),
        window_total=changes.get("window_total", 320),
        timeout_s=20.0,
        receipt_fault=receipt_fault,
    )
    by_name = {track.device_id: track for track in tracks}
    load: Callable[[], dict[str, Track]] = lambda: by_name  # noqa: E731
    replay = Replay(
        load=load,
        history_from_ms=queue.history_from_ms((ORIGIN_S - changes.get("days", 30) * 86_400) * 1_000),
        clock=clock,
        queue=queue,
        dispatcher=dispatcher,
        progress=progress,
        metrics=metrics,
        max_readings=changes.get("max_readings", 500),
        queue_max=changes.get("queue_max", 1_000),
        lane_max=changes.get("lane_max", 16),
    )
    dispatcher.restore()
    replay.open(by_name)
    return Agent(queue, link, dispatcher, replay, clock, progress)
