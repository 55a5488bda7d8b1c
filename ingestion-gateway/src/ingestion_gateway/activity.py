"""Who has been speaking: the last thing heard of each device, for a person who looks."""

from dataclasses import dataclass
from datetime import UTC, datetime

from gridseal.wire.fields import Message, UtcTime
from ingestion_gateway.ports import Held


class DeviceSession(Message):
    """One device, as far as this process has heard of it."""

    device_id: str
    boot_id: str
    """Empty for devices whose dialect has none."""
    last_seq: int
    last_received_at: UtcTime
    messages: int
    in_lane: int
    """Messages that wait because the device is beyond its rate."""


@dataclass(slots=True)
class _Heard:
    device_id: str
    boot_id: str
    seq: int
    at_ms: int
    messages: int


class Activity:
    """The last message of each topic. Counted once Kafka has it."""

    def __init__(self) -> None:
        self._heard: dict[str, _Heard] = {}

    def __len__(self) -> int:
        return len(self._heard)

    def note(self, held: Held) -> None:
        """A message of this device is durable."""
        received, verdict = held.received, held.verdicts[-1]
        heard = self._heard.get(received.topic)
        if heard is None:
            heard = self._heard[received.topic] = _Heard(verdict.device_id, "", -1, 0, 0)
        heard.at_ms = received.received_at_ms
        heard.messages += 1
        if verdict.message_id is not None:
            heard.boot_id, heard.seq = verdict.message_id.boot_id, verdict.message_id.seq

    def sessions(self, waiting: dict[str, int], *, after: str, limit: int) -> list[tuple[str, DeviceSession]]:
        """Devices in the order of their topics, beginning behind the topic ``after``, each with its topic."""
        topics = sorted(topic for topic in self._heard if topic > after)[:limit]
        return [(topic, _session(self._heard[topic], waiting.get(topic, 0))) for topic in topics]


def _session(heard: _Heard, in_lane: int) -> DeviceSession:
    return DeviceSession(
        device_id=heard.device_id,
        boot_id=heard.boot_id,
        last_seq=heard.seq,
        last_received_at=datetime.fromtimestamp(heard.at_ms / 1_000, UTC),
        messages=heard.messages,
        in_lane=in_lane,
    )
