"""The whole stack with TLS on Kafka, PostgreSQL and Redis: a meter, a seal, and one message followed all the way."""

import asyncio
import json
import os
import socket
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from gridseal.runtime.kafka import client_options
from tests.conftest import Stack, eventually, running_stack

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]
PORTS = {"kafka": 9092, "postgres": 5432, "redis": 6379}


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    base = int(os.environ.get("TEST_PORT_BASE", "20100")) + 200
    with running_stack(tmp_path_factory.mktemp("secure"), base, GRIDSEAL_TLS="1") as running:
        yield running


def asked(stack: Stack, statement: str) -> list[tuple[Any, ...]]:
    try:
        with psycopg.connect(stack.dsn, connect_timeout=5) as db:
            return db.execute(statement.encode()).fetchall()
    except psycopg.Error:
        return []


def test_readings_arrive_in_the_database(secure: Stack) -> None:
    [(count,)] = eventually(
        lambda: [row for row in asked(secure, "SELECT count(*) FROM telemetry.readings") if row[0] > 1_000],
        within_s=300,
        what="a thousand readings stored",
    )

    assert count > 1_000


def test_a_forecast_is_issued_and_sealed(secure: Stack) -> None:
    sealed = (
        "SELECT v.run_id, s.state FROM forecast.values v JOIN forecast.seals s USING (run_id)"
        " WHERE s.state IN ('mined', 'final') AND v.series_id = 'home-01/net' LIMIT 1"
    )

    assert eventually(lambda: asked(secure, sealed), within_s=400, what="a sealed run of home-01")


def test_every_connection_to_the_database_is_encrypted(secure: Stack) -> None:
    """Those of all processes, MLflow's too; the local socket is for the database's own work."""
    seen = asked(
        secure,
        "SELECT coalesce(application_name, ''), ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
        " WHERE client_addr IS NOT NULL",
    )

    assert len(seen) > 5
    assert {encrypted for _, encrypted in seen} == {True}


@pytest.mark.parametrize(
    ("server", "greeting"),
    [
        # What a client says first without TLS: ApiVersions, StartupMessage 3.0 of user gridseal, PING.
        ("kafka", b"\x00\x00\x00\x0f\x00\x12\x00\x00\x00\x00\x00\x01\x00\x05plain"),
        ("postgres", b"\x00\x00\x00\x17\x00\x03\x00\x00user\x00gridseal\x00\x00"),
        ("redis", b"PING\r\n"),
    ],
)
def test_no_server_speaks_plain_text(secure: Stack, server: str, greeting: bytes) -> None:
    with socket.create_connection(("127.0.0.1", secure.base + PORTS[server]), timeout=10) as connection:
        connection.sendall(greeting)
        try:
            answer = connection.recv(4_096)
        except ConnectionResetError:
            answer = b""

    if server == "postgres":
        assert b"no pg_hba.conf entry" in answer or b"SSL" in answer, answer
        assert b"no encryption" in answer, answer
    else:
        # A TLS alert, or nothing at all.
        assert answer[:1] in (b"", b"\x15"), answer


async def newest_message(secure: Stack, device: str) -> str | None:
    """Its id, from the records of the last minutes."""
    consumer = AIOKafkaConsumer(**client_options(secure.addresses["GRIDSEAL_KAFKA_BOOTSTRAP"]))
    await consumer.start()
    try:
        places = [TopicPartition("telemetry.meter", partition) for partition in (0, 1)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        for place in places:
            consumer.seek(place, max(0, ends[place] - 500))
        found = None
        for records in (await consumer.getmany(*places, timeout_ms=5_000)).values():
            for record in records:
                if record.key == device.encode():
                    found = dict(record.headers)["ce_id"].decode()
        return found
    finally:
        await consumer.stop()


def test_one_message_is_followed_from_its_device_to_the_chain(secure: Stack) -> None:
    eventually(lambda: secure.get(8004, "/status")["caught_up"] or None, within_s=400, what="the history has been sent")
    message = eventually(
        lambda: asyncio.run(newest_message(secure, "home-01-meter")), within_s=60, what="a message of home-01"
    )
    followed = {**secure.environment, **secure.addresses}
    told = Stack(secure.state, secure.base, followed)

    def journeys() -> list[dict[str, Any]] | None:
        done = told.run("gridseal", "trace", message, "--json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    found = eventually(journeys, within_s=300, what=f"the seal of what came of {message}")
    whole = [one["hops"] for one in found if one["whole"]]
    assert whole, found
    assert [hop["hop"] for hop in whole[0]][:: len(whole[0]) - 1] == ["device", "receipt"]
    assert all(hop["at"] or hop["domain"] for hop in whole[0])
    assert "succeeded" in whole[0][-1]["facts"]
    eventually(
        lambda: "sealed on the chain" in told.run("gridseal", "trace", message).stdout,
        within_s=120,
        what="the same in words",
    )
