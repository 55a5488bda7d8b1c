"""Makes sure that the topics which the stream reads and writes exist."""

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from gridseal.errors import UnavailableError
from gridseal.runtime.kafka import client_options
from gridseal.wire.topics import KAFKA_TOPICS


async def ensure_topics(bootstrap: str) -> dict[str, int]:
    """Create what is missing, as ``gridseal.wire.topics`` describes it; the number of partitions of each.

    Raises:
        UnavailableError: Kafka does not answer or refuses.
    """
    admin = AIOKafkaAdminClient(**client_options(bootstrap))
    try:
        await admin.start()
        there = set(await admin.list_topics())
        missing = [
            NewTopic(
                spec.name,
                spec.partitions,
                1,
                topic_configs={
                    "cleanup.policy": "compact" if spec.compacted else "delete",
                    "retention.ms": str(spec.retention_hours * 3_600_000 if spec.retention_hours > 0 else -1),
                },
            )
            for spec in KAFKA_TOPICS
            if spec.name not in there
        ]
        if missing:
            response = await admin.create_topics(missing)
            for name, code, *_ in response.topic_errors:
                if code and not issubclass(for_code(code), TopicAlreadyExistsError):
                    raise UnavailableError(f"Kafka does not create topic {name}: {for_code(code).__name__}")
        described = await admin.describe_topics([spec.name for spec in KAFKA_TOPICS])
        counts = {str(topic["topic"]): len(topic["partitions"]) for topic in described}
        return {spec.name: counts.get(spec.name, 0) or spec.partitions for spec in KAFKA_TOPICS}
    except (KafkaError, OSError) as error:
        raise UnavailableError(f"Kafka does not answer at {bootstrap}: {type(error).__name__}") from error
    finally:
        await admin.close()
