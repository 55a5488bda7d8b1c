"""The commands of the runbooks, as they stand in the pages, on a whole stack: exit code, and what the page promises.

Last of its folder: it replaces the key of receipts. A page that says something else is something else that is run.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from local_stack.scratch_servers import ScratchServers
from tests.conftest import ROOT, Stack, eventually
from tests.deploy.runbook_commands import LIVE, Command, commands
from tests.deploy.test_stack_over_tls import newest_message

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]
PORTS = {"25432": 5432, "28000": 8000}
"""Ports of a stack that nobody moved, as the pages have them."""
SERVICES = (8000, 8001, 8002, 8003, 8004, 8010, 8020, 8030)
LINKED = (".venv", "blockchain", "containers", "local")
DEVICE = "runbook-meter"
BACKUP, DEPLOY, MONITOR, NIS2, ROTATE = (
    f"{name}.md" for name in ("backup-and-restore", "deploy", "monitor", "nis2", "rotate")
)


@dataclass(slots=True)
class Operator:
    """Somebody at the machine of the stack who copies lines of a page into a shell."""

    stack: Stack
    folder: Path
    copied: set[Command] = field(default_factory=set)
    exported: str = ""

    def does(self, page: str, begins: str, **filled: str) -> subprocess.CompletedProcess[str]:
        """Run the one command of a page that begins so; ``filled`` says what stands for a word of it."""
        line = self.reads(page, begins)
        if line.startswith("export "):
            self.exported = self.here(line)
            return self.shell("true")
        for word, value in filled.items():
            assert re.search(rf"\b{word}\b", line), f"{page}: {line} has no {word}"
            line = re.sub(rf"\b{word}\b", value, line)
        return self.shell(self.here(line))

    def must(self, page: str, begins: str, **filled: str) -> str:
        """The same, for a command that ends well; what it said."""
        done = self.does(page, begins, **filled)
        assert done.returncode == 0, f"{page}: {done.args[-1]}\n{done.stdout[-2_000:]}{done.stderr[-2_000:]}"
        return done.stdout

    def reads(self, page: str, begins: str) -> str:
        """The line of the page."""
        found = [c for c in commands() if c.page == page and c.line.startswith(begins)]
        assert len(found) == 1, f"{page} has {len(found)} commands that begin with {begins}"
        self.copied.add(found[0])
        return found[0].line

    def here(self, line: str) -> str:
        """The ports of this stack, and the newest file where the page leaves a time out."""
        for port, standard in PORTS.items():
            line = line.replace(port, str(self.stack.base + standard))
        return line.replace("…", "*")

    def shell(self, line: str) -> subprocess.CompletedProcess[str]:
        """One line of bash."""
        path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        env = {**self.stack.environment, **self.stack.addresses, "PATH": path}
        argv = ["bash", "-c", f"{self.exported}\n{line}"]
        return subprocess.run(
            argv, cwd=self.folder, env=env, capture_output=True, text=True, timeout=300, check=False
        )  # fmt: skip

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Of the database; none while it does not answer."""
        try:
            with psycopg.connect(self.stack.dsn, connect_timeout=5) as db:
                return db.execute(statement.encode()).fetchall()
        except psycopg.Error:
            return []


@pytest.fixture(scope="module")
def operator(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """In a folder that looks like the checkout, so that what is written lies there."""
    folder = tmp_path_factory.mktemp("operator")
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "k8s", folder / "k8s")
    return Operator(stack, folder)


@pytest.fixture(scope="module")
def sealed(operator: Operator) -> tuple[str, str]:
    """A run that is on the chain, and its slot."""
    statement = (
        "SELECT v.run_id, r.slot FROM forecast.values v JOIN forecast.seals s USING (run_id)"
        " JOIN forecast.runs r USING (run_id)"
        " WHERE s.state IN ('mined', 'final') AND v.series_id = 'home-01/net' ORDER BY r.slot LIMIT 1"
    )
    [(run_id, slot)] = eventually(lambda: operator.rows(statement), within_s=400, what="a sealed run of home-01")
    return str(run_id), slot.isoformat()  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", [DEPLOY, "incident.md"])
def test_the_status_names_every_process(operator: Operator, page: str) -> None:
    said = operator.must(page, "gridseal status")

    for name in ("postgres", "kafka", "gateway", "stream", "forecast-api", "settlement"):
        assert re.search(rf"^\W*{name}\b.*healthy", said, re.M), said


def test_what_runs_is_not_started_twice(operator: Operator) -> None:
    line = operator.reads(DEPLOY, "make up")
    done = subprocess.run(line.split(), cwd=ROOT, env=operator.stack.environment, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert "already running" in done.stdout


def test_each_process_says_what_it_lacks_and_what_it_counts(operator: Operator) -> None:
    method, path = operator.reads("incident.md", "GET ").split()
    for port in SERVICES:
        answer = httpx.request(method, operator.stack.url(port) + path, timeout=20)
        assert answer.status_code == 200, f"{port}: {answer.text}"
        assert answer.json(), port
        for other in ("/metrics", "/healthz"):
            assert httpx.get(operator.stack.url(port) + other, timeout=20).status_code == 200, f"{port}{other}"

    assert operator.must(MONITOR, "curl ").startswith("# HELP")


def test_one_message_is_followed(operator: Operator, sealed: tuple[str, str]) -> None:
    message = eventually(
        lambda: asyncio.run(newest_message(operator.stack, "home-01-meter")), within_s=60, what="a message of home-01"
    )
    line = operator.reads(MONITOR, "gridseal trace ").replace("DEVICE/BOOT/SEQ", message)

    done = eventually(
        lambda: done if (done := operator.shell(line)).returncode == 0 else None,
        within_s=300,
        what=f"the seal of what came of {message}",
    )

    assert "sealed on the chain" in done.stdout


def test_what_became_of_each_notice_is_asked(operator: Operator) -> None:
    done = operator.shell(f'psql -X -A "$GRIDSEAL_POSTGRES_DSN" -c "{operator.reads(MONITOR, "SELECT ")}"')

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("target|outcome|tries|said")


def test_rules_are_checked_and_dashboards_made(operator: Operator) -> None:
    boards = operator.folder / "k8s" / "observability" / "grafana" / "dashboards"
    before = {file.name: file.read_text() for file in boards.glob("*.json")}
    for file in boards.glob("*.json"):
        file.unlink()

    assert "SUCCESS" in operator.must(MONITOR, "cd k8s/")
    operator.must(MONITOR, "python k8s/")

    assert {file.name: file.read_text() for file in boards.glob("*.json")} == before


def test_a_window_is_audited(operator: Operator, sealed: tuple[str, str]) -> None:
    """Only its end is another one: the stack's own time."""
    slot = datetime.fromisoformat(sealed[1])
    line = operator.reads(NIS2, "gridseal audit ")
    asked = re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", line)
    for moment, there in zip(asked, (slot, slot + timedelta(minutes=1)), strict=True):
        line = line.replace(moment, there.strftime("%Y-%m-%dT%H:%M:%SZ"))
    done = operator.shell(line)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "CLEAN" in done.stdout


def test_evidence_is_checked_and_its_checksums_noted(operator: Operator, sealed: tuple[str, str]) -> None:
    address = f"{operator.stack.url(8020)}/api/v1/settlements/runs/{sealed[0]}/proof"
    answer = httpx.get(address, params={"series_id": "home-01/net"}, timeout=20).raise_for_status()
    (operator.folder / "proof.json").write_bytes(answer.content)
    receipts = operator.shell("python -m edge_agent proofs --device home-01-meter")
    assert json.loads(receipts.stdout), receipts.stderr
    (operator.folder / "receipts.json").write_text(receipts.stdout)

    assert "VERIFIED" in operator.must(NIS2, "gridseal verify ", URL=operator.stack.rpc)
    told = operator.must(NIS2, "gridseal verify-receipt ", FILE="receipts.json", URL=operator.stack.url(8030))
    assert "the gateway had stored messages" in told
    assert operator.must(NIS2, ".venv/bin/python ").startswith("device_id")

    exports = operator.folder / "exports"
    exports.mkdir()
    for name in ("proof.json", "receipts.json"):
        shutil.move(operator.folder / name, exports / name)
    done = operator.shell(f"cd exports && {operator.reads(NIS2, 'sha256sum ')} && sha256sum -c SHA256SUMS")
    assert done.stdout.count(": OK") == 2, done.stdout + done.stderr


def test_a_model_is_shown_and_goes_back_or_says_why_not(operator: Operator) -> None:
    assert "what the gate said" in operator.must("rollback.md", "gridseal model status")
    for order, why_not in (("rollback", "no earlier version"), ("approve", "no version")):
        done = operator.does("rollback.md", f"gridseal model {order} ", TEXT="the runbook is tried")
        assert (done.returncode == 0 and "serves" in done.stdout) or why_not in done.stderr, done.stdout + done.stderr


def test_a_settlement_module_is_proposed_by_a_script(operator: Operator) -> None:
    assert {"propose", "finish"} <= set(re.findall(r"\w+", operator.must("rollback.md", "python blockchain/")))


def test_the_database_is_saved_and_comes_back(operator: Operator) -> None:
    operator.must(BACKUP, "export ")
    try:
        assert "rows in" in operator.must(BACKUP, "containers/gridseal-backup save ")
        assert "is whole" in operator.must(BACKUP, "containers/gridseal-backup verify ")
        operator.must(BACKUP, "createdb ")
        said = operator.must(BACKUP, "containers/gridseal-backup restore ")
    finally:
        operator.exported = ""

    assert "as many rows as were saved" in said
    with psycopg.connect(operator.stack.dsn, dbname="restored") as db:
        [(readings,)] = db.execute("SELECT count(*) FROM telemetry.readings").fetchall()
    assert readings > 0


@pytest.fixture(scope="module")
def empty_mongo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    servers = ScratchServers(tmp_path_factory.mktemp("restored"))
    servers.start("mongo")
    yield servers.environment()["GRIDSEAL_MONGO_URL"]
    servers.stop()


def test_the_other_stores_are_saved_and_come_back(operator: Operator, empty_mongo: str) -> None:
    line = operator.reads(BACKUP, "make ")
    done = subprocess.run(line.split(), cwd=ROOT, env=operator.stack.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]

    saved = operator.must(BACKUP, ".venv/bin/python -m local_stack.backup save ")
    operator.must(BACKUP, ".venv/bin/python -m local_stack.backup verify ")
    restored = operator.must(BACKUP, "GRIDSEAL_STATE_DIR=restored ", ADDRESS=empty_mongo)

    for part in ("mongo gridseal.assets ", "lake bronze", "chain height ", "models files "):
        assert part in saved, saved
    assert counts_of(saved) == counts_of(restored)


def counts_of(said: str) -> set[str]:
    return set(said.strip().partition(": whole, ")[2].split(", "))


def test_a_key_of_a_machine_is_made_and_taken_back(operator: Operator) -> None:
    key = operator.must(ROTATE, "gridseal key new ", NAME="reporting").strip()
    key_id = key.split("_")[1]
    assert key.startswith("gs_")
    assert key_id in operator.shell("gridseal key list").stdout

    operator.must(ROTATE, "gridseal key revoke ", ID=key_id)

    assert key_id not in operator.shell("gridseal key list").stdout


def test_a_device_gets_another_certificate_and_is_shut_out(operator: Operator) -> None:
    def states() -> list[str]:
        said = operator.shell("COLUMNS=200 gridseal device list").stdout
        return re.findall(rf"{DEVICE}\b.*\b(valid|revoked)\b", said)

    assert operator.shell(f"gridseal device enroll {DEVICE} --site home-01").returncode == 0
    operator.must(ROTATE, "gridseal device rotate ", DEVICE=DEVICE)
    assert states() == ["valid", "valid"]

    said = operator.must(ROTATE, "gridseal device revoke ", DEVICE=DEVICE)

    assert "2 certificates put on the revocation list" in said
    assert states() == ["revoked", "revoked"]


def test_receipts_get_another_key_and_old_ones_stay_checkable(operator: Operator) -> None:
    address = f"{operator.stack.url(8030)}/api/v1/gateway/receipt-keys"

    def keys() -> set[str]:
        return {key["key_id"] for key in httpx.get(address, timeout=10).raise_for_status().json()["items"]}

    before = keys()
    said = operator.must(ROTATE, "gridseal rotate-receipt-key")
    fresh = said.split("key ")[1].split()[0]

    assert fresh not in before
    eventually(lambda: keys() == before | {fresh}, within_s=30, what="the gateway with its new key")


def test_nothing_that_can_be_run_here_was_left_out(operator: Operator) -> None:
    assert operator.copied == LIVE
