"""What is sent is bounded before it is read, and reads the same to everybody."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from gridseal.access.strict_json import deeper_than, read_strictly
from gridseal.errors import WireError
from gridseal.http.body import LARGEST_BODY
from gridseal.http.install import Conventions, install_conventions


class Sent(BaseModel):
    value: float = 0
    more: object = None


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(docs_url=None, redoc_url=None)
    install_conventions(app, Conventions())

    @app.post("/api/v1/take", operation_id="take")
    async def take(body: Sent) -> dict[str, float]:
        return {"value": body.value}

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as opened:
        yield opened


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b'{"value": 1}', 200, None), (b'{"value": NaN}', 422, "not_a_number"),
        (b'{"value": -Infinity}', 422, "not_a_number"), (b'{"value": 1, "value": 2}', 422, "duplicate_member"),
        (b'{"more": ' + b"[" * 100 + b"]" * 100 + b"}", 422, "too_deep"),
        (b'{"more": ' + b'{"a":' * 100_000, 422, "too_deep"), (b"[" * LARGEST_BODY, 422, "too_deep"),
        (b'{"more": "' + b"[" * 100 + b'"}', 200, None), (b'{"value":', 422, "not_json"),
        (b"\xff\xfe", 422, "not_json"),
        (b'{"more": "' + b"x" * LARGEST_BODY + b'"}', 413, None),
    ],
)  # fmt: skip
async def test_a_body_is_taken_or_refused_whole(
    client: httpx.AsyncClient, body: bytes, status: int, reason: str | None
) -> None:
    answer = await client.post("/api/v1/take", content=body, headers={"content-type": "application/json"})

    assert (answer.status_code, answer.json().get("reason")) == (status, reason)


async def test_a_body_without_end_is_cut_off(client: httpx.AsyncClient) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 65_536
            yield b" " * 65_536

    answer = await client.post("/api/v1/take", content=endless(), headers={"content-type": "application/json"})

    assert answer.status_code == 413
    assert given <= LARGEST_BODY + 2 * 65_536


async def test_an_announced_size_is_enough_to_refuse(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json", "content-length": "9" * 30}

    assert (await client.post("/api/v1/take", content=b"{}", headers=headers)).status_code == 413


def test_depth_is_counted_outside_of_text() -> None:
    assert not deeper_than(json.dumps({"a": '[[[["\\', "b": [[1]]}).encode(), 3)
    assert deeper_than(b"[[[[1]]]]", 3)
    with pytest.raises(WireError):
        read_strictly(b"[1e5, -Infinity]")
