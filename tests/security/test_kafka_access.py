"""The Kafka users of the manifests on a real broker: certificates in the form that Strimzi writes, and what they open.

Strimzi's operator does not run here. What it would write is made as it makes it, by openssl: ``user.crt`` and
``user.key`` apart, the key in PKCS 8, the user's name as common name; and its access rules are given to the broker.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from py4j.java_gateway import JavaGateway  # type: ignore[import-untyped]
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]

from forecast_service.live.feed import TOPICS as LIVE
from forecast_service.notify.sources import GROUP as NOTIFY_GROUP
from forecast_service.notify.sources import TOPICS as NOTIFIED
from forecast_service.worker.loop import SEALS_GROUP
from gridseal.runtime.kafka import client_options, spark_options
from gridseal.wire import topics
from gridseal.wire.topics import ASSETS_CHANGED, FORECASTS_ISSUED, FORECASTS_SEALED, KAFKA_TOPICS
from ingestion_gateway.feeds.outlet import WRITTEN_TOPICS as OF_PROVIDERS
from ingestion_gateway.records import WRITTEN_TOPICS as OF_DEVICES
from local_stack.scratch_servers import ScratchServers
from local_stack.servers.topics import ensure_topics
from settlement_service.settings import SettlementSettings
from streaming_processor import kafka_topics
from streaming_processor.lake.bronze import FEED_TOPICS, TELEMETRY_TOPICS
from streaming_processor.lake.bronze import TOPICS as OF_THE_LAKE
from tests.deploy.manifests import rendered

pytestmark = [
    pytest.mark.servers,
    pytest.mark.timeout(240),
    # aiokafka leaves the connection that a broker refused to the collector of garbage
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
STREAM = ((*TELEMETRY_TOPICS, *FEED_TOPICS, ASSETS_CHANGED), (topics.ALERTS, topics.DEAD_LETTER, topics.FEATURES_WINDOWS, topics.FEATURES_VECTORS))  # noqa: E501  # fmt: skip
SEALS = (FORECASTS_SEALED, topics.ROUNDS_CHANGED, topics.DEAD_LETTER)
ACCESS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "asset-service": ((ASSETS_CHANGED,), (ASSETS_CHANGED,)),
    "feeds": ((), OF_PROVIDERS),
    "forecast-api": ((*LIVE, ASSETS_CHANGED), ()),
    "forecast-scheduler": ((*NOTIFIED, ASSETS_CHANGED), ()),
    "forecast-worker": ((FORECASTS_SEALED, ASSETS_CHANGED), (FORECASTS_ISSUED,)),
    "ingestion-gateway": ((*OF_DEVICES, ASSETS_CHANGED), OF_DEVICES),
    "lake": (OF_THE_LAKE, ()),
    "settlement-service": ((FORECASTS_ISSUED,), SEALS),
    "streaming-processor": STREAM,
}
"""What the code of each reads and writes."""
GROUPS = {
    "forecast-scheduler": NOTIFY_GROUP,
    "forecast-worker": SEALS_GROUP,
    "settlement-service": SettlementSettings.model_fields["consumer_group"].default,
}


def users() -> dict[str, Any]:
    return {m["metadata"]["name"]: m["spec"] for m in rendered("markets") if m["kind"] == "KafkaUser"}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScratchServers]:
    found = ScratchServers(tmp_path_factory.mktemp("access"), secure=True)
    try:
        found.start("kafka")
        asyncio.run(ensure_topics(found.bootstrap))
        with an_admin(found, found.bootstrap) as (java, admin):
            admin.createAcls(rules(java)).all().get()
        for name in users():
            strimzi_writes(found, name)
        yield found
    finally:
        found.stop()


def strimzi_writes(servers: ScratchServers, name: str) -> None:
    folder, tls = servers.layout.state / "users" / name, servers.layout.tls
    folder.mkdir(parents=True)
    request, signed, key = folder / "user.csr", folder / "user.crt", folder / "user.key"
    asked = ("openssl", "req", "-new", "-batch", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}")
    subprocess.run([*asked, "-keyout", str(key), "-out", str(request)], check=True, capture_output=True)
    given = ("openssl", "x509", "-req", "-days", "90", "-CA", str(tls / "ca.crt"), "-CAkey", str(tls / "ca.key"))
    subprocess.run([*given, "-in", str(request), "-out", str(signed)], check=True, capture_output=True)
    assert key.read_text().startswith("-----BEGIN PRIVATE KEY-----")


def where(servers: ScratchServers, name: str) -> str:
    """As ``GRIDSEAL_KAFKA_BOOTSTRAP`` says it in a cluster."""
    folder = servers.layout.state / "users" / name
    return f"{servers.bootstrap.split('&')[0]}&cert={folder / 'user.crt'}&key={folder / 'user.key'}"


@contextmanager
def an_admin(servers: ScratchServers, address: str) -> Iterator[tuple[Any, Any]]:
    """Java's client with the options that Spark is given."""
    gateway = JavaGateway.launch_gateway(
        classpath=f"{servers.layout.tools / 'jars' / 'kafka'}/*", die_on_exit=True, javaopts=["-Xmx64m"]
    )
    try:
        properties = gateway.jvm.java.util.Properties()
        for name, value in spark_options(address).items():
            properties.setProperty(name.removeprefix("kafka."), value)
        admin = gateway.jvm.org.apache.kafka.clients.admin.Admin.create(properties)
        yield gateway.jvm, admin
        admin.close()
    finally:
        gateway.shutdown()


def rules(java: Any) -> Any:
    """The manifests' rules, as Strimzi's user operator gives them to the broker."""
    common, found = java.org.apache.kafka.common, java.java.util.ArrayList()
    for name, spec in users().items():
        for rule in spec["authorization"]["acls"]:
            on = rule["resource"]
            kind = common.resource.ResourceType.fromString(on["type"])
            form = {"prefix": "PREFIXED"}.get(on.get("patternType", ""), "LITERAL")
            place = common.resource.ResourcePattern(
                kind, on["name"], common.resource.PatternType.fromString(form)
            )  # fmt: skip
            for operation in rule["operations"]:
                may = common.acl.AccessControlEntry(
                    f"User:CN={name}", "*", common.acl.AclOperation.fromString(operation.upper()),
                    common.acl.AclPermissionType.ALLOW,
                )  # fmt: skip
                found.add(common.acl.AclBinding(place, may))
    return found


def test_there_is_a_user_for_each_program_and_none_else() -> None:
    assert set(users()) == set(ACCESS)


@pytest.mark.parametrize("name", sorted(ACCESS))
def test_a_user_may_what_its_program_does_and_nothing_else(servers: ScratchServers, name: str) -> None:
    """As the broker itself says it to Java's client, which shows the user's certificate."""
    found: dict[str, set[str]] = {}
    with an_admin(servers, where(servers, name)) as (java, admin):
        wanted = java.java.util.ArrayList()
        for topic in KAFKA_TOPICS:
            wanted.add(topic.name)
        options = java.org.apache.kafka.clients.admin.DescribeTopicsOptions().includeAuthorizedOperations(True)
        told = admin.describeTopics(wanted, options).topicNameValues()
        for topic in KAFKA_TOPICS:
            with suppress(Py4JJavaError):  # what it does not see
                found[topic.name] = {str(one) for one in told.get(topic.name).get().authorizedOperations()}
    reads, writes = ACCESS[name]

    assert {t for t, may in found.items() if "READ" in may} == set(reads)
    assert {t for t, may in found.items() if "WRITE" in may} == set(writes)
    assert set().union(*found.values()) <= {"READ", "WRITE", "DESCRIBE"}
    seen = {t.name for t in KAFKA_TOPICS} if name == "streaming-processor" else {*reads, *writes}
    assert set(found) == seen


@pytest.mark.parametrize("name", sorted(GROUPS))
async def test_a_service_writes_and_follows_a_group_as_its_user(servers: ScratchServers, name: str) -> None:
    address, group = where(servers, name), GROUPS[name]
    reads, writes = ACCESS[name]
    for topic in writes[:1]:
        producer = AIOKafkaProducer(**client_options(address), acks="all", enable_idempotence=True)
        await producer.start()
        await producer.send_and_wait(topic, b"x")
        await producer.stop()
    producer = AIOKafkaProducer(**client_options(servers.bootstrap), acks="all")
    await producer.start()
    await producer.send_and_wait(reads[0], b"for the group")
    await producer.stop()
    consumer = AIOKafkaConsumer(
        reads[0], **client_options(address), group_id=group, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        record = await asyncio.wait_for(consumer.getone(), 60)
        await consumer.commit()
    finally:
        await consumer.stop()

    assert record.topic == reads[0]


async def test_what_a_user_may_not_is_refused(servers: ScratchServers) -> None:
    address = where(servers, "forecast-api")
    producer = AIOKafkaProducer(**client_options(address), request_timeout_ms=5_000)
    await producer.start()
    try:
        with pytest.raises(TopicAuthorizationFailedError):
            await asyncio.wait_for(producer.send_and_wait("telemetry.meter", b"forged"), 20)
    finally:
        await producer.stop()
    consumer = AIOKafkaConsumer(FORECASTS_SEALED, **client_options(address), group_id=SEALS_GROUP)
    try:
        with pytest.raises(GroupAuthorizationFailedError):
            await asyncio.wait_for(consumer.start(), 20)
    finally:
        await consumer.stop()


async def test_the_stream_finds_the_topics_that_are_there(servers: ScratchServers) -> None:
    """It may make none: what it does not see it would try to."""
    counts = await kafka_topics.ensure_topics(where(servers, "streaming-processor"))

    assert counts == {topic.name: topic.partitions for topic in KAFKA_TOPICS}


READ = """
import json
from gridseal.runtime.kafka import spark_options
from gridseal.runtime.settings import CoreSettings, load_settings
from streaming_processor.job import start_session
from streaming_processor.settings import Settings
session = start_session(load_settings(Settings))
told = spark_options(load_settings(CoreSettings).kafka_bootstrap)
frame = session.read.format("kafka").options(**told).option("subscribe", "telemetry.meter").load()
print("READ", json.dumps([bytes(row.value).decode() for row in frame.collect()]))
print("PLAN", frame._jdf.queryExecution().toString())
session.stop()
"""


def test_spark_reads_with_the_files_of_strimzi_and_its_plan_holds_no_key(servers: ScratchServers) -> None:
    async def write() -> None:
        producer = AIOKafkaProducer(**client_options(where(servers, "ingestion-gateway")), enable_idempotence=True)
        await producer.start()
        await producer.send_and_wait("telemetry.meter", b"a reading")
        await producer.stop()

    asyncio.run(write())
    address = where(servers, "streaming-processor")
    told = {**servers.environment(), "GRIDSEAL_KAFKA_BOOTSTRAP": address, "GRIDSEAL_REQUIRE_TLS": "1",
            "STREAMING_PROCESSOR_JARS_DIR": str(servers.layout.tools / "jars" / "spark")}  # fmt: skip
    done = subprocess.run([sys.executable, "-c", READ], env=told, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr[-4000:]
    [line] = [one for one in done.stdout.splitlines() if one.startswith("READ ")]
    assert json.loads(line.removeprefix("READ ")) == ["a reading"]
    key = (Path(address.rpartition("&key=")[2])).read_text().splitlines()[3]
    assert key not in done.stdout + done.stderr
