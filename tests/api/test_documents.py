"""The OpenAPI and AsyncAPI documents in ``docs/openapi`` are those of the services: what changes says so."""

import json
import sys
from asyncio import run
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from gridseal.http.openapi import snapshot
from gridseal.registry.asyncapi import CLIENT_FRAMES, SERVER_FRAMES, asyncapi
from gridseal.wire.codec import decode
from gridseal.wire.live import decode_client_frame
from gridseal.wire.schemas import MESSAGES
from tests.api.apps import APPS, NOBODY
from tests.api.frames import examples
from tests.api.pieces import ROOT

FOLDER = ROOT / "docs" / "openapi"
WRITE = "make openapi"


async def document(service: str, folder: Path) -> str:
    async with APPS[service](NOBODY, folder) as app:
        return snapshot(app)


@pytest.mark.parametrize("service", APPS)
async def test_the_document_is_the_one_that_is_kept(service: str, tmp_path: Path) -> None:
    kept = FOLDER / f"{service}.json"

    assert await document(service, tmp_path) == kept.read_text(), f"routes of {service} changed: look, then {WRITE}"


@pytest.mark.parametrize("service", APPS)
async def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(service: str, tmp_path: Path) -> None:
    async with APPS[service](NOBODY, tmp_path) as app:
        paths = app.openapi()["paths"]
    operations = [one for path in paths.values() for one in path.values()]

    assert len({one["operationId"] for one in operations}) == len(operations)
    assert all(one.get("description") for one in operations)


def recorded(name: str) -> list[dict[str, object]]:
    """What was on the wire once: the newest line of ``gridseal/tests/history``."""
    lines = (ROOT / "gridseal" / "tests" / "history" / f"{name}.jsonl").read_text().splitlines()
    return [json.loads(lines[-1])["message"]]


def messages_document() -> str:
    return asyncapi({name: recorded(name) for name in MESSAGES} | examples())


def test_the_document_of_the_messages_is_the_one_that_is_kept() -> None:
    assert messages_document() == (FOLDER / "asyncapi.json").read_text(), f"messages changed: look, then {WRITE}"


def test_every_message_has_an_example_and_its_reader_takes_it() -> None:
    messages = json.loads((FOLDER / "asyncapi.json").read_text())["components"]["messages"]
    kinds = {**MESSAGES, **{f"frame-{n}": kind for n, kind in {**CLIENT_FRAMES, **SERVER_FRAMES}.items()}}

    assert set(messages) == set(kinds)
    for name, message in messages.items():
        payload = json.dumps(message["examples"][0]["payload"])
        decode(kinds[name], payload)
        if name.removeprefix("frame-") in CLIENT_FRAMES:
            decode_client_frame(payload)


def test_every_reference_of_the_document_leads_somewhere() -> None:
    text = (FOLDER / "asyncapi.json").read_text()
    document = json.loads(text)
    for place in {part.split('"')[0] for part in text.split('"$ref": "#/')[1:]}:
        found = document
        for step in place.split("/"):
            found = found[step]


async def write() -> None:
    """Write them all again."""
    for service in APPS:
        with TemporaryDirectory() as folder:
            (FOLDER / f"{service}.json").write_text(await document(service, Path(folder)))
    (FOLDER / "asyncapi.json").write_text(messages_document())


if __name__ == "__main__":
    sys.exit(run(write()))
