"""The registry client says what the wire API wants, and understands what registries answer.

``apicurio-2.5.11.json`` holds exchanges of this client with a real Apicurio Registry (Apache-2.0), recorded once.
``confluent-documentation.json`` is not a recording: it is written from Confluent's public API reference, for what
its registry answers otherwise. ``test_registry_server.py`` runs against a real server where one is installed.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from gridseal.errors import ConfigError, UnavailableError, WireError
from gridseal.registry.announce import SCHEMA_OF, SchemaIds, announce, schema_text, value_subject
from gridseal.registry.client import SchemaRegistry, Verdict
from gridseal.registry.framing import Framed, frame, unframe
from gridseal.runtime.settings import CoreSettings, load_settings
from gridseal.wire.schemas import MESSAGES
from gridseal.wire.topics import DEAD_LETTER, KAFKA_TOPICS, QUARANTINE

HERE = Path(__file__).parent
SUBJECT = "telemetry.meter-value"


def a_schema(**kinds: str) -> str:
    properties = {name: {"type": kind} for name, kind in kinds.items()}
    content = {"type": "object", "additionalProperties": False, "properties": properties, "required": ["a"]}
    return json.dumps(content, sort_keys=True)


class Recorded(httpx.AsyncBaseTransport):
    """Answers as recorded, in order, and only to the recorded request."""

    def __init__(self, file: str) -> None:
        self.left: list[dict[str, Any]] = json.loads((HERE / file).read_text())["pairs"]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked, answer = self.left[0]["request"], self.left.pop(0)["response"]
        body = json.loads(request.content) if request.content else None
        path = request.url.raw_path.decode().removeprefix("/api")
        assert (request.method, path, body) == (asked["method"], asked["path"], asked["body"])
        assert request.headers["content-type"] == "application/vnd.schemaregistry.v1+json"
        return httpx.Response(answer["status"], json=answer["body"], request=request)


async def test_a_conversation_with_apicurio() -> None:
    transport = Recorded("apicurio-2.5.11.json")
    first = a_schema(a="integer")
    async with SchemaRegistry("http://registry/api", transport=transport) as registry:
        assert await registry.subjects() == []
        assert await registry.check(SUBJECT, first) == Verdict(True)
        assert await registry.latest(SUBJECT) is None
        assert await registry.register(SUBJECT, first) == 1
        assert await registry.register(SUBJECT, first) == 1
        assert await registry.by_id(1) == first
        assert await registry.by_id(999) is None
        assert await registry.check(SUBJECT, a_schema(a="integer", b="string")) == Verdict(True)
        refused = await registry.check(SUBJECT, a_schema(a="string"))
        assert not refused.compatible
        assert "SUBSCHEMA_TYPE_CHANGED at /properties/a" in refused.messages[0]
        with pytest.raises(ConfigError, match=r"409 .*SUBSCHEMA_TYPE_CHANGED"):
            await registry.register(SUBJECT, a_schema(a="string"))
        with pytest.raises(ConfigError, match="422 Failed to discover artifact type"):
            await registry.register(SUBJECT, '{"type":')
        assert await registry.latest(SUBJECT) == first
        assert await registry.subjects() == [SUBJECT]
    assert transport.left == []


async def test_answers_as_confluent_documents_them() -> None:
    transport = Recorded("confluent-documentation.json")
    schema = a_schema(a="integer")
    async with SchemaRegistry("http://registry/api", transport=transport) as registry:
        assert await registry.check(SUBJECT, schema) == Verdict(True)
        verdict = await registry.check(SUBJECT, schema)
        assert not verdict.compatible
        assert len(verdict.messages) == 2
        with pytest.raises(ConfigError, match="409 Schema being registered is incompatible"):
            await registry.register(SUBJECT, schema)
        with pytest.raises(ConfigError, match="401 Unauthorized"):
            await registry.register(SUBJECT, schema)
        with pytest.raises(UnavailableError, match="500 Error in the backend data store"):
            await registry.register(SUBJECT, schema)
        assert await registry.by_id(7) is None
    assert transport.left == []


async def test_a_registry_that_is_away_is_waited_for_and_then_named() -> None:
    # Nothing listens on port 1.
    with pytest.raises(UnavailableError, match="GRIDSEAL_SCHEMA_REGISTRY_URL"):
        await announce("http://127.0.0.1:1", ["alerts"], patience_s=0)


async def test_what_is_no_registry_is_named() -> None:
    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(page, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(ConfigError, match="does not name a schema registry"):
            await announce(f"http://127.0.0.1:{port}", ["alerts"])


async def test_without_a_registry_nothing_is_asked_and_no_header_is_added() -> None:
    ids = await announce(None, SCHEMA_OF)

    assert ids.headers("telemetry.meter") == []
    assert SchemaIds({"alerts": 7}).headers("alerts") == [("gs-schema-id", b"7")]


def test_every_topic_has_a_schema_but_those_for_what_fits_none() -> None:
    assert {topic.name for topic in KAFKA_TOPICS} - set(SCHEMA_OF) == {DEAD_LETTER, QUARANTINE}
    assert set(SCHEMA_OF.values()) <= set(MESSAGES)
    assert value_subject("telemetry.meter") == SUBJECT
    assert schema_text("telemetry-1") == schema_text("telemetry-1")
    for name in SCHEMA_OF.values():
        assert "\n" not in schema_text(name)
        assert "prefixItems" not in schema_text(name), "means nothing in draft 7"


def test_a_framed_value_is_confluents_five_bytes_and_the_content() -> None:
    assert frame(258, b"{}") == b"\x00\x00\x00\x01\x02{}"
    assert unframe(frame(4_294_967_295, b"{}")) == Framed(4_294_967_295, b"{}")
    for value in (b'{"a": 1}', b"\x00\x00", b"", b"\x01\x00\x00\x00\x01{}"):
        with pytest.raises(WireError, match="Confluent's frame"):
            unframe(value)


@pytest.mark.parametrize("name", ["GRIDSEAL_SCHEMA_REGISTRY_URL", "SCHEMA_REGISTRY_URL"])
def test_both_names_of_the_setting_are_read(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:8081")

    assert load_settings(CoreSettings).schema_registry_url == "http://127.0.0.1:8081"
