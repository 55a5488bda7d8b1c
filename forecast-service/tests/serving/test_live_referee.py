"""The bytes of ``/ws/forecasts`` by the rules of another library: aiohttp reads frames with a parser of its own."""

import json
import os
import socket as sockets
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
