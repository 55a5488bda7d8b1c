"""What the REST face answers, against a run book in memory."""

import base64
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Query
from prometheus_client import CollectorRegistry

from gridseal.errors import UnavailableError
from gridseal.identity.ed25519 import SigningKey
from gridseal.notary.batch import ZERO_HASH, SigningDomain, batch_hash, batch_of, sign_batch
from gridseal.notary.check import check_offline
from gridseal.notary.proof_file import Origin, read_proof
from gridseal.runtime.clock import SystemClock
from gridseal.wire.forecasts import ForecastRun
from gridseal.wire.origin import InputSeries, RunOrigin
from gridseal.wire.receipts import Receipt
from gridseal.wire.signing import signing_bytes
from local_stack.scratch import free_port
from settlement_service.app import Parts, create_app
from settlement_service.origin import GatewayReceipts
from settlement_service.sealing import Deployment, Sealing, Signer, Signing
from settlement_service.signer import Key

KEY, GATEWAY = Key(b"\x42" * 32), SigningKey.new()
DEPLOYMENT = Deployment(31337, "0x" + "ab" * 20, KEY.address, 1, "one")
TX = "0x" + "aa" * 32


@dataclass
class KeptOrigins:
    """forecast-service, as far as it tells what runs were computed from."""

    kept: dict[str, RunOrigin] = field(default_factory=dict)

    async def of(self, run_id: str, *, content: bool = True) -> RunOrigin | None:
        return self.kept.get(run_id)


@dataclass
class KeptReceipts:
    """The gateway, as far as it tells receipts of the devices it knows."""

    devices: tuple[str, ...] = ()
    asked: list[tuple[tuple[str, ...], datetime]] = field(default_factory=list)

    async def before(self, devices: Sequence[str], moment: datetime) -> Origin:
        self.asked.append((tuple(devices), moment))
        told = tuple(signed_receipt(device) for device in devices if device in self.devices)
        return Origin(receipts=told, receipt_keys=(base64.b64encode(GATEWAY.public.public_bytes_raw()).decode(),))


def signed_receipt(device: str) -> dict[str, Any]:
    blank = Receipt(device_id=device, boot_id="0" * 16, through=7, issued_at_ms=1, key_id=GATEWAY.key_id)
    content = blank.model_dump(mode="json", by_alias=True, exclude={"signature"})
    return content | {"signature": GATEWAY.sign(signing_bytes(content))}


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
def receipts() -> KeptReceipts:
    return KeptReceipts(("home-00-pv",))


@pytest.fixture
async def client(runs: MemoryRuns, origins: KeptOrigins, receipts: KeptReceipts) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Parts(runs, SystemClock(), CollectorRegistry(), origins=origins, receipts=receipts))
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


async def test_a_proof_shows_the_receipts_of_the_devices_from_before_the_run_was_taken_in(
    client: httpx.AsyncClient, runs: MemoryRuns, origins: KeptOrigins, receipts: KeptReceipts,
    make_run: Callable[..., ForecastRun],
) -> None:  # fmt: skip
    run = make_run()
    await runs.add(run)
    runs.rows[run.run_id] = mined(runs.rows[run.run_id])
    path = f"/api/v1/settlements/runs/{run.run_id}/proof"
    asked = {"series_id": "home-00/net", "receipts": "true"}
    unknown = await client.get(path, params=asked)
    series = InputSeries(series_id="home-00/net", first=run.slot, resolution_s=3600, periods=24, measured=24,
                         devices=("home-00-pv", "home-00-meter"))  # fmt: skip
    told = RunOrigin(run_id=run.run_id, feature_hash=run.feature_hash, input_bytes=9, complete=False, series=(series,))
    origins.kept = {run.run_id: told}
    shown = read_proof((await client.get(path, params=asked)).content)
    receipts.devices = ()
    none = await client.get(path, params=asked)

    checks = check_offline(shown)
    assert (checks[-1].name, all(c.passed for c in checks)) == ("receipts", True)
    assert receipts.asked[0] == (("home-00-meter", "home-00-pv"), runs.rows[run.run_id].received_at)
    assert shown.origin is not None
    assert [r["device_id"] for r in shown.origin.receipts] == ["home-00-pv"]
    assert [unknown.status_code, none.status_code] == [409, 409]
    bent = shown.model_copy(update={"origin": shown.origin.model_copy(update={"receipts": (
        shown.origin.receipts[0] | {"through": 8},)})})  # fmt: skip
    assert not check_offline(bent)[-1].passed


async def test_receipts_are_asked_of_the_gateway_a_hundred_devices_at_a_time() -> None:
    devices, asked = [f"home-{number:03d}-pv" for number in range(150)], []
    app = FastAPI()

    @app.get("/api/v1/gateway/receipts")
    def told(device_id: Annotated[list[str], Query()], before: str) -> dict[str, Any]:
        asked.append((len(device_id), before))
        return {"items": [signed_receipt(device) for device in device_id]}

    @app.get("/api/v1/gateway/receipt-keys")
    def keys() -> dict[str, Any]:
        other = SigningKey.new()
        raw = [(key.key_id, base64.urlsafe_b64encode(key.public.public_bytes_raw())) for key in (other, GATEWAY)]
        return {"items": [{"key_id": name, "public_key": key.decode().rstrip("=")} for name, key in raw]}

    gateway = GatewayReceipts("http://gateway", transport=httpx.ASGITransport(app=app))
    found = await gateway.before(devices, datetime(2026, 6, 1, tzinfo=UTC))

    assert asked == [(100, "2026-06-01T00:00:00Z"), (50, "2026-06-01T00:00:00Z")]
    assert [r["device_id"] for r in found.receipts] == devices
    assert found.receipt_keys == (base64.b64encode(GATEWAY.public.public_bytes_raw()).decode(),)
    with pytest.raises(UnavailableError, match="GRIDSEAL_GATEWAY_URL"):
        await GatewayReceipts(f"http://127.0.0.1:{free_port()}").before(devices, datetime(2026, 6, 1, tzinfo=UTC))


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
