"""What a run was computed from is told byte for byte, and has the hash that was sealed."""

import base64
import hashlib
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from forecast_service.api.origin import bytes_of, origin_of, origin_routes
from forecast_service.store.database import Pool
from forecast_service.store.run_inputs import RunInputsReader
from forecast_service.store.runs import RunStore
from gridseal.http.install import Conventions, install_conventions
from gridseal.wire.codec import decode
from gridseal.wire.origin import MOST_INPUTS, RunOrigin

from .builders import SLOT, a_run
from .test_replay import issue

pytestmark = pytest.mark.servers


@pytest.fixture
async def client(pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install_conventions(app, Conventions())
    app.include_router(origin_routes(RunInputsReader(pool)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test/api/v1") as opened:
        yield opened


async def test_the_inputs_have_the_hash_of_the_run_also_after_windows_were_corrected(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    for run_id in await issue(pool, slots=2):
        told = decode(RunOrigin, (await client.get(f"/forecasts/{run_id}/origin?content=true")).content)
        raw = (await client.get(f"/forecasts/{run_id}/inputs")).raise_for_status().content
        stored = RunInputsReader(pool).read(run_id)

        assert stored is not None
        assert told.feature_hash == stored.run.feature_hash == "0x" + hashlib.sha256(raw).hexdigest()
        assert (told.complete, told.input_bytes, base64.b64decode(told.inputs or "")) == (True, len(raw), raw)
        assert [(s.series_id, s.resolution_s, s.measured >= 29) for s in told.series] == [
            ("home-01/net", 3_600, True), ("home-02/net", 3_600, True)
        ]  # fmt: skip


async def test_without_being_asked_for_the_bytes_stay_away(client: httpx.AsyncClient, pool: Pool) -> None:
    [run_id] = await issue(pool, slots=1)
    answer = await client.get(f"/forecasts/{run_id}/origin")

    assert decode(RunOrigin, answer.content).inputs is None
    assert "immutable" in answer.headers["cache-control"]


async def test_what_was_not_kept_is_said_to_be_missing(client: httpx.AsyncClient, pool: Pool) -> None:
    RunStore(pool).write(a_run(SLOT, run_id="e" * 32), (), "")
    paths = [f"/forecasts/{run_id}/{part}" for run_id in ("e" * 32, "f" * 32) for part in ("origin", "inputs")]

    assert [(await client.get(path)).status_code for path in paths] == [404] * 4


async def test_inputs_that_are_incomplete_or_too_many_are_not_shown(pool: Pool) -> None:
    [run_id] = await issue(pool, slots=1)
    stored = RunInputsReader(pool).read(run_id)
    assert stored is not None
    inputs = bytes_of(stored.inputs.histories)

    less = origin_of(stored, inputs[:-8], content=True)
    run = stored.run.model_copy(update={"feature_hash": "0x" + hashlib.sha256(inputs * 9_000).hexdigest()})
    more = origin_of(type(stored)(run, stored.inputs), inputs * 9_000, content=True)
    assert (less.complete, less.inputs) == (False, None)
    assert (more.complete, more.inputs, more.input_bytes > MOST_INPUTS) == (True, None, True)
