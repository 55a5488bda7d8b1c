"""Makes the Kafka topics that are missing; run as ``python -m local_stack.servers.topics BOOTSTRAP``."""

import asyncio
import sys

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from gridseal.runtime.kafka import client_options
from gridseal.wire.topics import KAFKA_TOPICS, TopicSpec

HOUR_MS = 3_600_000


def _topic(spec: TopicSpec) -> NewTopic:
    retention = spec.retention_hours * HOUR_MS if spec.retention_hours >= 0 else -1
    return NewTopic(
        name=spec.name,
        num_partitions=spec.partitions,
        replication_factor=1,
        topic_configs={
            "cleanup.policy": "compact" if spec.compacted else "delete",
            "retention.ms": str(retention),
        },
    )


async def ensure_topics(bootstrap: str) -> None:
    """Create what is missing."""
    admin = AIOKafkaAdminClient(**client_options(bootstrap))
    await admin.start()
    try:
        there = set(await admin.list_topics())
        missing = [_topic(spec) for spec in KAFKA_TOPICS if spec.name not in there]
        if missing:
            reply = await admin.create_topics(missing)
            for name, code, *rest in reply.topic_errors:
                if code:
                    raise SystemExit(f"Kafka refused topic {name}: {rest[0] if rest else code}")
    finally:
        await admin.close()


if __name__ == "__main__":
    asyncio.run(ensure_topics(sys.argv[1]))
