"""What a verdict becomes on Kafka: topic, key, bytes, and CloudEvents headers."""

import random
import time
from datetime import UTC, datetime
from typing import Final

from gridseal.wire.codec import encode
from gridseal.wire.fields import format_utc
from gridseal.wire.telemetry import Telemetry
from gridseal.wire.topics import (
    DEAD_LETTER,
    HEADER_DETAIL,
    HEADER_DIALECT,
    HEADER_REASON,
    HEADER_RECEIVED_AT_MS,
    HEADER_SOURCE,
    QUARANTINE,
    TELEMETRY_CLASSES,
    telemetry_topic,
)
from ingestion_gateway.accept import Accepted, Quarantined, Refused, Verdict
from ingestion_gateway.ports import Held, Record

HEADER_TRUNCATED: Final = "gs-truncated-from"
"""On ``dead-letter``: the number of bytes of a message too large to be kept whole."""
_VERSION: Final = ("ce_specversion", b"1.0")
_SOURCE: Final = ("ce_source", b"/gridseal/ingestion-gateway")
_JSON: Final = ("content-type", b"application/json")
_TYPE: Final = ("ce_type", b"telemetry/1")
_TYPES: Final = {DEAD_LETTER: ("ce_type", b"dead-letter/1"), QUARANTINE: ("ce_type", b"quarantine/1")}
_TOPICS: Final = {name: telemetry_topic(name) for name in TELEMETRY_CLASSES}
WRITTEN_TOPICS: Final = (*_TOPICS.values(), DEAD_LETTER, QUARANTINE)


class RecordMaker:
    """Makes the records of a bunch; what is the same for all of it is made once.

    Trace ids of a bunch are consecutive from a random one: drawing each cost as much as parsing a message.
    """

    def __init__(self, max_record_bytes: int) -> None:
        self._max_record_bytes = max_record_bytes
        self._time = ("ce_time", b"")
        self._trace = self._span = 0
        self.begin()

    def begin(self) -> None:
        """It is now; holds until the next call."""
        moment = datetime.fromtimestamp(time.time(), UTC)
        self._time = ("ce_time", format_utc(moment).encode())
        self._trace, self._span = random.getrandbits(127) | 1, random.getrandbits(63) | 1

    def record(self, held: Held, verdict: Verdict) -> Record:
        """The record of a message that goes on as it is."""
        received = held.received
        if not isinstance(verdict, Accepted):
            return self._set_aside(held, verdict)
        message = verdict.message_id
        headers = [
            _VERSION,
            ("ce_id", f"{verdict.device_id}/{message.boot_id}/{message.seq}".encode()),
            _TYPE,
            _SOURCE,
            self._time,
            _JSON,
            ("traceparent", received.traceparent.encode() or self._traceparent()),
            (HEADER_RECEIVED_AT_MS, b"%d" % received.received_at_ms),
        ]
        topic = _TOPICS[verdict.telemetry_class]
        return Record(topic, verdict.device_id.encode(), received.payload, headers, held)

    def translated(self, held: Held, verdict: Verdict, message: Telemetry, dialect: str) -> Record:
        """The record of a message that a dialect put into our words."""
        record = self.record(held, verdict)
        if not isinstance(verdict, Refused):
            record.value = encode(message)
        record.headers.append((HEADER_DIALECT, dialect.encode()))
        return record

    def _set_aside(self, held: Held, verdict: Quarantined | Refused) -> Record:
        received = held.received
        topic = QUARANTINE if isinstance(verdict, Quarantined) else DEAD_LETTER
        trace = received.traceparent.encode() or self._traceparent()
        headers = [
            _VERSION,
            ("ce_id", trace[3:35]),
            _TYPES[topic],
            _SOURCE,
            self._time,
            _JSON,
            ("traceparent", trace),
            (HEADER_RECEIVED_AT_MS, b"%d" % received.received_at_ms),
            (HEADER_REASON, verdict.reason.encode()),
            (HEADER_DETAIL, verdict.detail[:500].encode(errors="replace")),
            (HEADER_SOURCE, received.topic.encode()),
        ]
        kept = received.payload[: self._max_record_bytes]
        if len(kept) < len(received.payload):
            headers.append((HEADER_TRUNCATED, b"%d" % len(received.payload)))
        return Record(topic, verdict.device_id.encode(), kept, headers, held)

    def _traceparent(self) -> bytes:
        self._trace += 1
        self._span += 1
        return b"00-%032x-%016x-01" % (self._trace, self._span)
