"""Live updates over ``/ws/forecasts`` that outlast a broken connection."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.typing import Subprotocol

from gridseal.client.calls import bearer
from gridseal.errors import WireError
from gridseal.wire.codec import encode
from gridseal.wire.live import SUBPROTOCOL, Channel, Filter, Ping, Resume, Subscribe

ID = "stream"
PAUSE_S, PAUSE_CAP_S = 0.25, 10.0


@dataclass(frozen=True, slots=True)
class Update:
    """One entry of the channel: from a snapshot, or a change."""

    data: dict[str, Any]
    seq: int
    from_snapshot: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """Changes before the next update did not arrive.

    The server had forgotten them, or replaced them by newer ones because this client was slow.
    """

    after_seq: int


@dataclass(slots=True)
class _Place:
    epoch: str | None = None
    seq: int = 0
    subscription_epoch: str | None = None


async def stream(
    url: str = "ws://127.0.0.1:28000/ws/forecasts", channel: Channel = "forecasts", *,
    site_id: str | None = None, series_id: str | None = None, token: str | None = None,
) -> AsyncIterator[Update | Lost]:  # fmt: skip
    """Everything there is now, then every change, for ever. A broken connection is opened again where it stood.

    ``token``: a bearer token or an API key, where there is a login; it never stands in the address.

    Raises:
        WireError: The server refused the subscription.
    """
    place, pause = _Place(), PAUSE_S
    headers = bearer(token)
    wanted = Filter(site_id=site_id, series_id=series_id)
    while True:
        try:
            async with connect(
                url, subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=2**26, additional_headers=headers
            ) as socket:
                async for update in _follow(socket, channel, wanted, place):
                    pause = PAUSE_S
                    yield update
        except (OSError, TimeoutError, InvalidHandshake, WebSocketException):
            pass  # gone or not there yet: try again
        await asyncio.sleep(pause * (0.5 + random.random()))
        pause = min(2 * pause, PAUSE_CAP_S)


async def _follow(
    socket: ClientConnection, channel: Channel, wanted: Filter, place: _Place
) -> AsyncGenerator[Update | Lost, None]:
    resume = Resume(epoch=place.epoch, last_seq=place.seq) if place.epoch is not None else None
    await socket.send(encode(Subscribe(id=ID, channel=channel, filter=wanted, resume=resume)).decode())
    async for text in socket:
        frame = json.loads(text)
        kind = frame.get("type")
        if kind == "ping":
            await socket.send(encode(Ping(type="pong")).decode())
        elif kind == "error":
            raise WireError(f"subscription refused: {frame['message']}", reason=frame["code"])
        elif kind == "ack":
            place.subscription_epoch = frame["epoch"]
        elif kind == "snapshot":
            if frame["reset"]:
                yield Lost(place.seq)
            place.epoch, place.seq = place.subscription_epoch, frame["seq"]
            for data in frame["data"]:
                yield Update(data, frame["seq"], True)
        elif kind == "delta":
            if frame["seq"] > place.seq + 1:
                yield Lost(place.seq)
            place.seq = frame["seq"]
            yield Update(frame["data"], frame["seq"], False)
