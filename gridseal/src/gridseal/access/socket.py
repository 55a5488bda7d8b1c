"""Who opened a WebSocket. The page's origin is looked at whoever it is; a token never stands in the address."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from gridseal.access.guard import Access, check
from gridseal.access.policies import RouteRule
from gridseal.access.principal import AccessDeniedError, Principal
from gridseal.access.tokens import denied
from gridseal.errors import WireError
from gridseal.wire.live import TOKEN_PROTOCOL, Authenticate, decode_client_frame

FIRST_WITHIN_S: Final = 10.0
RECHECK_S = 30.0
"""So long a connection outlives a key that was revoked."""
NOT_SIGNED_IN, NOT_ALLOWED = 4401, 4403


@dataclass(frozen=True, slots=True)
class Shown:
    """Who it is, and how to ask again."""

    principal: Principal
    again: Callable[[], Awaitable[Principal]]


async def principal_of_socket(socket: WebSocket, access: Access, rule: RouteRule) -> Shown:
    """Who it is: by header, sub-protocol, cookie, or first message. Call it after the origin was looked at.

    Raises:
        AccessDeniedError: Nobody, or somebody who may not.
    """
    try:
        ask = await _shown(socket, access)

        async def allowed() -> Principal:
            found = await ask()
            check(found, rule, access.tenant)
            return found

        return Shown(await allowed(), allowed)
    except AccessDeniedError as error:
        access.refused.labels(error.reason).inc()
        raise


async def until_no_longer(shown: Shown) -> AccessDeniedError:
    """Returns when the principal may stay no longer: expired, revoked, or of another role."""
    principal = shown.principal
    while True:
        left = RECHECK_S if principal.expires_at is None else max(principal.expires_at - time.time(), 0.0)
        await asyncio.sleep(min(left + 0.01, RECHECK_S))
        if principal.expires_at is not None and time.time() >= principal.expires_at:
            return denied("expired", "the token has expired: connect again with a new one")
        try:
            principal = await shown.again()
        except AccessDeniedError as error:
            if error.status != 503:
                return error


async def _shown(socket: WebSocket, access: Access) -> Callable[[], Awaitable[Principal]]:
    authenticator = access.authenticator

    def by_token(text: str) -> Callable[[], Awaitable[Principal]]:
        return lambda: authenticator.token(text)

    async def by_request() -> Principal:
        return await authenticator.request(socket)

    offered = [p for p in socket.scope.get("subprotocols", []) if p.startswith(TOKEN_PROTOCOL)]
    if authenticator.mode == "login" and offered:
        return by_token(offered[0].removeprefix(TOKEN_PROTOCOL))
    try:
        await by_request()
    except AccessDeniedError as error:
        if error.reason != "missing":
            raise
        return by_token(await _first_message(socket))
    return by_request


async def _first_message(socket: WebSocket) -> str:
    try:
        async with asyncio.timeout(FIRST_WITHIN_S):
            frame = decode_client_frame(await socket.receive_text())
    except (TimeoutError, WireError, WebSocketDisconnect, KeyError):
        frame = None
    if not isinstance(frame, Authenticate):
        raise denied("missing", "the first message must be authenticate, with a token")
    return frame.token


def close_code(error: AccessDeniedError) -> int:
    """Why a socket is closed."""
    return NOT_SIGNED_IN if error.status in (401, 503) else NOT_ALLOWED
