"""The bytes of ``/ws/forecasts`` by the rules of another library: aiohttp reads frames with a parser of its own."""

import asyncio
import json
import os
import socket as sockets
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from gridseal.wire.live import SUBPROTOCOL

from .live_world import Served

SIZES = (*range(20), 5_000, *range(65_400, 65_430))
"""Fillings of an alert, frames on either side of 125 and of 65,535 bytes, where a length is written anew."""


@asynccontextmanager
async def following(served: Served, **more: Any) -> AsyncIterator[ClientWebSocketResponse]:
    """A client with a subscription to alerts, past its snapshot."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(served.url, protocols=[SUBPROTOCOL], max_msg_size=0, **more) as socket,
    ):
        await socket.send_str(json.dumps({"type": "subscribe", "id": "s", "channel": "alerts"}))
        while (await socket.receive_json(timeout=20))["type"] != "snapshot":
            pass
        yield socket


@pytest.mark.parametrize("compress", [0, 15])
async def test_frames_of_every_length_are_read_alike_one_by_one_and_in_one_piece(served: Served, compress: int) -> None:
    async with following(served, compress=compress) as socket:
        assert socket.protocol == SUBPROTOCOL
        for number, size in enumerate(SIZES):
            served.alert(number, size)
        together = [await socket.receive_json(timeout=20) for _ in SIZES]
        for number, size in enumerate(SIZES):
            served.alert(number, size)
            assert (await socket.receive_json(timeout=20))["data"] == together[number]["data"]

    assert [frame["data"]["n"] for frame in together] == list(range(len(SIZES)))
    assert [frame["seq"] - frame["prev_seq"] for frame in together] == [1] * len(SIZES)


@pytest.mark.parametrize(
    ("offer", "first"),
    [
        ("permessage-deflate; client_max_window_bits", 0xC1),
        ("permessage-deflate; server_max_window_bits=10", 0x81),  # less than what all others get was written for
        ("", 0x81),
    ],
)
async def test_a_frame_is_compressed_for_those_who_agreed_and_leans_on_nothing_before_it(
    served: Served, offer: str, first: int
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    asked = json.dumps({"type": "subscribe", "id": "s", "channel": "alerts"}).encode()
    head = (
        "GET /ws/forecasts HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==", "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}", *([f"Sec-WebSocket-Extensions: {offer}"] if offer else []), "\r\n",
    )  # fmt: skip
    writer.write("\r\n".join(head).encode())
    async with asyncio.timeout(20):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(bytes([0x81, 0x80 | len(asked)]) + b"\0\0\0\0" + asked)
        while b'"type":"snapshot"' not in (await _frame(reader))[1]:
            pass
        for number in range(2):
            served.alert(number, 20_000)
        frames = [await _frame(reader) for _ in range(2)]
    writer.close()
    await writer.wait_closed()

    assert [kind for kind, _ in frames] == [first] * 2
    texts = [zlib.decompressobj(wbits=-15).decompress(data) if kind & 0x40 else data for kind, data in frames]
    assert [json.loads(text)["data"]["n"] for text in texts] == [0, 1]


async def _frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first, size = await reader.readexactly(2)
    if size >= 126:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    return first, await reader.readexactly(size)


async def test_control_frames_between_data_are_answered_by_the_rules(served: Served) -> None:
    async with following(served, autoping=False) as socket:
        served.alert(1)
        await socket.ping(b"are you there")
        served.alert(2)
        got = [await socket.receive(timeout=20) for _ in range(3)]
        await socket.close(code=1001)

    assert [message.data for message in got if message.type is WSMsgType.PONG] == [b"are you there"]
    assert [json.loads(m.data)["data"]["n"] for m in got if m.type is WSMsgType.TEXT] == [1, 2]
    assert socket.close_code == 1001


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (b"\x81\x03abc", 1002),  # not masked
        (b"\xc1\x83\0\0\0\0abc", 1002),  # a reserved bit that nothing was agreed for
        (b"\x83\x80\0\0\0\0", 1002),  # an unknown kind of frame
        (b"\x09\x80\0\0\0\0", 1002),  # a ping in parts
        (b"\x81\x82\0\0\0\0\xc3\x28", 1007),  # text that is no UTF-8
        (b"\x81\xff\0\0\0\0\0\x10\0\0\0\0\0\0", 1009),  # a mebibyte announced
    ],
)
async def test_what_breaks_the_protocol_ends_the_connection_with_its_code(
    served: Served, broken: bytes, code: int
) -> None:
    async with following(served, compress=0) as socket:
        with sockets.socket(fileno=os.dup(socket.get_extra_info("socket").fileno())) as raw:
            raw.send(broken)
        ended = await socket.receive(timeout=20)

    assert ended.type is WSMsgType.CLOSE
    assert ended.data == code
