"""What is known of one Sparkplug edge node: session, sequence, aliases, and what waits for its next birth."""

import hashlib
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from ingestion_gateway.dialects.dialect import DialectError
from ingestion_gateway.dialects.sparkplug_proto import properties_of, text

HELD_MESSAGES: Final = 256
HELD_BYTES: Final = 2_000_000
_REMEMBERED: Final = 64
_MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an alias stands for."""

    device: str
    """``""`` for the node itself."""
    name: str
    datatype: int
    unit: str | None
    """``engUnit`` of the birth; data messages do not repeat it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One data message as it came."""

    device: str
    topic: str
    message: Any
    size: int


@dataclass(slots=True)
class Session:
    """From one NBIRTH to the next, or to the death."""

    bd_seq: int
    birth_ms: int
    next_seq: int
    aliases: dict[int, Meaning] = field(default_factory=dict)
    names: dict[str, dict[str, Meaning]] = field(default_factory=dict)
    """Device → metric name → what it is."""
    _numbered: dict[str, list[int]] = field(default_factory=dict)
    """Device → its aliases: a plant has thousands of devices, and each is born by itself."""

    def learn(self, device: str, metrics: Any) -> None:
        """Take the metrics of a birth.

        Raises:
            DialectError: A metric has no name, or an alias stands for two metrics.
        """
        learnt: dict[int, Meaning] = {}
        names: dict[str, Meaning] = {}
        for metric in metrics:
            name = text(metric.name)
            if not name:
                raise DialectError("every metric of a birth should have a name")
            meaning = names[name] = _meaning(device, name, metric)
            if metric.HasField("alias") and learnt.setdefault(metric.alias, meaning) != meaning:
                raise DialectError("an alias of a birth stands for two metrics")
        self.forget(device)
        self.aliases.update(learnt)
        self.names[device] = names
        self._numbered[device] = list(learnt)

    def forget(self, device: str) -> None:
        """Drop what a birth of this device had said."""
        self.names.pop(device, None)
        for alias in self._numbered.pop(device, ()):
            known = self.aliases.get(alias)
            if known is not None and known.device == device:
                del self.aliases[alias]

    def meaning(self, device: str, metric: Any) -> Meaning | None:
        """What a metric of a data message is: by its name, else by its alias."""
        if metric.name:
            return self.names.get(device, {}).get(text(metric.name))
        known = self.aliases.get(metric.alias) if metric.HasField("alias") else None
        return known if known is not None and known.device == device else None


@dataclass(slots=True)
class Node:
    """One edge node over all its sessions since this process started."""

    session: Session | None = None
    broken: bool = False
    """A message is missing: nothing is believed until the next birth."""
    before: dict[int, Meaning] = field(default_factory=dict)
    """The aliases as they were when the gap was seen."""
    held: deque[Heard] = field(default_factory=deque)
    _asked: deque[int] = field(default_factory=deque)
    _recent: dict[bytes, None] = field(default_factory=dict)

    def seen_before(self, payload: bytes) -> bool:
        """Whether these bytes were one of the last messages: MQTT may deliver twice."""
        digest = hashlib.sha256(payload).digest()
        if digest in self._recent:
            return True
        self._recent[digest] = None
        if len(self._recent) > _REMEMBERED:
            del self._recent[next(iter(self._recent))]
        return False

    def may_ask(self, now_ms: int, per_minute: int) -> bool:
        """Whether a rebirth may be asked for now; counts it if so."""
        while self._asked and not 0 <= now_ms - self._asked[0] < _MINUTE_MS:
            self._asked.popleft()
        if len(self._asked) >= per_minute:
            return False
        self._asked.append(now_ms)
        return True

    def hold(self, heard: Heard) -> None:
        """Keep a message for the next birth; beyond the limits the oldest go (they are on ``dead-letter`` anyway)."""
        self.held.append(heard)
        while len(self.held) > HELD_MESSAGES or sum(one.size for one in self.held) > HELD_BYTES:
            self.held.popleft()

    def lose(self) -> None:
        """The session is not to be trusted any more."""
        self.broken = True
        self.held.clear()
        self.before = dict(self.session.aliases) if self.session is not None else {}

    def recovered(self, device: str) -> list[Heard]:
        """The held messages of a device whose every metric means now what it meant before the gap."""
        session = self.session
        if session is None:
            return []
        mine = [heard for heard in self.held if heard.device == device]
        self.held = deque(heard for heard in self.held if heard.device != device)
        return [heard for heard in mine if all(self._same(device, metric) for metric in heard.message.metrics)]

    def _same(self, device: str, metric: Any) -> bool:
        meaning = self.session.meaning(device, metric) if self.session is not None else None
        return meaning is not None and (bool(metric.name) or self.before.get(metric.alias) == meaning)


def _meaning(device: str, name: str, metric: Any) -> Meaning:
    unit = properties_of(metric).get("engUnit")
    return Meaning(device, name, metric.datatype, unit if isinstance(unit, str) else None)
