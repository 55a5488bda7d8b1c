"""The route ``/ws/forecasts``: who may connect, then one ``Connection``."""

from collections.abc import Callable
from datetime import datetime

from fastapi import FastAPI
from starlette.websockets import WebSocket

from forecast_service.live.connection import Connection
from forecast_service.live.hub import Hub
from forecast_service.live.queue import SendQueue
from gridseal.runtime.logs import get_logger
from gridseal.wire.codec import encode
from gridseal.wire.live import SUBPROTOCOL, Hello

log = get_logger(__name__)
MAX_CONNECTIONS = 2_000
QUEUE_FRAMES, QUEUE_BYTES = 4_096, 16 * 2**20
WRONG_PROTOCOL, WRONG_ORIGIN, TOO_MANY = 4400, 4403, 4429


def install_live(
    app: FastAPI, hub: Hub, allowed_origins: frozenset[str], now: Callable[[], datetime], time_scale: float
) -> None:
    """Add the route to ``app``."""
    open_now: set[Connection] = set()

    @app.websocket("/ws/forecasts")
    async def forecasts(socket: WebSocket) -> None:
        offered = socket.scope.get("subprotocols", [])
        await socket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
        refusal = _refusal(socket.headers.get("origin"), allowed_origins, offered, len(open_now))
        if refusal is not None:
            code, reason = refusal
            hub.closed.labels(str(code)).inc()
            await socket.close(code, reason)
            return
        hello = Hello(epoch=hub.epoch, time_scale=time_scale, now=now())
        await socket.send_text(encode(hello).decode())
        connection = Connection(socket, hub, now, SendQueue(max_frames=QUEUE_FRAMES, max_bytes=QUEUE_BYTES))
        open_now.add(connection)
        try:
            await connection.run()
        finally:
            open_now.discard(connection)


def _refusal(
    origin: str | None, allowed: frozenset[str], offered: list[str], connections: int
) -> tuple[int, str] | None:
    # A browser always sends its page's origin; a program sends none and carries no cookie to abuse.
    if origin is not None and origin.rstrip("/") not in allowed:
        return WRONG_ORIGIN, "this origin is not on the allow-list"
    if SUBPROTOCOL not in offered:
        return WRONG_PROTOCOL, f"offer sub-protocol {SUBPROTOCOL}"
    if connections >= MAX_CONNECTIONS:
        return TOO_MANY, "too many connections"
    return None
