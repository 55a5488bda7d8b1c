"""TLS to Kafka, PostgreSQL and Redis: the stack's own servers and clients, one local authority, and its rotation."""

import asyncio
import gc
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from py4j.java_gateway import JavaGateway  # type: ignore[import-untyped]

from gridseal.errors import ConfigError, UnavailableError
from gridseal.http.counters import Counters
from gridseal.identity.authority import SiteAuthority
from gridseal.runtime.kafka import client_options, first_broker, spark_options
from local_stack.environment import addresses
from local_stack.scratch_servers import ScratchServers
from local_stack.servers.topics import ensure_topics

pytestmark = [
    pytest.mark.servers,
    pytest.mark.timeout(240),
    # aiokafka leaves the connection that a broker refused to the collector of garbage
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
NAMES = ("kafka", "postgres", "redis")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScratchServers]:
    found = ScratchServers(tmp_path_factory.mktemp("tls"), secure=True)
    try:
        found.start(*NAMES)
        yield found
    finally:
        found.stop()


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> SiteAuthority:
    return SiteAuthority(tmp_path_factory.mktemp("stranger"))


def address(servers: ScratchServers, name: str) -> str:
    setting = {"kafka": "KAFKA_BOOTSTRAP", "postgres": "POSTGRES_DSN", "redis": "REDIS_URL"}[name]
    return addresses(servers.ports, servers.layout)[f"GRIDSEAL_{setting}"]


def connect(name: str, where: str) -> None:
    """As the services do."""
    if name == "postgres":
        psycopg.connect(where, connect_timeout=5).close()
    elif name == "redis":
        with redis.Redis.from_url(where, socket_timeout=5) as client:
            client.ping()
    else:
        asyncio.run(_bootstrap(where))


async def _bootstrap(where: str) -> None:
    producer = AIOKafkaProducer(**client_options(where), request_timeout_ms=5_000)
    try:
        async with asyncio.timeout(15):
            await producer.start()
    finally:
        await producer.stop()
        gc.collect()  # here, where its warning is expected


REFUSED = (psycopg.OperationalError, redis.RedisError, KafkaError, OSError, TimeoutError, UnavailableError)


async def test_what_is_written_to_kafka_over_tls_is_read_over_tls(servers: ScratchServers) -> None:
    where = address(servers, "kafka")
    await ensure_topics(where)
    producer = AIOKafkaProducer(**client_options(where), acks="all")
    await producer.start()
    await producer.send_and_wait("alerts", b"sealed", key=b"k")
    await producer.stop()
    consumer = AIOKafkaConsumer("alerts", **client_options(where), auto_offset_reset="earliest")
    await consumer.start()
    try:
        record = await asyncio.wait_for(consumer.getone(), 20)
    finally:
        await consumer.stop()

    assert record.value == b"sealed"
    assert first_broker(where) == ("127.0.0.1", servers.ports.kafka)


def test_java_takes_the_same_files_as_spark_is_given(servers: ScratchServers) -> None:
    options = {name.removeprefix("kafka."): v for name, v in spark_options(address(servers, "kafka")).items()}
    gateway = JavaGateway.launch_gateway(
        classpath=f"{servers.layout.tools / 'jars' / 'kafka'}/*", die_on_exit=True, javaopts=["-Xmx64m"]
    )
    try:
        properties = gateway.jvm.java.util.Properties()
        for name, value in options.items():
            properties.setProperty(name, value)
        admin = gateway.jvm.org.apache.kafka.clients.admin.Admin.create(properties)
        names = set(admin.listTopics().names().get())
        admin.close()
    finally:
        gateway.shutdown()

    assert "alerts" in names


async def test_shared_counts_go_to_redis_over_tls(servers: ScratchServers) -> None:
    for _ in range(20):  # a busy machine may be slower than they wait
        counters = Counters(address(servers, "redis"))
        await counters.hit("tls", 100, "somebody")
        await counters.close()
        with redis.Redis.from_url(address(servers, "redis")) as client:
            if client.dbsize():
                return
    pytest.fail("nothing was counted in Redis")


def test_postgresql_says_that_the_connection_is_encrypted(servers: ScratchServers) -> None:
    with psycopg.connect(address(servers, "postgres")) as connection:
        row = connection.execute("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()

    assert row is not None
    assert row[0] is True
    assert row[1] in ("TLSv1.2", "TLSv1.3")


@pytest.mark.parametrize("name", NAMES)
def test_plain_text_is_refused(servers: ScratchServers, name: str) -> None:
    plain = {
        "kafka": f"127.0.0.1:{servers.ports.kafka}", "redis": f"redis://127.0.0.1:{servers.ports.redis}/0",
        "postgres": f"postgresql://gridseal@127.0.0.1:{servers.ports.postgres}/gridseal?sslmode=disable",
    }  # fmt: skip

    with pytest.raises(REFUSED):
        connect(name, plain[name])


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("name", NAMES)
def test_old_protocols_are_refused(servers: ScratchServers, name: str) -> None:
    def version(newest: ssl.TLSVersion) -> str | None:
        context = ssl.create_default_context(cafile=str(servers.layout.tls / "ca.crt"))
        context.load_cert_chain(servers.layout.tls / "servers" / "services.pem")
        context.set_ciphers("DEFAULT@SECLEVEL=0")  # else this side would refuse before the server is asked
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
        port = {"kafka": servers.ports.kafka, "postgres": servers.ports.postgres, "redis": servers.ports.redis}[name]
        with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
            if name == "postgres":
                plain.sendall(b"\x00\x00\x00\x08\x04\xd2\x16\x2f")  # SSLRequest
                assert plain.recv(1) == b"S"
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as encrypted:
                return encrypted.version()

    assert version(ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    assert version(ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
        version(ssl.TLSVersion.TLSv1_1)


@pytest.mark.parametrize("name", NAMES)
def test_a_server_of_another_authority_is_not_believed(
    servers: ScratchServers, stranger: SiteAuthority, name: str
) -> None:
    where, ours = address(servers, name), str(servers.layout.tls / "ca.crt")
    connect(name, where)

    with pytest.raises(REFUSED):
        connect(name, where.replace(ours, str(stranger.folder / "ca.crt")))


@pytest.mark.parametrize("name", NAMES)
def test_a_server_is_believed_under_its_own_name_only(
    servers: ScratchServers, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = socket.getaddrinfo

    def anywhere(host: Any, *arguments: Any, **named: Any) -> Any:
        return asked("127.0.0.1" if host == "elsewhere.test" else host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", anywhere)
    where = address(servers, name).replace("127.0.0.1", "elsewhere.test")
    with pytest.raises(REFUSED) as refused:
        connect(name, where + "&hostaddr=127.0.0.1" if name == "postgres" else where)
    assert name == "kafka" or "elsewhere.test" in str(refused.value)


def test_kafka_asks_clients_for_a_certificate_of_the_same_authority(
    servers: ScratchServers, stranger: SiteAuthority
) -> None:
    where, own = address(servers, "kafka").split("&cert=")
    foreign = stranger.client("services").both

    connect("kafka", f"{where}&cert={own}")
    for wrong in (where, f"{where}&cert={foreign}"):
        with pytest.raises(REFUSED):
            connect("kafka", wrong)


async def test_a_device_may_do_nothing_on_kafka_with_its_certificate(servers: ScratchServers) -> None:
    authority = SiteAuthority(servers.layout.tls)
    device = authority.client("home-01-pv").both
    where = address(servers, "kafka").split("&cert=")[0] + f"&cert={device}"
    producer = AIOKafkaProducer(**client_options(where), request_timeout_ms=5_000)
    await producer.start()
    try:
        with pytest.raises(KafkaError):
            await asyncio.wait_for(producer.send_and_wait("alerts", b"forged"), 20)
    finally:
        await producer.stop()


def test_certificates_and_authorities_are_replaced_while_clients_go_on(
    servers: ScratchServers, stranger: SiteAuthority, tmp_path: Path
) -> None:
    """Servers change to another authority; clients that were given both files before notice nothing."""
    folder, both = servers.layout.tls / "servers", tmp_path / "both.crt"
    ours = servers.layout.tls / "ca.crt"
    both.write_bytes(ours.read_bytes() + (stranger.folder / "ca.crt").read_bytes())
    where = address(servers, "redis").replace(str(ours), str(both))
    connect("redis", where)
    first = (folder / "redis.crt").read_bytes()

    (folder / "redis.crt").unlink()
    servers.kill("redis")
    servers.start("redis")  # with a new certificate of the same authority
    second = (folder / "redis.crt").read_bytes()
    connect("redis", where)
    signed = stranger.server("redis")
    with redis.Redis.from_url(where) as client:  # and, without a restart, with one of the other
        client.config_set("tls-cert-file", str(signed.certificate), "tls-key-file", str(signed.key))

    assert first != second
    connect("redis", where)
    with pytest.raises(REFUSED):
        connect("redis", address(servers, "redis"))


@pytest.mark.parametrize(
    "text",
    [
        "ssl://h:1",
        "ssl://h:1?cert=/x",
        "ssl://h:1?ca=/no/such",
        "sasl://h:1",
        "h:1?ca=/x",
        "ssl://h:1?ca=/etc/hosts&x=1",
    ],
)
def test_an_address_says_plain_text_or_whom_to_believe(text: str) -> None:
    with pytest.raises(ConfigError, match="GRIDSEAL_KAFKA_BOOTSTRAP"):
        client_options(text)
