"""uvicorn's WebSocket protocol with one way more: frames that are encoded already go out as they are.

A frame that a thousand clients get is written once, and what waits for one client goes out in one piece. An application
finds the way in its scope (``writer``); behind another server there is none, and each text is sent by itself.
"""

import struct
from typing import Any, Final, Protocol

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

EXTENSION: Final = "gridseal.frames"
SWITCHING_PROTOCOLS = 101
_FINAL_TEXT = 0x81


class Writer(Protocol):
    """How an application hands over frames that are encoded already."""

    async def write_frames(self, frames: bytes) -> None:
        """Write when the client has taken what went before. Raises ``OSError`` where it is gone."""
        ...

    def write_at_once(self, frames: bytes) -> bool:
        """Write if the client keeps up; whether it was written."""
        ...


def text_frame(text: str) -> bytes:
    """One text message of a server as RFC 6455 writes it: whole, not masked, not compressed."""
    data = text.encode()
    size = len(data)
    if size < 126:
        return struct.pack("!BB", _FINAL_TEXT, size) + data
    if size < 2**16:
        return struct.pack("!BBH", _FINAL_TEXT, 126, size) + data
    return struct.pack("!BBQ", _FINAL_TEXT, 127, size) + data


def writer(scope: Any) -> Writer | None:
    """How this connection takes frames that are encoded already; none where the server does not know them."""
    found: Writer | None = scope.get("extensions", {}).get(EXTENSION)
    return found


class FrameProtocol(WebSocketsSansIOProtocol):
    """Offers itself to the application as a ``Writer``."""

    def handle_connect(self, event: Request) -> None:
        """Take the handshake, and add the way to the scope of its application."""
        super().handle_connect(event)
        if self.response.status_code == SWITCHING_PROTOCOLS:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self

    async def write_frames(self, frames: bytes) -> None:
        """Write when the client has taken what went before.

        Raises:
            OSError: The client is gone, or the connection is being closed.
        """
        if not self.writable.is_set():
            await self.writable.wait()
        if not self.write_at_once(frames):
            raise ClientDisconnected

    def write_at_once(self, frames: bytes) -> bool:
        """Write unless the client is behind or gone; whether it was written."""
        if not self.writable.is_set() or self.disconnected or self.close_sent or self.transport.is_closing():
            return False
        self.transport.write(frames)
        return True
