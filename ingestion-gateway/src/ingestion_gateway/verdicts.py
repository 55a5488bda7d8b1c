"""A message's verdicts and records: one for a device that speaks telemetry/1, any number for a dialect."""

from typing import Protocol

from gridseal.errors import WireError
from gridseal.wire.codec import encode
from gridseal.wire.telemetry import Telemetry
from ingestion_gateway.accept import Refused
from ingestion_gateway.judge import Judge
from ingestion_gateway.ports import Held, Record
from ingestion_gateway.records import RecordMaker

Answer = tuple[str, bytes]
"""MQTT topic and payload of something to publish."""


class Adapted(Protocol):
    """What a dialect made of one message."""

    @property
    def messages(self) -> tuple[Telemetry, ...]:
        """The same content in our words."""
        ...

    @property
    def replies(self) -> tuple[Answer, ...]:
        """What is to be published because of it."""
        ...


class Dialect(Protocol):
    """Reads one kind of foreign payload."""

    @property
    def name(self) -> str:
        """As it stands on the Kafka record."""
        ...

    def adapt(self, topic: str, payload: bytes, received_at_ms: int) -> Adapted:
        """Put a message into our words.

        Raises:
            WireError: It cannot be read; ``reason`` is a bounded label.
        """
        ...


class Dialects(Protocol):
    """Which dialect is spoken on which topic."""

    def find(self, topic: str) -> Dialect | None:
        """The dialect of an MQTT topic, if it has one."""
        ...


class NoDialects:
    """Everybody speaks telemetry/1."""

    def find(self, topic: str) -> Dialect | None:
        """None, whatever the topic."""
        return None


class Verdicts:
    """Judges what is in hand, and has its records made."""

    def __init__(self, judge: Judge, dialects: Dialects) -> None:
        self._judge = judge
        self._dialects = dialects

    def begin(self) -> None:
        """It is now; holds until the next call."""
        self._judge.begin()

    def of(self, held: Held, maker: RecordMaker, records: list[Record]) -> tuple[Answer, ...]:
        """Judge a message, add its records to ``records``, and return what is to be answered."""
        received = held.received
        if not received.topic.endswith("/telemetry") or not received.topic.startswith("v1/"):
            dialect = self._dialects.find(received.topic)
            if dialect is not None:
                return self._translated(held, dialect, maker, records)
        verdict = self._judge.verdict(received.topic, received.payload)
        held.verdicts = (verdict,)
        records.append(maker.record(held, verdict))
        return ()

    def _translated(
        self, held: Held, dialect: Dialect, maker: RecordMaker, records: list[Record]
    ) -> tuple[Answer, ...]:
        received = held.received
        held.receipted = False
        try:
            adapted = dialect.adapt(received.topic, received.payload, received.received_at_ms)
        except WireError as error:
            refused = Refused(error.reason or "malformed", str(error))
            held.verdicts = (refused,)
            records.append(maker.record(held, refused))
            return ()
        verdicts = []
        for message in adapted.messages:
            verdict = self._judge.of_device(message.device_id, encode(message))
            verdicts.append(verdict)
            records.append(maker.translated(held, verdict, message, dialect.name))
        held.verdicts = tuple(verdicts)
        return adapted.replies
