"""uvicorn's WebSocket protocol with one way more: frames that are encoded already go out as they are.

A frame that a thousand clients get is written once, and compressed once (RFC 7692): no message leans on one before it,
so the same bytes are right for every client. What waits for one client goes out in one piece. An application finds the
way in its scope (``writer``); behind another server there is none, and each text is sent by itself.
"""

import struct
import zlib
from asyncio import BaseTransport
from typing import Any, Final, Protocol

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.http11 import Request

EXTENSION: Final = "gridseal.frames"
SWITCHING_PROTOCOLS = 101
_FINAL_TEXT = 0x81
_DEFLATED = 0x40
_WINDOW_BITS = 15
_LEAST_BYTES = 256
"""Below this, compressing costs more than it saves."""


class Writer(Protocol):
    """How an application hands over frames that are encoded already."""

    @property
    def deflates(self) -> bool:
        """Whether the client has agreed to compressed frames."""
        ...

    async def write_frames(self, frames: bytes) -> None:
        """Write when the client has taken what went before. Raises ``OSError`` where it is gone."""
        ...

    def write_at_once(self, frames: bytes) -> bool:
        """Write if the client keeps up; whether it was written."""
        ...


def text_frame(text: str, *, deflated: bool = False) -> bytes:
    """One text message of a server as RFC 6455 writes it: whole, not masked, where asked for compressed by itself."""
    data, first = text.encode(), _FINAL_TEXT
    if deflated and len(data) >= _LEAST_BYTES:
        data, first = _deflated(data), _FINAL_TEXT | _DEFLATED
    size = len(data)
    if size < 126:
        return struct.pack("!BB", first, size) + data
    if size < 2**16:
        return struct.pack("!BBH", first, 126, size) + data
    return struct.pack("!BBQ", first, 127, size) + data


def _deflated(data: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-_WINDOW_BITS)
    return (deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")


def writer(scope: Any) -> Writer | None:
    """How this connection takes frames that are encoded already; none where the server does not know them."""
    found: Writer | None = scope.get("extensions", {}).get(EXTENSION)
    return found


class FrameProtocol(WebSocketsSansIOProtocol):
    """Offers itself to the application as a ``Writer``."""

    deflates = False

    def connection_made(self, transport: BaseTransport) -> None:
        """Offer compression by message; what the client sends may be compressed in a small window."""
        if self.conn.available_extensions:
            self.conn.available_extensions = [
                ServerPerMessageDeflateFactory(server_no_context_takeover=True, client_max_window_bits=12)
            ]
        super().connection_made(transport)

    def handle_connect(self, event: Request) -> None:
        """Take the handshake, and add the way to the scope of its application."""
        super().handle_connect(event)
        if self.response.status_code == SWITCHING_PROTOCOLS:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self
            self.deflates = any(
                isinstance(agreed, PerMessageDeflate) and agreed.local_max_window_bits == _WINDOW_BITS
                for agreed in self.conn.extensions
            )

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
