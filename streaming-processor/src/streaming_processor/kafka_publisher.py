"""What the stream tells others on Kafka, acknowledged by the broker before a call returns."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from gridseal.errors import UnavailableError
from gridseal.runtime.cloudevents import event_headers
from gridseal.wire import topics
from gridseal.wire.alerts import Alert
from gridseal.wire.codec import encode
from gridseal.wire.windows import Window
from streaming_processor.arrived import Undecodable

_SOURCE = "streaming-processor"
_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class _Record:
    topic: str
    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]


class KafkaPublisher:
    """Called from the batch's thread; the producer lives on the event loop ``loop``."""

    def __init__(self, producer: AIOKafkaProducer, loop: asyncio.AbstractEventLoop) -> None:
        self._producer = producer
        self._loop = loop

    def windows(self, windows: Sequence[Window]) -> None:
        """To ``features.windows``."""
        self._send(
            [
                _Record(
                    topics.FEATURES_WINDOWS,
                    w.series_id.encode(),
                    encode(w),
                    event_headers(
                        "window/1",
                        _SOURCE,
                        event_id=f"{w.series_id}/{w.width_s}/{int(w.window_start.timestamp())}/{w.version}",
                    ),
                )
                for w in windows
            ]
        )

    def alerts(self, alerts: Sequence[Alert]) -> None:
        """To ``alerts``."""
        self._send(
            [
                _Record(
                    topics.ALERTS,
                    a.alert_id.encode(),
                    encode(a),
                    event_headers("alert/1", _SOURCE, event_id=f"{a.alert_id}/{a.count}"),
                )
                for a in alerts
            ]
        )

    def dead_letters(self, messages: Sequence[Undecodable]) -> None:
        """To ``dead-letter``, with the original bytes."""
        self._send(
            [
                _Record(
                    topics.DEAD_LETTER,
                    m.key,
                    m.payload,
                    [
                        # The same id when a batch is repeated: a reader can tell.
                        *event_headers("dead-letter/1", _SOURCE, event_id=f"{m.topic}/{m.partition}/{m.offset}"),
                        (topics.HEADER_REASON, m.reason.encode()),
                        (topics.HEADER_DETAIL, m.detail.encode()),
                        (topics.HEADER_SOURCE, m.topic.encode()),
                    ],
                )
                for m in messages
            ]
        )

    def _send(self, records: list[_Record]) -> None:
        if not records:
            return
        future = asyncio.run_coroutine_threadsafe(self._send_all(records), self._loop)
        try:
            future.result(_TIMEOUT_S)
        except (KafkaError, TimeoutError) as error:
            future.cancel()
            raise UnavailableError(f"Kafka does not take messages: {type(error).__name__}") from error

    async def _send_all(self, records: list[_Record]) -> None:
        sent = [await self._producer.send(r.topic, key=r.key, value=r.value, headers=r.headers) for r in records]
        await asyncio.gather(*sent)
