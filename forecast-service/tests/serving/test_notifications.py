"""Events reach a real HTTP server once, signed, again after failures, and never where they must not go."""

import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from prometheus_client import CollectorRegistry

from forecast_service.notify.address import networks_of
from forecast_service.notify.deliver import TRIES, Deliverer
from forecast_service.notify.events import Event, of_alert
from forecast_service.notify.outbox import Outbox
from forecast_service.notify.post import Poster
from forecast_service.notify.sources import TableSource, event_of
from forecast_service.notify.targets import Target
from forecast_service.store.database import Pool
from forecast_service.store.notifications import Notifications
from gridseal.identity.certificates import SERVER, key_pem, new_authority, new_leaf, pem
from gridseal.wire.codec import encode
from gridseal.wire.topics import ALERTS

from .builders import SLOT
from .insight_world import Still, an_alert
from .receiver import Receiver, receiving

pytestmark = pytest.mark.servers
LOOPBACK = networks_of("127.0.0.0/8")
SECRET = "a secret of the receiver's own"
PAGE = "https://gridseal.example"


class Desk:
    """Outbox and deliverer of one target at a receiver."""

    def __init__(self, pool: Pool, target: Target, quiet_s: float = 3_600) -> None:
        self.rows = Notifications(pool)
        self.pool = pool
        registry = CollectorRegistry()
        self.outbox = Outbox(self.rows, [target], registry, timedelta(seconds=quiet_s))
        self.deliverer = Deliverer(self.rows, [target], Poster(LOOPBACK), PAGE, registry)

    def due_now(self) -> None:
        with self.pool.connection() as connection:
            connection.execute("UPDATE forecast.notifications SET due_at = clock_timestamp() WHERE ended_at IS NULL")

    def ended(self) -> list[tuple[str | None, int, str]]:
        with self.pool.connection() as connection:
            query = "SELECT outcome, tries, said FROM forecast.notifications ORDER BY queued_at"
            return [(o, n, s) for o, n, s in connection.execute(query).fetchall()]


def a_target(receiver: Receiver, **changes: object) -> Target:
    given = {"name": "desk", "shape": "generic", "url": receiver.url, "secret": SECRET, "least": "info"}
    return Target.model_validate(given | changes)


def an_event(n: int = 1, **changes: object) -> Event:
    return of_alert(an_alert(n)).model_copy(update=changes)


async def test_an_event_arrives_once_and_signed(pool: Pool) -> None:
    with receiving() as receiver:
        desk = Desk(pool, a_target(receiver))
        for _ in range(3):
            desk.outbox.put(an_event())
        assert await desk.deliverer.look() == 1
        assert await desk.deliverer.look() == 0

    [(path, headers, body)] = receiver.taken
    stamp = headers["webhook-timestamp"]
    made = hmac.new(SECRET.encode(), f"alert:a1.{stamp}.".encode() + body, hashlib.sha256).digest()
    assert path == "/hook"
    assert headers["webhook-signature"] == "v1," + base64.b64encode(made).decode()
    assert headers["host"] == receiver.url.split("/")[2]
    assert json.loads(body)["data"]["title"] == "stuck"
    assert desk.ended() == [("delivered", 1, "200")]


async def test_a_failure_is_tried_again_later_under_the_same_id(pool: Pool) -> None:
    with receiving() as receiver:
        receiver.answers = [(503, {}), (429, {"retry-after": "60"})]
        desk = Desk(pool, a_target(receiver))
        desk.outbox.put(an_event())
        await desk.deliverer.look()
        assert await desk.deliverer.look() == 0, "not before its time"
        desk.due_now()
        await desk.deliverer.look()
        with pool.connection() as connection:
            [wait] = connection.execute(
                "SELECT extract(epoch FROM due_at - clock_timestamp()) FROM forecast.notifications"
            ).fetchone() or [0]
        desk.due_now()
        await desk.deliverer.look()

    assert 50 < wait <= 60
    assert {headers["webhook-id"] for _, headers, _ in receiver.taken} == {"alert:a1"}
    assert desk.ended() == [("delivered", 3, "200")]


async def test_who_never_answers_is_given_up(pool: Pool) -> None:
    with receiving() as receiver:
        address = receiver.url
    desk = Desk(pool, a_target(Receiver(url=address)))  # nobody listens there any more
    desk.outbox.put(an_event())
    for _ in range(TRIES):
        desk.due_now()
        await desk.deliverer.look()

    assert desk.ended() == [("given_up", TRIES, "no answer: ConnectError")]


async def test_a_redirect_is_not_followed_and_a_refusal_ends_it(pool: Pool) -> None:
    with receiving() as receiver, receiving() as elsewhere:
        receiver.answers = [(307, {"location": elsewhere.url}), (410, {})]
        desk = Desk(pool, a_target(receiver))
        for n in (1, 2):
            desk.outbox.put(an_event(n, about=str(n)))
        await desk.deliverer.look()

    assert not elsewhere.taken
    assert sorted(said for _, _, said in desk.ended()) == ["answered 307", "answered 410"]


async def test_an_address_inside_is_refused_before_a_byte_is_sent(pool: Pool) -> None:
    with receiving() as receiver:
        desk = Desk(pool, a_target(receiver))
        desk.deliverer._poster = Poster(())
        desk.outbox.put(an_event())
        await desk.deliverer.look()

    assert not receiver.taken
    [(outcome, _, said)] = desk.ended()
    assert outcome == "refused"
    assert "FORECAST_NOTIFY_NETWORKS" in said
    assert "127.0.0.1" not in said


def test_a_second_finding_about_the_same_is_folded_until_it_is_quiet(pool: Pool) -> None:
    target = Target.model_validate({"name": "desk", "shape": "slack", "url": "https://x.example"})
    desk = Desk(pool, target)
    for n in (1, 2, 3):
        desk.outbox.put(an_event(n))
    desk.outbox.put(an_event(4, about="another rule"))
    impatient = Desk(pool, target, quiet_s=0)
    impatient.outbox.put(an_event(5))

    assert [outcome for outcome, _, _ in desk.ended()] == [None, "folded", "folded", None, None]


async def test_rows_of_models_and_actions_are_told_from_now_on(pool: Pool) -> None:
    target = Target.model_validate({"name": "duty", "shape": "pagerduty", "routing_key": "k" * 32, "least": "info"})
    desk = Desk(pool, target)
    source = TableSource(desk.rows, desk.outbox)
    a_model = "INSERT INTO forecast.model_events (model_name, version, model_hash, kind, reason, by) VALUES ('m', %s, 'h', %s, 'r', 'gate')"  # noqa: E501
    an_action = "INSERT INTO forecast.alert_actions (alert_id, at, action, by) VALUES ('a1', now(), %s, 'eve')"
    with pool.connection() as connection:
        connection.execute(a_model, ("1", "promoted"))
    await source.look()
    with pool.connection() as connection:
        connection.execute(a_model, ("2", "promoted"))
        connection.execute(a_model, ("3", "published"))
        for action in ("acknowledge", "resolve"):
            connection.execute(an_action, (action,))
    await source.look()
    await source.look()

    with pool.connection() as connection:
        found = connection.execute("SELECT event->>'title', event->>'resolves' FROM forecast.notifications").fetchall()
    assert sorted(found, key=str) == [("Resolved", "alert:a1"), ("m version 2 serves now", None)]


def test_what_kafka_brings_becomes_an_event() -> None:
    event = event_of(ALERTS, encode(an_alert(1)), Still(SLOT))

    assert event is not None
    assert event.key == "alert:a1"


async def test_tls_is_that_of_the_name_though_the_address_was_judged(tmp_path: Path) -> None:
    """The certificate is good for ``localhost`` and for the address itself; for another name there it is not."""
    authority, key = new_authority()
    leaf, leaf_key = new_leaf(authority, key, "receiver", SERVER, timedelta(days=1))
    (tmp_path / "ca.pem").write_bytes(pem(authority))
    (tmp_path / "server.pem").write_bytes(pem(leaf) + key_pem(leaf_key))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "server.pem")

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    with receiving(serving) as receiver:
        poster = Poster(LOOPBACK, resolve, trust=ssl.create_default_context(cafile=str(tmp_path / "ca.pem")))
        good = await poster.post(receiver.url.replace("127.0.0.1", "localhost"), b"{}", {})
        wrong = await poster.post(receiver.url.replace("127.0.0.1", "other.example"), b"{}", {})

    assert (good.outcome, wrong.outcome) == ("delivered", "again")
    assert len(receiver.taken) == 1


def test_the_table_refuses_an_end_without_an_outcome(dsn: str) -> None:
    with psycopg.connect(dsn) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "INSERT INTO forecast.notifications (target, event_key, about, event, ended_at)"
            " VALUES ('a', 'b', 'c', '{}', now())"
        )
