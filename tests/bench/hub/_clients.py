"""Clients of the hub in a process of their own: they read no more of a frame than when it was stored.

Arguments: address, clients, how many of them stall. A line on stdin asks for the times since the last one, as a list of
milliseconds from stored to received, once every client that reads has so many more deltas. They take compressed frames,
as browsers do, and note the time of each; what is in it is read when the times are asked for: a thousand clients have a
thousand processors, and here they share one.
"""

import asyncio
import base64
import json
import os
import sys
import time
import zlib
from functools import lru_cache
from urllib.parse import urlsplit

from gridseal.wire.live import SUBPROTOCOL

STORED = b'"stored_at":'
DELTA, SNAPSHOT = b'{"type":"delta"', b'{"type":"snapshot"'
DEFLATED, OPCODE, PING, PONG = 0x40, 0x0F, 0x9, 0xA
SUBSCRIBE = json.dumps({"type": "subscribe", "id": "s", "channel": "forecasts"}).encode()


class Client(asyncio.Protocol):
    """As much of RFC 6455 as a measurement needs: an upgrade, one masked text out, whole frames in."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._buffer = bytearray()
        self._upgraded = False
        self.transport: asyncio.Transport
        self.subscribed = asyncio.Event()
        self.got: list[tuple[float, bool, bytes]] = []
        """When each frame arrived, whether it is compressed, and what it is."""
        self.enough = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            "GET /ws/forecasts HTTP/1.1", f"Host: {self._host}", "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Protocol: {SUBPROTOCOL}",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        )  # fmt: skip
        transport.write("\r\n".join((*head, "\r\n")).encode())

    def data_received(self, data: bytes) -> None:
        """Note when the deltas in it arrived."""
        at = time.time()
        self._buffer += data
        if not self._upgraded:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            assert b" 101 " in self._buffer[:end], bytes(self._buffer[:end])
            del self._buffer[: end + 4]
            self._upgraded = True
            self.transport.write(bytes([0x81, 0x80 | len(SUBSCRIBE)]) + b"\0\0\0\0" + SUBSCRIBE)
        start = 0
        while (found := self._frame(start)) is not None:
            begin, end = found
            self._take(start, begin, end, at)
            start = end
        del self._buffer[:start]

    def _frame(self, start: int) -> tuple[int, int] | None:
        left = len(self._buffer) - start
        if left < 2:
            return None
        size, head = self._buffer[start + 1] & 0x7F, 2
        if size >= 126:
            head = 4 if size == 126 else 10
            size = int.from_bytes(self._buffer[start + 2 : start + head], "big")
        return (start + head, start + head + size) if left >= head + size else None

    def _take(self, start: int, begin: int, end: int, at: float) -> None:
        first, frame = self._buffer[start], bytes(self._buffer[begin:end])
        if first & OPCODE == PING:  # who does not answer is let go
            self.transport.write(bytes([0x80 | PONG, 0x80 | len(frame)]) + b"\0\0\0\0" + frame)
        elif self.subscribed.is_set():
            if first & DEFLATED or frame.startswith(DELTA):
                self.got.append((at, bool(first & DEFLATED), frame))
                self.enough.set()
        elif frame.startswith(SNAPSHOT):
            self.subscribed.set()

    def times(self) -> list[float]:
        """Milliseconds from stored to received of each delta since the last call."""
        got, self.got = self.got, []
        return [(at - stored) * 1_000 for at, deflated, frame in got if (stored := _stored_at(frame, deflated))]


@lru_cache(maxsize=256)
def _stored_at(frame: bytes, deflated: bool) -> float | None:
    """When a delta was stored; none in another frame. All clients get the same bytes, so each is read once."""
    text = zlib.decompressobj(wbits=-15).decompress(frame) if deflated else frame
    if not text.startswith(DELTA):
        return None
    stored = text.rfind(STORED) + len(STORED)
    return float(text[stored : text.index(b"}", stored)])


async def main(address: str, count: int, stalled: int) -> None:
    """Connect, say so, answer each line of stdin."""
    where = urlsplit(address)
    host, port = where.hostname or "127.0.0.1", where.port or 80
    loop = asyncio.get_running_loop()
    clients = []
    for _ in range(count):
        _, client = await loop.create_connection(lambda: Client(where.netloc), host, port)
        clients.append(client)
    await asyncio.gather(*(client.subscribed.wait() for client in clients))
    for client in clients[:stalled]:
        client.transport.pause_reading()
    reading = clients[stalled:]
    print("ready", flush=True)
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        wanted = int(line)
        for client in reading:
            while len(client.got) < wanted:
                client.enough.clear()
                await client.enough.wait()
        print(json.dumps([ms for client in reading for ms in client.times()]), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
