"""``assets.changed`` on Kafka: read to the end once, written with ``acks=all``."""

import asyncio
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from asset_service.reconcile import Kept, Target
from gridseal.access.tenant_rows import FIRST
from gridseal.errors import UnavailableError, WireError
from gridseal.registry.announce import SchemaIds
from gridseal.runtime.cloudevents import event_headers
from gridseal.runtime.kafka import client_options, first_broker
from gridseal.runtime.logs import get_logger
from gridseal.wire.catalog import CatalogMessage
from gridseal.wire.codec import decode, encode
from gridseal.wire.topics import ASSETS_CHANGED

log = get_logger(__name__)


class KafkaCatalogTopic:
    """``CatalogTopic`` on Kafka. Opens its connections per call: the catalog changes rarely."""

    def __init__(
        self, bootstrap: str, timeout_s: float, schema_ids: SchemaIds | None = None, tenant: str = FIRST
    ) -> None:
        self._tenant = tenant
        self._bootstrap = bootstrap
        self._timeout_s = timeout_s
        self._stamp = (schema_ids or SchemaIds()).headers(ASSETS_CHANGED)

    async def kept(self) -> Mapping[str, Kept]:
        """The newest value under every key of this tenant; a value of another contract is left out, and logged."""
        consumer = AIOKafkaConsumer(
            **client_options(self._bootstrap), enable_auto_commit=False, request_timeout_ms=self._timeout_ms
        )
        try:
            async with asyncio.timeout(4 * self._timeout_s):
                await consumer.start()
                return await _read_to_end(consumer, self._tenant)
        except (KafkaError, OSError, TimeoutError) as error:
            raise _unavailable() from error
        finally:
            await consumer.stop()

    async def publish(self, targets: Sequence[Target]) -> None:
        """Write all of them and return when every replica has them."""
        producer = AIOKafkaProducer(
            **client_options(self._bootstrap),
            acks="all",
            enable_idempotence=True,
            request_timeout_ms=self._timeout_ms,
        )
        try:
            async with asyncio.timeout(4 * self._timeout_s):
                await producer.start()
                sent = [
                    await producer.send(
                        ASSETS_CHANGED,
                        key=target.key.encode(),
                        value=_value(target),
                        headers=[
                            *event_headers("catalog/1", "asset-service", event_id=f"{target.key}@{target.revision}"),
                            *self._stamp,
                        ],
                    )
                    for target in targets
                ]
                await asyncio.gather(*sent)
        except (KafkaError, OSError, TimeoutError) as error:
            raise _unavailable() from error
        finally:
            await producer.stop()

    async def ping(self) -> None:
        """Return when the broker takes a connection."""
        host, port = first_broker(self._bootstrap)
        try:
            async with asyncio.timeout(self._timeout_s):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError) as error:
            raise _unavailable() from error
        writer.close()
        await writer.wait_closed()

    @property
    def _timeout_ms(self) -> int:
        return int(self._timeout_s * 1_000)


async def _read_to_end(consumer: AIOKafkaConsumer, tenant: str) -> Mapping[str, Kept]:
    if ASSETS_CHANGED not in await consumer.topics():
        raise UnavailableError(f"the Kafka topic {ASSETS_CHANGED} does not exist yet: create it, as `make up` does")
    partitions = [TopicPartition(ASSETS_CHANGED, 0)]
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    ends = await consumer.end_offsets(partitions)
    found: dict[str, Kept] = {}
    for partition in partitions:
        while await consumer.position(partition) < ends[partition]:
            batches = await consumer.getmany(partition, timeout_ms=200)
            for message in batches.get(partition, ()):
                key = (message.key or b"").decode()
                if message.value is None:
                    found.pop(key, None)
                    continue
                try:
                    value = decode(CatalogMessage, message.value)
                except WireError as error:
                    log.warning("catalog_value_ignored", key=key, error=str(error))
                    continue
                if value.item.tenant_id in (None, tenant):
                    found[key] = Kept(value.item, value.revision)
                else:
                    found.pop(key, None)
    return found


def _value(target: Target) -> bytes | None:
    if target.record is None:
        return None
    return encode(CatalogMessage(revision=target.revision, item=target.record))


def _unavailable() -> UnavailableError:
    return UnavailableError("Kafka does not answer: check GRIDSEAL_KAFKA_BOOTSTRAP and that the broker runs")
