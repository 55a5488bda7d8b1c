"""Frames of the live channel as examples: one of each kind."""

from typing import Any

from gridseal.registry.asyncapi import CLIENT_FRAMES, SERVER_FRAMES
from gridseal.wire.fields import Message
from gridseal.wire.live import (
    SUBPROTOCOL,
    Ack,
    Authenticate,
    Complete,
    Delta,
    ErrorFrame,
    Filter,
    Hello,
    Ping,
    Resume,
    Snapshot,
    Subscribe,
    Unsubscribe,
)
from tests.api.pieces import NOW

EPOCH = "4bf92f3577b34da6a3ce929d0e0e4736"
FRAMES: dict[str, Message] = {
    "authenticate": Authenticate(token="gs_abcdefgh2345_…"),
    "subscribe": Subscribe(
        id="fleet", channel="forecasts", filter=Filter(site_id="home-01"), resume=Resume(epoch=EPOCH, last_seq=41)
    ),
    "unsubscribe": Unsubscribe(id="fleet"),
    "ping": Ping(),
    "hello": Hello(protocol=SUBPROTOCOL, epoch=EPOCH, time_scale=1, now=NOW),
    "ack": Ack(id="fleet", epoch=EPOCH),
    "snapshot": Snapshot(id="fleet", seq=42, as_at=NOW, reset=True, data=[]),
    "delta": Delta(id="fleet", seq=43, prev_seq=42, data={"series_id": "home-01/net"}),
    "complete": Complete(id="fleet"),
    "error": ErrorFrame(id=None, code="bad_frame", message="frame refused: check channel"),
    "pong": Ping(type="pong"),
}


def examples() -> dict[str, list[Any]]:
    """By the names of the document."""
    return {f"frame-{name}": [FRAMES[name].model_dump(mode="json")] for name in {**CLIENT_FRAMES, **SERVER_FRAMES}}
