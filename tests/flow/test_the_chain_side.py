"""What the running stack has on its chain beside the seals of forecasts."""

import httpx
import psycopg
import pytest

from ..conftest import Stack, eventually

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]


def test_authority_and_benchmark_have_stakes_and_the_authority_takes_part(stack: Stack) -> None:
    stakes = eventually(
        lambda: stack.get(8020, "/api/v1/settlements/stakes")["items"],
        within_s=300,
        what="the stakes of the deployment",
    )

    by_name = {s["name"]: s for s in stakes}
    assert set(by_name) == {"forecast", "benchmark"}
    assert all(int(s["stake"]) > 0 for s in stakes)
    assert by_name["forecast"]["products"]


def test_the_benchmark_is_sealed_beside_a_run(stack: Stack) -> None:
    def both() -> list[dict[str, object]] | None:
        slot = _newest_slot(stack)
        seals = stack.get(8020, f"/api/v1/settlements/slots/site-6h/{slot}")["items"] if slot else []
        return seals if len({s["authority"] for s in seals}) == 2 else None

    seals = eventually(both, within_s=600, what="a slot that both authorities sealed")
    assert all(seal["counts"] for seal in seals)


def test_a_wallet_learns_the_contracts_and_what_an_account_has(stack: Stack) -> None:
    stakes = eventually(
        lambda: stack.get(8020, "/api/v1/settlements/stakes")["items"],
        within_s=300,
        what="the stakes of the deployment",
    )
    told = stack.get(8020, "/api/v1/contracts")
    account = stack.get(8020, f"/api/v1/accounts/{stakes[0]['authority']}")

    assert told["chain_id"] == 31337
    assert {"StakePool", "ActualsRegistry", "Settlement", "Token"} <= {c["name"] for c in told["contracts"]}
    assert int(account["holdings"][0]["worth"]) > 0


def test_the_process_that_recalibrations_are_asked_of_takes_jobs(stack: Stack) -> None:
    flows = stack.get(8002, "/api/v1/jobs")["items"]

    assert "retrain" in {flow["flow"] for flow in flows}


def test_a_wallet_gets_a_nonce_for_this_chain(stack: Stack) -> None:
    answer = httpx.post(f"{stack.url(8020)}/api/v1/session/nonce", timeout=10).raise_for_status()

    assert answer.json()["chain_id"] == 31337
    assert httpx.get(f"{stack.url(8020)}/api/v1/session", timeout=10).status_code == 401


def _newest_slot(stack: Stack) -> str | None:
    with psycopg.connect(stack.dsn) as db:
        row = db.execute(
            "SELECT to_char(slot AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM settlement.batches"
            " WHERE signer = 'benchmark' AND state IN ('mined', 'final') AND product_id = 'site-6h'"
            " ORDER BY slot DESC LIMIT 1"
        ).fetchone()
    return str(row[0]) if row else None
