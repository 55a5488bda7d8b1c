"""The route ``/ws/forecasts``: who may connect, then one ``Connection``."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from datetime import datetime

from fastapi import FastAPI
from starlette.websockets import WebSocket

from forecast_service.live.connection import Connection
from forecast_service.live.hub import Hub
from forecast_service.live.queue import SendQueue
from gridseal.access.guard import Access
from gridseal.access.policies import RouteRule
from gridseal.access.principal import AccessDeniedError
from gridseal.access.socket import Shown, close_code, principal_of_socket, until_no_longer
from gridseal.runtime.logs import get_logger
from gridseal.wire.codec import encode
from gridseal.wire.live import SUBPROTOCOL, Hello

log = get_logger(__name__)
PATH = "/ws/forecasts"
MAX_CONNECTIONS = 2_000
QUEUE_FRAMES, QUEUE_BYTES = 4_096, 16 * 2**20
WRONG_PROTOCOL, WRONG_ORIGIN, TOO_MANY = 4400, 4403, 4429


def install_live(
    app: FastAPI, hub: Hub, allowed_origins: frozenset[str], now: Callable[[], datetime], time_scale: float
) -> None:
    """Add the route to ``app``."""
    open_now: set[Connection] = set()

    async def refuse(socket: WebSocket, error: AccessDeniedError) -> None:
        code = close_code(error)
        hub.closed.labels(str(code)).inc()
        with contextlib.suppress(RuntimeError):  # the client may have gone first
            await socket.close(code, error.detail)

    @app.websocket(PATH)
    async def forecasts(socket: WebSocket) -> None:
        offered = socket.scope.get("subprotocols", [])
        await socket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
        refusal = _refusal(socket.headers.get("origin"), allowed_origins, offered, len(open_now))
        if refusal is not None:
            code, reason = refusal
            hub.closed.labels(str(code)).inc()
            await socket.close(code, reason)
            return
        try:
            shown = await _admitted(app, socket)
        except AccessDeniedError as error:
            await refuse(socket, error)
            return
        hello = Hello(epoch=hub.epoch, time_scale=time_scale, now=now())
        await socket.send_text(encode(hello).decode())
        connection = Connection(socket, hub, now, SendQueue(max_frames=QUEUE_FRAMES, max_bytes=QUEUE_BYTES))
        open_now.add(connection)
        try:
            await _while_allowed(socket, connection, shown, refuse)
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


async def _admitted(app: FastAPI, socket: WebSocket) -> Shown | None:
    """Who it is; none on an application without rules of access, which is served on this machine alone."""
    access: Access | None = getattr(app.state, "access", None)
    if access is None:
        return None
    return await principal_of_socket(socket, access, RouteRule(PATH, re.compile(""), frozenset(), "viewer"))


async def _while_allowed(
    socket: WebSocket, connection: Connection, shown: Shown | None,
    refuse: Callable[[WebSocket, AccessDeniedError], Awaitable[None]],
) -> None:  # fmt: skip
    """Serve until the client leaves, or may stay no longer."""
    if shown is None:
        await connection.run()
        return
    serving, watching = asyncio.create_task(connection.run()), asyncio.create_task(until_no_longer(shown))
    try:
        done, _ = await asyncio.wait({serving, watching}, return_when=asyncio.FIRST_COMPLETED)
        if watching in done:
            await refuse(socket, watching.result())
    finally:
        watching.cancel()
        serving.cancel()
        results = await asyncio.gather(serving, watching, return_exceptions=True)
    if isinstance(results[0], Exception):
        raise results[0]
