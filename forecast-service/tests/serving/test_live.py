"""``/ws/forecasts`` on a real server with a real client."""

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from forecast_service.live import endpoint
from forecast_service.live.narrow import Event, alert_event
from gridseal.client import Lost, Update, stream
from gridseal.wire.live import SUBPROTOCOL

from .live_world import Served

PROTOCOLS = [Subprotocol(SUBPROTOCOL)]


async def receive(socket: ClientConnection, *kinds: str) -> dict[str, Any]:
    """The next frame, which must be of one of these kinds; pings aside."""
    async with asyncio.timeout(20):
        while True:
            frame: dict[str, Any] = json.loads(await socket.recv())
            if frame["type"] != "ping":
                assert not kinds or frame["type"] in kinds, frame
                return frame


async def until_closed(socket: ClientConnection, frames: list[dict[str, Any]]) -> int | None:
    """Collect frames until the server closes; its code, if it arrived."""
    try:
        while True:
            frames.append(await receive(socket))
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


async def subscribe(socket: ClientConnection, channel: str = "forecasts", **more: Any) -> None:
    await socket.send(json.dumps({"type": "subscribe", "id": "s", "channel": channel, **more}))


async def test_hello_ack_snapshot_then_deltas_numbered_without_gap(served: Served) -> None:
    served.forecast("a/x", 1)
    async with connect(served.url, subprotocols=PROTOCOLS) as socket:
        hello = await receive(socket, "hello")
        await subscribe(socket)
        ack = await receive(socket, "ack")
        snapshot = await receive(socket, "snapshot")
        served.forecast("a/x", 2)
        served.forecast("b/x", 3)
        deltas = [await receive(socket, "delta") for _ in range(2)]

    assert hello["epoch"] == ack["epoch"] == served.hub.epoch
    assert [v["n"] for v in snapshot["data"]] == [1]
    assert not snapshot["reset"]
    start = snapshot["seq"]
    assert [(d["prev_seq"], d["seq"], d["data"]["n"]) for d in deltas] == [
        (start, start + 1, 2),
        (start + 1, start + 2, 3),
    ]


async def test_a_resume_brings_what_was_missed_without_gap_or_repeat(served: Served) -> None:
    async with connect(served.url, subprotocols=PROTOCOLS) as socket:
        await receive(socket, "hello")
        await subscribe(socket, filter={"site_id": "a"})
        await receive(socket, "ack")
        await receive(socket, "snapshot")
        served.forecast("a/x", 1)
        last = (await receive(socket, "delta"))["seq"]
    for n, name in enumerate(("a/x", "b/x", "a/x", "a/y"), 2):
        served.forecast(name, n)

    async with connect(served.url, subprotocols=PROTOCOLS) as socket:
        await receive(socket, "hello")
        await subscribe(socket, filter={"site_id": "a"}, resume={"epoch": served.hub.epoch, "last_seq": last})
        await receive(socket, "ack")
        served.forecast("a/x", 6)
        deltas = [await receive(socket, "delta") for _ in range(4)]

    assert [d["seq"] for d in deltas] == [last + 1, last + 2, last + 3, last + 4]
    assert [d["prev_seq"] for d in deltas] == [last, last + 1, last + 2, last + 3]
    assert [d["data"]["n"] for d in deltas] == [2, 4, 5, 6]


@pytest.mark.parametrize("epoch", [None, "another"])
async def test_a_place_that_is_not_known_gets_a_snapshot_with_reset(served: Served, epoch: str | None) -> None:
    served.forecast("a/x", 1)
    async with connect(served.url, subprotocols=PROTOCOLS) as socket:
        await receive(socket, "hello")
        await subscribe(socket, resume={"epoch": epoch or served.hub.epoch, "last_seq": 99})
        await receive(socket, "ack")
        snapshot = await receive(socket, "snapshot")

    assert snapshot["reset"]
    assert [v["n"] for v in snapshot["data"]] == [1]


async def test_changes_while_the_snapshot_is_read_come_after_it(served: Served) -> None:
    served.gate.clear()
    async with connect(served.url, subprotocols=PROTOCOLS) as socket:
        await receive(socket, "hello")
        await subscribe(socket)
        await receive(socket, "ack")
        served.forecast("a/x", 1)
        served.gate.set()
        snapshot = await receive(socket, "snapshot")
        delta = await receive(socket, "delta")

    assert delta["prev_seq"] == snapshot["seq"]
    assert delta["data"]["n"] == 1


async def test_bad_frames_are_answered_and_too_many_end_the_connection(served: Served) -> None:
    async with connect(served.url, subprotocols=PROTOCOLS) as socket:
        await receive(socket, "hello")
        for _ in range(9):
            await socket.send('{"type": "subscribe", "id": "s", "channel": "everything"}')
            error = await receive(socket, "error")
        await subscribe(socket)
        await receive(socket, "ack")
        await receive(socket, "snapshot")
        await subscribe(socket)
        closed = await until_closed(socket, [])

    assert error["code"] == "bad_frame"
    assert "channel" in error["message"]
    assert "everything" not in error["message"]
    assert closed == 4400


@pytest.mark.parametrize(
    ("origin", "protocols", "code"),
    [("http://evil.example", PROTOCOLS, 4403), ("http://127.0.0.1:23000", None, 4400), (None, None, 4400)],
)
async def test_a_foreign_origin_or_protocol_is_closed_before_hello(
    served: Served, origin: str | None, protocols: list[Subprotocol] | None, code: int
) -> None:
    async with connect(served.url, subprotocols=protocols, origin=Origin(origin) if origin else None) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await receive(socket)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == code


async def test_the_dashboards_origin_is_let_in(served: Served) -> None:
    async with connect(served.url, subprotocols=PROTOCOLS, origin=Origin("http://127.0.0.1:23000")) as socket:
        await receive(socket, "hello")
        await socket.send('{"type": "ping"}')
        await receive(socket, "pong")
        await subscribe(socket)
        await receive(socket, "ack")
        await receive(socket, "snapshot")
        await socket.send('{"type": "unsubscribe", "id": "s"}')
        await receive(socket, "complete")


async def test_a_stuck_client_keeps_newest_forecasts_and_is_closed_rather_than_lose_an_alert(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "QUEUE_BYTES", 2**20)
    async with connect(served.url, subprotocols=PROTOCOLS, max_queue=1, compression=None) as socket:
        await receive(socket, "hello")
        await subscribe(socket)
        await receive(socket, "ack")
        await receive(socket, "snapshot")
        await socket.send('{"type": "subscribe", "id": "alerts", "channel": "alerts"}')
        await receive(socket, "ack")
        await receive(socket, "snapshot")
        for n in range(400):  # 40 MB: far more than sockets hold, one series
            served.forecast("a/x", n, filling=100_000)
            await asyncio.sleep(0)
        deltas = [await receive(socket, "delta")]
        while deltas[-1]["data"]["n"] != 399:
            deltas.append(await receive(socket, "delta"))
        for n in range(400):
            served.alert(n, filling=100_000)
            await asyncio.sleep(0)
        frames: list[dict[str, Any]] = []
        closed = await until_closed(socket, frames)

    assert [d["prev_seq"] for d in deltas[1:]] == [d["seq"] for d in deltas[:-1]]
    assert [f["data"]["n"] for f in frames] == list(range(len(frames)))
    assert len(deltas) < 400
    assert closed in (4413, None)


async def test_the_sdk_goes_on_where_a_broken_connection_left_it(served: Served) -> None:
    served.forecast("a/x", 0)
    updates = stream(served.url)
    async with asyncio.timeout(30):
        first = await anext(updates)
        served.forecast("a/x", 1)
        second = await anext(updates)
        for listeners in list(served.hub._listeners.values()):
            for listener in list(listeners.values()):
                await listener._socket.close(1012)  # type: ignore[attr-defined]
        served.forecast("a/x", 2)
        served.forecast("a/x", 3)
        rest = [await anext(updates) for _ in range(2)]
    await updates.aclose()  # type: ignore[attr-defined]

    seen = [first, second, *rest]
    assert not any(isinstance(u, Lost) for u in seen)
    assert [u.data["n"] for u in seen if isinstance(u, Update)] == [0, 1, 2, 3]
    assert isinstance(first, Update)
    assert first.from_snapshot


async def test_a_stop_tells_every_client_to_come_back_and_ends_at_once(served: Served) -> None:
    async with connect(served.url, subprotocols=PROTOCOLS) as socket:
        await receive(socket, "hello")
        await subscribe(socket, "alerts")
        await receive(socket, "ack")
        served.stop()
        code = await until_closed(socket, [])

    assert code == 1012


def test_an_event_without_a_key_is_an_alert_or_a_seal() -> None:
    assert alert_event({"alert_id": "1", "site_id": "a", "subject": "a/x"}) == Event(
        "alerts", {"alert_id": "1", "site_id": "a", "subject": "a/x"}, frozenset({"a"}), frozenset({"a/x"}), None
    )
