"""The OpenAPI documents in ``docs/openapi`` are those of the services: a changed route comes with its new document."""

import sys
from asyncio import run
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from gridseal.http.openapi import snapshot
from tests.api.apps import APPS, NOBODY
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


async def write() -> None:
    """Write them all again."""
    for service in APPS:
        with TemporaryDirectory() as folder:
            (FOLDER / f"{service}.json").write_text(await document(service, Path(folder)))


if __name__ == "__main__":
    sys.exit(run(write()))
