"""Made-up questions from each service's own OpenAPI document: no answer breaks the document, none is a defect.

A few seconds a service here; ``make fuzz-api`` asks 10,000 altogether. No chain runs behind settlement-service: what
asks it is answered with 503, which its document says.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local_stack.scratch import scratch_database, scratch_postgres
from tests.api.apps import APPS
from tests.api.pieces import ROOT
from tests.api.served import served

pytestmark = [pytest.mark.servers, pytest.mark.timeout(7_200)]
CASES = int(os.environ.get("API_CASES", "0"))
QUICK = 2
"""Made-up examples of each operation in CI."""
QUICK_CHECKS = "not_a_server_error,content_type_conformance,response_schema_conformance"


@pytest.fixture(scope="module")
def server_dsn() -> Iterator[str]:
    with scratch_postgres() as address:
        yield address


@pytest.mark.parametrize("service", APPS)
def test_no_answer_breaks_the_document(service: str, server_dsn: str, tmp_path: Path) -> None:
    with scratch_database(server_dsn) as dsn, served(APPS[service], dsn, tmp_path) as address:
        done = subprocess.run(
            argv(service, address, tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False
        )
        alive = httpx.get(f"{address}/healthz", timeout=10)

    asked = cases(done.stdout)
    print(f"{service}: {asked} cases")
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]
    assert alive.status_code == 200
    assert asked >= len(operations(service))


def argv(service: str, address: str, folder: Path) -> list[str]:
    """Every check, every phase; in CI the checks of answers, and only as much as its minutes allow.

    Checks that are named here undo what the file says of single routes.
    """
    each = examples(service)
    phases = ("examples", "coverage", "fuzzing", "stateful") if CASES else ("examples", "fuzzing", "stateful")
    return [
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={ROOT / 'tests/api/schemathesis.toml'}", "run", f"{address}/openapi.json",
        *(() if CASES else (f"--checks={QUICK_CHECKS}",)),
        f"--phases={','.join(phases)}", f"--max-examples={each}", "--seed=7", "--no-color",
        "--suppress-health-check=all", "--warnings=off", "--request-timeout=20", "--continue-on-failure",
        f"--report-json-path={folder / 'report.json'}", "--report=json", "--generation-database=none",
    ]  # fmt: skip


def examples(service: str) -> int:
    """For each operation, so that the four services together come to the cases that are wanted."""
    if not CASES:
        return QUICK
    return max(CASES // len(APPS) // len(operations(service)), 1)


def operations(service: str) -> list[str]:
    """By their ids."""
    paths = json.loads((ROOT / "docs" / "openapi" / f"{service}.json").read_text())["paths"]
    return [operation["operationId"] for path in paths.values() for operation in path.values()]


def cases(output: str) -> int:
    found = re.search(r"(\d[\d,]*) generated", output)
    return int(found[1].replace(",", "")) if found else 0
