"""Wherever a connection is cut, the client that resumes gets every alert once, in order."""

import asyncio
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from starlette.websockets import WebSocketDisconnect

from forecast_service.live.connection import Connection
from forecast_service.live.hub import Hub
from forecast_service.live.narrow import alert_event
from forecast_service.live.queue import SendQueue
from gridseal.wire.live import Delta

from .builders import SLOT

lives = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 6), st.integers(0, 3)), max_size=6)
"""Frames until the cut, alerts while connected, alerts while away."""


class CutSocket:
    """Passes so many frames to the client; the next one is lost with the connection."""

    def __init__(self, frames: int | None, first: str) -> None:
        self.scope: dict[str, Any] = {}
        self._left, self._first = frames, [first]
        self.got: list[dict[str, Any]] = []

    async def send_text(self, text: str) -> None:
        await asyncio.sleep(0)
        if self._left is not None and len(self.got) >= self._left:
            raise WebSocketDisconnect(1006)
        self.got.append(json.loads(text))

    async def receive_text(self) -> str:
        if self._first:
            return self._first.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def close(self, code: int) -> None:
        pass


class Client:
    """Keeps its place as ``gridseal.client.stream`` does."""

    def __init__(self) -> None:
        self.epoch: str | None = None
        self.seq = 0
        self.alerts: list[int] = []
        self.resets = 0

    def hello(self) -> str:
        resume = {"epoch": self.epoch, "last_seq": self.seq} if self.epoch else None
        return json.dumps({"type": "subscribe", "id": "s", "channel": "alerts", "resume": resume})

    def take(self, frames: list[dict[str, Any]]) -> None:
        epoch = None
        for frame in frames:
            if frame["type"] == "ack":
                epoch = frame["epoch"]
            elif frame["type"] == "snapshot":
                self.epoch, self.seq = epoch, frame["seq"]
                self.resets += frame["reset"]
            elif frame["type"] == "delta":
                assert (Delta.model_validate(frame).prev_seq, frame["seq"]) == (self.seq, self.seq + 1)
                self.seq = frame["seq"]
                self.alerts.append(frame["data"]["n"])


class World:
    def __init__(self) -> None:
        self.hub, self.client, self.published = Hub({}, CollectorRegistry()), Client(), 0

    def alert(self) -> None:
        data = {"alert_id": str(self.published), "site_id": "a", "subject": "a/x", "n": self.published}
        self.hub.publish(alert_event(data))
        self.published += 1

    async def live(self, frames: int | None, alerts: int) -> None:
        socket: Any = CutSocket(frames, self.client.hello())
        queue = SendQueue(max_frames=1_000, max_bytes=10**6)
        task = asyncio.create_task(Connection(socket, self.hub, lambda: SLOT, queue).run())
        for _ in range(alerts):
            await turn(3)
            self.alert()
        await turn(60)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self.client.take(socket.got)


async def turn(times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


@settings(max_examples=60)
@given(lives)
def test_a_client_that_resumes_misses_nothing_and_gets_nothing_twice(cuts: list[tuple[int, int, int]]) -> None:
    async def play() -> World:
        world = World()
        for frames, with_it, without in cuts:
            await world.live(frames, with_it)
            for _ in range(without):
                world.alert()
        await world.live(None, 3)
        return world

    world = asyncio.run(play())
    got = world.client.alerts

    assert world.client.resets == 0
    assert got[-1] == world.published - 1
    assert got == list(range(got[0], world.published))
