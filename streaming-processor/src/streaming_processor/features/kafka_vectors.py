"""Vectors on Kafka, acknowledged by the broker before a call returns."""

import asyncio
from collections.abc import Sequence
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from gridseal.errors import UnavailableError
from gridseal.registry.announce import SchemaIds
from gridseal.runtime.cloudevents import event_headers
from gridseal.wire.codec import encode
from gridseal.wire.features import FeatureVector
from gridseal.wire.topics import FEATURES_VECTORS

_SOURCE: Final = "streaming-processor"
_TIMEOUT_S: Final = 30.0


class KafkaVectors:
    """Called from a thread; the producer lives on the event loop ``loop``."""

    def __init__(
        self, producer: AIOKafkaProducer, loop: asyncio.AbstractEventLoop, schema_ids: SchemaIds | None = None
    ) -> None:
        self._producer = producer
        self._loop = loop
        self._stamp = (schema_ids or SchemaIds()).headers(FEATURES_VECTORS)

    def vectors(self, vectors: Sequence[FeatureVector]) -> None:
        """To ``features.vectors``, keyed by series; the same version again has the same event id.

        Raises:
            UnavailableError: Kafka does not take them.
        """
        if not vectors:
            return
        future = asyncio.run_coroutine_threadsafe(self._send(vectors), self._loop)
        try:
            future.result(_TIMEOUT_S)
        except (KafkaError, TimeoutError) as error:
            future.cancel()
            raise UnavailableError(f"Kafka does not take vectors: {type(error).__name__}") from error

    async def _send(self, vectors: Sequence[FeatureVector]) -> None:
        sent = [
            await self._producer.send(
                FEATURES_VECTORS,
                key=vector.series_id.encode(),
                value=encode(vector),
                headers=[*event_headers("feature-vector/1", _SOURCE, event_id=event_id(vector)), *self._stamp],
            )
            for vector in vectors
        ]
        await asyncio.gather(*sent)


def event_id(vector: FeatureVector) -> str:
    """What a version of a vector is called."""
    return (
        f"{vector.group}/{vector.group_version}/{vector.series_id}/{vector.horizon_s}"
        f"/{int(vector.issued_at.timestamp())}/{vector.version}"
    )
