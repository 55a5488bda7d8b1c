"""The client against a real Apicurio Registry, where one is installed.

    mvn dependency:copy -DoutputDirectory=.local/registry \\
        -Dartifact=io.apicurio:apicurio-registry-app:2.5.11.Final:tar.gz:all
    tar -xzf .local/registry/apicurio-registry-app-2.5.11.Final-all.tar.gz -C .local/registry

It is 140 MB for these few tests, so set-up does not fetch it; ``test_registry.py`` replays what it answers.
"""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gridseal.errors import ConfigError
from gridseal.registry.announce import SCHEMA_OF, announce, schema_text, value_subject
from gridseal.registry.client import SchemaRegistry

ROOT = Path(__file__).resolve().parents[3]
RUNNERS = sorted((ROOT / ".local" / "registry").glob("apicurio-registry-app-*-runner.jar"))
pytestmark = pytest.mark.skipif(not RUNNERS, reason="Apicurio Registry is not in .local/registry, see this file")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    base = f"http://127.0.0.1:{port}/apis/ccompat/v7"
    options = ["-Xmx400m", f"-Dquarkus.http.port={port}", "-Dquarkus.http.host=127.0.0.1"]
    with (tmp_path_factory.mktemp("registry") / "log").open("wb") as log:
        server = subprocess.Popen(["java", *options, "-jar", str(RUNNERS[-1])], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 90
        while not _answers(base):
            assert server.poll() is None, "the registry ended"
            assert time.monotonic() < deadline, "the registry did not start"
        httpx.put(f"{base}/config", json={"compatibility": "BACKWARD"}).raise_for_status()
        yield base
    finally:
        server.kill()
        server.wait()


def _answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/subjects", timeout=2).is_success
    except httpx.HTTPError:
        return False


FOREIGN = "assets.changed"
TOPICS = sorted(set(SCHEMA_OF) - {FOREIGN})


async def test_all_topics_are_registered_and_again_with_the_same_ids(url: str) -> None:
    first = await announce(url, TOPICS)
    second = await announce(url, TOPICS)

    async with SchemaRegistry(url) as registry:
        assert sorted(await registry.subjects()) == sorted(value_subject(topic) for topic in TOPICS)
        for topic in TOPICS:
            assert first.headers(topic) == second.headers(topic) != []
            text = await registry.by_id(int(first.headers(topic)[0][1]))
            assert json.loads(text or "") == json.loads(schema_text(SCHEMA_OF[topic]))


async def test_a_schema_that_does_not_fit_is_refused_by_name(url: str) -> None:
    changed = json.loads(schema_text("alert-1"))
    changed["properties"]["count"] = {"type": "string"}
    changed["required"] = [*changed["required"], "count"]
    async with SchemaRegistry(url) as registry:
        # Someone else's idea of an alert came first.
        await registry.register(value_subject(FOREIGN), json.dumps(changed))
    with pytest.raises(ConfigError, match=r"catalog-1 does not fit .* under assets.changed-value"):
        await announce(url, [FOREIGN])
