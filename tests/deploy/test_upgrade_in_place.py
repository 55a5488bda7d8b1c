"""An installation of an earlier release is brought to this one as its operator would: down, the new code, up.

On that release's own code and packages; data, checkpoints, keys, certificates and chain stay where they are. Proven
here: every row, seal and contract of before is there, a proof of before holds, and stream, forecasts, seals and
scores go on. Not proven here: containers and a cluster, and servers of other versions.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.conftest import eventually
from tests.deploy.manifests import ROOT

ASKED = os.environ.get("UPGRADE_TESTS") == "1"
pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not ASKED, reason="UPGRADE_TESTS=1 asks for it: an earlier release is set up first"),
    pytest.mark.timeout(3_000),
]
EARLIER = os.environ.get("EARLIER_RELEASE", "a538c6a")
BASE = int(os.environ.get("TEST_PORT_BASE", "20100")) + 400
KEPT = {
    "runs": "SELECT run_id, document::text FROM forecast.runs",
    "seals": "SELECT run_id, tx_hash, block_number FROM forecast.seals WHERE state = 'final'",
    "scores": "SELECT run_id, series_id, target_start, kind, model FROM forecast.scores",
    "devices": "SELECT device_id FROM telemetry.devices",
}
"""What may not change. Readings are counted, and a score may be corrected."""


@dataclass(frozen=True, slots=True)
class Installation:
    """A clone with a set-up of its own, started and stopped by its own make."""

    folder: Path
    home: Path

    def make(self, *words: str) -> None:
        with (self.home / "make.log").open("ab") as log:
            done = subprocess.run(
                ["make", *words], cwd=self.folder, stdout=log, stderr=log, check=False, timeout=1_200,
                env={"HOME": str(self.home), "PATH": os.environ["PATH"], "GRIDSEAL_PORT_BASE": str(BASE),
                     "DEMO_DAYS": "20", "GRIDSEAL_TIME_SCALE": "120"},
            )  # fmt: skip
        assert done.returncode == 0, f"make {' '.join(words)}: {(self.home / 'make.log').read_text()[-3000:]}"

    def git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.folder, check=True, capture_output=True)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        try:
            with psycopg.connect(f"postgresql://gridseal@127.0.0.1:{BASE + 5432}/gridseal", connect_timeout=5) as db:
                return db.execute(statement.encode()).fetchall()
        except psycopg.Error:
            return []

    def count(self, table: str) -> int:
        found = self.rows(f"SELECT count(*) FROM {table}")
        return int(found[0][0]) if found else 0

    def has(self, table: str, least: int) -> bool:
        return self.count(table) >= least

    def contracts(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.folder / ".local/chain/deployment.json").read_text())["contracts"]
        return found


@dataclass(frozen=True, slots=True)
class Before:
    """What the earlier release left."""

    rows: dict[str, set[tuple[Any, ...]]]
    readings: int
    contracts: dict[str, str]
    proof: Path


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, Before]]:
    home = tmp_path_factory.mktemp("home")
    one = Installation(tmp_path_factory.mktemp("installation") / "gridseal", home)
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(one.folder)], check=True)
    one.git("checkout", "--quiet", EARLIER)
    one.make("up")
    try:
        before = left_by(one)
        one.make("down")
        one.git("checkout", "--quiet", "origin/HEAD")
        one.make("up")
        yield one, before
    finally:
        one.make("down")


def left_by(one: Installation) -> Before:
    """Waits until there is something of everything, then stops what still writes by reading it last."""
    for table, least in {"telemetry.readings": 50_000, "forecast.scores": 100}.items():
        enough = partial(one.has, table, least)
        eventually(enough, within_s=600, what=f"{least} rows of {table}")
    final = KEPT["seals"] + " LIMIT 1"
    [(run, *_)] = eventually(lambda: one.rows(final), within_s=300, what="a final seal")
    [(series,)] = one.rows(f"SELECT series_id FROM forecast.values WHERE run_id = '{run}' LIMIT 1")
    address = f"http://127.0.0.1:{BASE + 8020}/api/v1/settlements/runs/{run}/proof"
    proof = one.home / "proof.json"
    proof.write_bytes(httpx.get(address, params={"series_id": series}, timeout=30).raise_for_status().content)
    return Before(
        {name: set(one.rows(statement)) for name, statement in KEPT.items()},
        one.count("telemetry.readings"), one.contracts(), proof,
    )  # fmt: skip


@pytest.mark.parametrize("name", sorted(KEPT))
def test_what_was_there_is_there(upgraded: tuple[Installation, Before], name: str) -> None:
    one, before = upgraded
    eventually(lambda: one.rows("SELECT 1"), within_s=60, what="the database after the upgrade")

    assert before.rows[name]
    assert before.rows[name] <= set(one.rows(KEPT[name]))
    assert one.count("telemetry.readings") >= before.readings


def test_the_contracts_are_those_of_before(upgraded: tuple[Installation, Before]) -> None:
    one, before = upgraded

    assert one.contracts() == before.contracts


def test_a_proof_of_before_holds(upgraded: tuple[Installation, Before]) -> None:
    one, before = upgraded
    argv = [str(one.folder / ".venv/bin/gridseal"), "verify", str(before.proof), "--rpc", f"http://127.0.0.1:{BASE + 8545}"]  # noqa: E501  # fmt: skip
    told = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)

    assert told.returncode == 0, told.stdout + told.stderr
    assert "VERIFIED" in told.stdout


def test_everything_goes_on(upgraded: tuple[Installation, Before]) -> None:
    """A run of after is sealed, a forecast of before is scored by what was measured after, and no series stands."""
    one, before = upgraded
    known = {row[0] for row in before.rows["runs"]}
    sealed = "SELECT run_id FROM forecast.seals WHERE state IN ('mined', 'final')"
    eventually(
        lambda: {run for (run,) in one.rows(sealed)} - known, within_s=300, what="a run sealed after the upgrade"
    )
    eventually(lambda: one.count("telemetry.readings") > before.readings, within_s=300, what="new readings")
    eventually(lambda: one.count("forecast.scores") > len(before.rows["scores"]), within_s=300, what="new scores")
