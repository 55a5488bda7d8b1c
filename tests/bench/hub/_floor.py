"""What the machine costs: the bytes of the hub's frames to every socket, with nothing in between."""

import asyncio
import base64
import hashlib
import json
import sys
import time

from gridseal.runtime.frames import text_frame
from gridseal.wire.live import SUBPROTOCOL
from tests.bench.hub._server import SERIES, a_view

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
DEFLATE = "permessage-deflate; server_no_context_takeover"
SNAPSHOT = text_frame('{"type":"snapshot"}')


async def main(port: int) -> None:
    """Serve until stdin ends."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return
        key = asked.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
        accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest()).decode()
        head = f"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: {accept}\r\n"
        writer.write(
            f"{head}Sec-WebSocket-Extensions: {DEFLATE}\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n".encode()
            + SNAPSHOT
        )
        writers.append(writer)
        await reader.read()

    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=2_048)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with server:
        while line := await lines.readline():
            made = [a_view(series, json.loads(line)) for series in range(SERIES)]
            views = [view | {"stored_at": time.time()} for view in made]
            texts = [f'{{"type":"delta","data":{json.dumps(view, separators=(",", ":"))}}}' for view in views]
            piece = b"".join(text_frame(text, deflated=True) for text in texts)
            for writer in writers:
                writer.write(piece)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
