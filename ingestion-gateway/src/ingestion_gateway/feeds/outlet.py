"""Puts records of the feeds on Kafka."""

from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from gridseal.errors import UnavailableError
from gridseal.registry.announce import SchemaIds
from gridseal.runtime.cloudevents import event_headers
from gridseal.runtime.kafka import client_options
from gridseal.wire.codec import encode
from gridseal.wire.demand import Demand
from gridseal.wire.fields import format_utc
from gridseal.wire.market import MarketPrice
from gridseal.wire.topics import DEMAND_RAW, MARKET_RAW, WEATHER_RAW
from gridseal.wire.weather import Weather
from ingestion_gateway.feeds.ports import FeedRecord
from ingestion_gateway.feeds.revisions import item_of

WRITTEN_TOPICS: Final = (DEMAND_RAW, WEATHER_RAW, MARKET_RAW)
_TOPICS: Final[dict[type[FeedRecord], str]] = {Demand: DEMAND_RAW, Weather: WEATHER_RAW, MarketPrice: MARKET_RAW}


def topic_of(record: FeedRecord) -> str:
    """The topic of a record."""
    return _TOPICS[type(record)]


def key_of(record: FeedRecord) -> str:
    """Series, or location of weather."""
    return record.location_id if isinstance(record, Weather) else record.series_id


class KafkaOutlet:
    """``acks=all`` and idempotent; use it as a context."""

    def __init__(self, bootstrap: str, schema_ids: SchemaIds | None = None, timeout_s: float = 10.0) -> None:
        self._bootstrap, self._schema_ids, self._timeout_s = bootstrap, schema_ids or SchemaIds(), timeout_s
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        producer = AIOKafkaProducer(
            **client_options(self._bootstrap),
            acks="all",
            enable_idempotence=True,
            linger_ms=20,
            request_timeout_ms=int(self._timeout_s * 1_000),
        )
        try:
            await producer.start()
        except (KafkaError, OSError) as error:
            await producer.stop()
            raise UnavailableError("Kafka does not answer: check GRIDSEAL_KAFKA_BOOTSTRAP") from error
        self._producer = producer
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send what waits and leave."""
        if self._producer is not None:
            await self._producer.stop()

    async def publish(self, records: Sequence[FeedRecord]) -> None:
        """Return when all replicas have them.

        Raises:
            UnavailableError: Kafka does not take them. Some may be there; the same again does no harm.
        """
        if self._producer is None:
            raise UnavailableError("the outlet is not open")
        try:
            sent = [
                await self._producer.send(
                    topic_of(r), encode(r), key_of(r).encode(), headers=self._headers(r, topic_of(r))
                )
                for r in records
            ]
            for each in sent:
                await each
        except (KafkaError, OSError) as error:
            raise UnavailableError(f"Kafka does not take records: {type(error).__name__}") from error

    def _headers(self, record: FeedRecord, topic: str) -> list[tuple[str, bytes]]:
        # The same record again has the same id, so that whoever reads can tell.
        name = f"{item_of(record).item}|{format_utc(record.period_start)}|{record.revision}"
        return event_headers(record.schema_, "ingestion-gateway/feeds", event_id=name) + self._schema_ids.headers(topic)
