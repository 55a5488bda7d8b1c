"""All routes of the process in one application: none hides another, each is described."""

from pathlib import Path

import httpx
from prometheus_client import CollectorRegistry
from psycopg_pool import AsyncConnectionPool
from web3 import AsyncHTTPProvider, AsyncWeb3

from gridseal.runtime.clock import SystemClock
from gridseal.runtime.settings import CoreSettings
from settlement_service.app import Parts, create_app
from settlement_service.contracts import Book
from settlement_service.lifecycle import LifeCycle
from settlement_service.runs import Pool, Runs
from settlement_service.settings import SettlementSettings
from settlement_service.signer import Key
from settlement_service.transactions.box import TransactionBox
from settlement_service.transactions.contracts import Calls, Contracts, load_abis
from settlement_service.transactions.routes import transaction_routes
from settlement_service.vault import Vault

EXPECTED = {
    "getAbi", "getAccount", "getActuals", "getOverride", "getProofFile", "getRound", "getSealByTransaction",
    "getSealOfRun", "getSession", "getSessionKeys", "getSignInNonce", "getSlotHistory", "getTransaction", "giveActuals",
    "listContracts",
    "listDisputes", "listOverrides", "listRounds", "listScores", "listSettledProducts", "listSlots", "listStakes",
    "notarizeRun", "signIn", "signOut", "summarizeSeals", "tellEvidence", "tellReason",
}  # fmt: skip


async def test_every_route_has_a_name_and_the_last_one_takes_only_hashes(tmp_path: Path) -> None:
    pool: Pool = AsyncConnectionPool("postgresql://nobody@127.0.0.1:1/none", open=False, min_size=0, max_size=1)
    vault, registry, clock = Vault([b"\7" * 32]), CollectorRegistry(), SystemClock()
    book = Book(AsyncWeb3(AsyncHTTPProvider("http://127.0.0.1:1")), tmp_path / "deployment.json")
    box = TransactionBox(pool, Contracts(tmp_path / "deployment.json", None), Calls(load_abis()), {})  # type: ignore[arg-type]
    keys = {"authority": Key(b"\1" * 32), "provider": Key(b"\2" * 32), "keeper": Key(b"\3" * 32)}
    life = LifeCycle(CoreSettings(), SettlementSettings(), clock, registry, pool, vault, book, keys, box)  # type: ignore[arg-type]
    parts = Parts(Runs(pool, vault), clock, registry, {}, [*life.routers(), transaction_routes(box)])
    app = create_app(parts)
    described = app.openapi()["paths"]

    assert {method["operationId"] for path in described.values() for method in path.values()} == EXPECTED
    assert len(life.parts()) == 3
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        not_deployed = await client.get("/api/v1/settlements/stakes")
        no_hash = await client.get("/api/v1/settlements/anything")
    assert (not_deployed.status_code, no_hash.status_code) == (503, 422)
    assert "deploy.py" in not_deployed.json()["detail"]
