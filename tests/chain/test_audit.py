"""``gridseal audit`` finds a settled round in order, and a store that says something else than was sealed."""

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from psycopg.types.json import Jsonb
from rich.console import Console

from gridseal.cli.audit_window import Window, audit_window
from gridseal.wire.codec import encode_dict
from gridseal.wire.fields import format_utc
from gridseal.wire.forecasts import ForecastRun, run_id
from local_stack.scratch import scratch_database, scratch_postgres

from ..conftest import ROOT
from .clients import ANVIL_CONSORTIUM, running
from .rounds import Played, play
from .sealing import Chain

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]
TABLE = """
CREATE SCHEMA forecast;
CREATE TABLE forecast.runs (slot timestamptz, product_id text, version int, document jsonb);
"""


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    with running(ANVIL_CONSORTIUM) as web3:
        yield play(Chain.on(web3, free_gas=True))


@pytest.fixture(scope="module")
def deployment(played: Played, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("chain") / "deployment.json"
    played.write(path)
    return path


def rpc_of(played: Played) -> str:
    return str(played.chain.web3.provider.endpoint_uri)  # type: ignore[attr-defined]


def a_window(played: Played, deployment: Path, dsn: str | None) -> Window:
    slot = played.run.slot
    return Window(slot, slot + timedelta(hours=1), rpc_of(played), deployment, dsn, None)


def audited(window: Window) -> tuple[int, str]:
    console = Console(record=True, width=200, file=StringIO())
    return audit_window(window, console), console.export_text()


def stored(dsn: str, *runs: ForecastRun) -> None:
    with psycopg.connect(dsn) as db:
        db.execute(TABLE)
        for run in runs:
            row = (run.slot, run.product_id, run.version, Jsonb(encode_dict(run)))
            db.execute("INSERT INTO forecast.runs VALUES (%s, %s, %s, %s)", row)


def test_a_settled_round_is_clean_from_the_chain_alone(played: Played, deployment: Path) -> None:
    slot = played.run.slot
    window = ["--from", format_utc(slot), "--to", format_utc(slot + timedelta(hours=1))]
    done = subprocess.run(
        [str(ROOT / ".venv" / "bin" / "gridseal"), "audit", *window, "--rpc", rpc_of(played), "--deployment",
         str(deployment), "--chain-only"],
        capture_output=True, text=True, check=False, cwd=ROOT, env={"COLUMNS": "200", "PATH": ""},
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 seals, 0 stored runs, 2 scores computed again" in done.stdout
    assert "CLEAN" in done.stdout


def test_a_window_without_anything_is_not_called_clean(played: Played, deployment: Path) -> None:
    window = a_window(played, deployment, None)
    earlier = Window(window.since - timedelta(days=2), window.since, window.rpc, window.deployment, None, None)

    assert audited(earlier)[0] == 2


def test_a_store_that_differs_from_what_was_sealed_is_told(played: Played, deployment: Path) -> None:
    other = played.run.model_copy(update={"model_hash": "0x" + "99" * 32})
    late = played.run.slot + timedelta(minutes=15)
    forgotten = played.run.model_copy(update={"slot": late, "run_id": run_id("site-6h", late, "1", 1)})
    with scratch_postgres() as address:
        with scratch_database(address) as dsn:
            stored(dsn, played.run)
            good = audited(a_window(played, deployment, dsn))
        with scratch_database(address) as dsn:
            stored(dsn, other, forgotten)
            bad = audited(a_window(played, deployment, dsn))
        with scratch_database(address) as dsn:
            stored(dsn)
            hidden = audited(a_window(played, deployment, dsn))

    assert good[0] == 0, good[1]
    assert bad[0] == 1
    assert "sealed with another model" in bad[1]
    assert f"not sealed: run {forgotten.run_id[:12]}" in bad[1]
    assert hidden[0] == 1
    assert "sealed, but not in the store" in hidden[1]
