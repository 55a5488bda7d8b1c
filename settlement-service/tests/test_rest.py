"""What the REST face answers, against a run book in memory."""

import base64
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import httpx
import pytest
from prometheus_client import CollectorRegistry

from gridseal.notary.batch import ZERO_HASH, SigningDomain, batch_hash, batch_of, sign_batch
from gridseal.notary.check import check_offline
from gridseal.notary.proof_file import read_proof
from gridseal.runtime.clock import SystemClock
from gridseal.wire.forecasts import ForecastRun
from gridseal.wire.origin import RunOrigin
from settlement_service.app import Parts, create_app
from settlement_service.sealing import Deployment, Sealing, Signer, Signing
from settlement_service.signer import Key

KEY = Key(b"\x42" * 32)
DEPLOYMENT = Deployment(31337, "0x" + "ab" * 20, KEY.address, 1, "one")
TX = "0x" + "aa" * 32


@dataclass
class KeptOrigins:
    """forecast-service, as far as it tells what runs were computed from."""

    kept: dict[str, RunOrigin] = field(default_factory=dict)

    async def of(self, run_id: str) -> RunOrigin | None:
        return self.kept.get(run_id)


@dataclass
class MemoryRuns:
    queue: Callable[[ForecastRun], Sealing]
    rows: dict[str, Sealing] = field(default_factory=dict)
    stored: dict[str, ForecastRun] = field(default_factory=dict)

    async def add(self, run: ForecastRun, signer: Signer = "forecast") -> bool:
        self.rows.setdefault(run.run_id, self.queue(run))
        return True

    async def retry(self, run_id: str, domain_now: datetime) -> bool:
        return False

    async def find(self, run_id: str) -> Sealing | None:
        return self.rows.get(run_id)

    async def find_by_transaction(self, tx_hash: str) -> Sealing | None:
        return next((s for s in self.rows.values() if s.tx_hash == tx_hash), None)

    async def issued(self, run_id: str) -> ForecastRun | None:
        return self.stored.get(run_id)

    async def summary(self) -> dict[str, int]:
        return {"mined": len(self.rows)}


@pytest.fixture
def runs(make_sealing: Callable[[ForecastRun], Sealing]) -> MemoryRuns:
    return MemoryRuns(make_sealing)


@pytest.fixture
def origins() -> KeptOrigins:
    return KeptOrigins()


@pytest.fixture
async def client(runs: MemoryRuns, origins: KeptOrigins) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Parts(runs, SystemClock(), CollectorRegistry(), origins=origins))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as opened:
        yield opened


def mined(sealing: Sealing) -> Sealing:
    batch = batch_of(sealing.run, bytes.fromhex(sealing.root[2:]), prev_batch=ZERO_HASH, nonce=0)
    domain = SigningDomain(chain_id=DEPLOYMENT.chain_id, registry=DEPLOYMENT.registry)
    return replace(
        sealing,
        state="mined",
        signing=Signing(batch_hash(batch), batch, sign_batch(batch, domain, KEY.secret)),
        tx_hash=TX,
        block_number=7,
        block_hash="0x" + "bb" * 32,
        block_time=datetime(2026, 6, 1, tzinfo=UTC),
        deployment=DEPLOYMENT,
    )


async def test_a_stored_run_is_queued_on_request(
    client: httpx.AsyncClient, runs: MemoryRuns, make_run: Callable[[], ForecastRun]
) -> None:
    run = make_run()
    runs.stored[run.run_id] = run
    answer = await client.post("/api/v1/settlements/notarize", json={"run_id": run.run_id})

    assert answer.status_code == 202
    assert answer.json()["state"] == "pending"
    assert (await client.get(f"/api/v1/settlements/runs/{run.run_id}")).json() == answer.json()


async def test_a_run_that_nobody_issued_is_not_found(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/settlements/notarize", json={"run_id": "f" * 32})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_proof_shows_what_the_run_was_computed_from_if_that_is_asked_for(
    client: httpx.AsyncClient, runs: MemoryRuns, origins: KeptOrigins, make_run: Callable[..., ForecastRun]
) -> None:
    inputs = b"home-00/net\0" + bytes(32)
    digest = "0x" + hashlib.sha256(inputs).hexdigest()
    run = make_run().model_copy(update={"feature_hash": digest})
    await runs.add(run)
    runs.rows[run.run_id] = mined(runs.rows[run.run_id])
    full = RunOrigin(
        run_id=run.run_id, feature_hash=digest, input_bytes=len(inputs), complete=True, series=(),
        inputs=base64.b64encode(inputs).decode(),
    )  # fmt: skip
    path = f"/api/v1/settlements/runs/{run.run_id}/proof"

    async def asked(told: RunOrigin | None) -> httpx.Response:
        origins.kept = {run.run_id: told} if told else {}
        return await client.get(path, params={"series_id": "home-00/net", "origin": "true"})

    checks = check_offline(read_proof((await asked(full)).content))
    without = read_proof((await client.get(path, params={"series_id": "home-00/net"})).content)
    refused = [await asked(full.model_copy(update=u)) for u in ({"inputs": None}, {"complete": False})]

    assert (checks[-1].name, all(c.passed for c in checks)) == ("inputs", True)
    assert without.origin is None
    assert [a.status_code for a in (*refused, await asked(None))] == [409] * 3
    assert f"/api/v1/forecasts/{run.run_id}/inputs" in refused[0].json()["detail"]


async def test_the_proof_of_a_mined_run_checks_out_offline(
    client: httpx.AsyncClient, runs: MemoryRuns, make_sealing: Callable[[], Sealing]
) -> None:
    sealing = mined(make_sealing())
    runs.rows[sealing.run_id] = sealing
    path = f"/api/v1/settlements/runs/{sealing.run_id}/proof"
    answer = await client.get(path, params={"series_id": "home-00/net"})
    checks = check_offline(read_proof(answer.content))
    start = read_proof(answer.content).forecast.points[1].target_start
    one = await client.get(path, params={"series_id": "home-00/net", "target_start": start.isoformat()})

    assert [c.name for c in checks if not c.passed] == []
    assert [p.target_start for p in read_proof(one.content).forecast.points] == [start]
    assert (await client.get(path, params={"series_id": "home-77/net"})).status_code == 404
    assert (await client.get(f"/api/v1/settlements/{TX}")).json()["block_number"] == 7


async def test_there_is_no_proof_before_the_block(
    client: httpx.AsyncClient, runs: MemoryRuns, make_sealing: Callable[[], Sealing]
) -> None:
    sealing = make_sealing()
    runs.rows[sealing.run_id] = sealing
    answer = await client.get(f"/api/v1/settlements/runs/{sealing.run_id}/proof", params={"series_id": "home-00/net"})

    assert answer.status_code == 409
    assert "pending" in answer.json()["detail"]


async def test_the_summary_counts_states(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/settlements/summary")).json() == {"states": {"mined": 0}}
