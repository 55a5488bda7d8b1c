"""From a meter to a seal that a stranger can check."""

from pathlib import Path

import httpx
import psycopg
import pytest

from ..conftest import Stack, eventually

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]


def a_mined_run(stack: Stack) -> tuple[str, str, str] | None:
    with psycopg.connect(stack.dsn) as db:
        return db.execute(
            "SELECT v.run_id, v.series_id, s.tx_hash FROM forecast.values v JOIN forecast.seals s USING (run_id)"
            " WHERE s.state IN ('mined', 'final') AND v.series_id = 'home-01/net' LIMIT 1"
        ).fetchone()


@pytest.fixture(scope="module")
def proof(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    def read() -> tuple[str, str, str] | None:
        try:
            return a_mined_run(stack)
        except psycopg.Error:
            return None

    run_id, series_id, _ = eventually(read, within_s=400, what="a sealed run of home-01")
    answer = httpx.get(
        f"{stack.url(8020)}/api/v1/settlements/runs/{run_id}/proof", params={"series_id": series_id}, timeout=20
    ).raise_for_status()
    path = tmp_path_factory.mktemp("proof") / "proof.json"
    path.write_bytes(answer.content)
    return path


def test_the_command_verifies_a_seal_with_nothing_but_the_file_and_a_node(stack: Stack, proof: Path) -> None:
    done = stack.run("gridseal", "verify", str(proof), "--rpc", stack.rpc)

    assert done.returncode == 0, done.stdout
    assert "VERIFIED" in done.stdout


def test_a_changed_value_is_refuted(stack: Stack, proof: Path, tmp_path: Path) -> None:
    text = proof.read_text()
    at = text.index('"values_milli":[') + len('"values_milli":[')
    end = text.index(",", at)
    forged = tmp_path / "forged.json"
    forged.write_text(text[:at] + str(int(text[at:end]) - 1) + text[end:])

    done = stack.run("gridseal", "verify", str(forged), "--rpc", stack.rpc)

    assert done.returncode == 1
    assert "Merkle proofs" in done.stdout


def test_the_seal_is_found_by_its_transaction(stack: Stack, proof: Path) -> None:
    found = eventually(lambda: a_mined_run(stack), within_s=60, what="a sealed run")
    seal = stack.get(8020, f"/api/v1/settlements/{found[2]}")

    assert seal["state"] in ("mined", "final")
    assert seal["tx_hash"] == found[2]


def test_assets_show_their_performance(stack: Stack) -> None:
    rows = eventually(
        lambda: [r for r in stack.get(8010, "/api/v1/assets/performance")["items"] if r["mae_w"] is not None],
        within_s=400,
        what="a matured forecast per asset",
    )

    assert all(row["mean_actual_w"] is not None for row in rows)


def test_the_summary_counts_what_was_issued_and_sealed(stack: Stack) -> None:
    summary = stack.get(8000, "/api/v1/forecasts/summary")

    assert summary["sites"] == 20
    assert 0 < summary["runs_sealed"] <= summary["runs_issued"]
