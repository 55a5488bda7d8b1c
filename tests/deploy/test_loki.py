"""Loki at work on our configuration: what the collector sends is kept, found again, and another version's file refused.

Proven here: Loki's own program of the version that compose pins, built from its Go module, takes the file as it is and
refuses a wrong one; a line of a container goes through the collector into it and is found by a query, whole. Not proven
here: the image, retention after its two weeks.
"""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import eventually
from tests.deploy.telemetry_programs import FOLDER, a_collector, a_loki, altered, loki

ASKED = os.environ.get("LOKI_TESTS") == "1"
pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not ASKED, reason="LOKI_TESTS=1 asks for it: building Loki takes ten minutes once"),
    pytest.mark.timeout(3_600),
]


def validated(file: Path) -> subprocess.CompletedProcess[str]:
    argv = [str(loki()), f"-config.file={file}", "-verify-config"]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_it_takes_our_file_as_it_is() -> None:
    done = validated(FOLDER / "loki.yaml")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("retention_enabled", "retention_enable", "retention_enable not found"),
        ("  delete_request_store: filesystem\n", "", "delete-request-store"),
        ("schema: v13", "schema: v11", "schema v13"),
        ("retention_period: 336h", "retention_period: 2 weeks", 'unknown unit " weeks"'),
    ],
)
def test_it_refuses_a_wrong_one(tmp_path: Path, right: str, wrong: str, says: str) -> None:
    done = validated(altered("loki.yaml", right, wrong, tmp_path))

    assert done.returncode != 0
    assert says in done.stderr


def test_a_line_of_a_container_is_found_again(tmp_path: Path) -> None:
    (tmp_path / "loki").mkdir()
    (tmp_path / "collector").mkdir()
    now = datetime.now(UTC)
    said = json.dumps({"event": "started", "service": "asset-service", "trace_id": "ab" * 16})
    line = {"log": said + "\n", "stream": "stdout", "time": now.strftime("%Y-%m-%dT%H:%M:%S.%f000Z")}
    with (
        a_loki(tmp_path / "loki") as port,
        a_collector(tmp_path / "collector", tempo=port, loki=port) as collector,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20) as client,
    ):
        with (collector.containers / "one" / "one-json.log").open("a") as file:
            file.write(json.dumps(line) + "\n")

        def found() -> list[dict[str, Any]]:
            query = '{service_name=~".+"} | json | trace_id = "' + "ab" * 16 + '"'
            reply = client.get("/loki/api/v1/query_range", params={"query": query, "since": "1h"}).raise_for_status()
            streams: list[dict[str, Any]] = reply.json()["data"]["result"]
            return streams

        [stream] = eventually(found, within_s=60, what="the line in Loki")

    [(at_ns, text)] = stream["values"]
    assert json.loads(text) == json.loads(said)
    assert abs(int(at_ns) / 1e9 - now.timestamp()) < 0.002
    assert stream["stream"]["service"] == "asset-service"
