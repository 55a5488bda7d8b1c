"""The compose file's own services run together by their images, hardened as it says, on real servers.

By Podman, on images built unmodified from their Dockerfiles on stand-ins made of Debian's packages (``podman.py``), on
the network of the host. Proven here: setup, topics, the chain with its contracts, every service of the profile ``core``
and the dashboard start in the file's order, are healthy by their own checks and ready at once; a reading goes from the
site's agent by MQTT, Kafka and Spark to PostgreSQL; a forecast of it is sealed on the chain; each stops in time. Kafka,
PostgreSQL, Redis and a MongoDB-protocol server are those of ``ScratchServers``, Mosquitto is Debian's in a container.
Not proven here: the official images, the network between containers and its door, published ports, restarts.
"""

import os
import time
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import httpx
import psycopg
import pytest

from local_stack.scratch_servers import ScratchServers
from tests.conftest import eventually
from tests.deploy.compose_run import Composition
from tests.deploy.manifests import compose
from tests.deploy.podman import Podman

ASKED = os.environ.get("CONTAINER_TESTS") == "1"
pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not ASKED, reason="CONTAINER_TESTS=1 asks for it: it needs root, Podman and half an hour"),
    pytest.mark.timeout(5_400),
]
ONCE = ("setup", "topics", "chain-deploy")
READY = {
    "forecast-api": "8000/readyz",
    "forecast-worker": "8001/readyz",
    "forecast-scheduler": "8002/readyz",
    "stream": "8003/readyz",
    "edge-agent": "8004/readyz",
    "asset-service": "8010/readyz",
    "settlement": "8020/readyz",
    "gateway": "8030/readyz",
    "mlflow": "5000/health",
    "dashboard": "3000/healthz",
}
"""Service → port and path that say whether it can do its work."""
CODES = {"chain": 143, "clock": 143, "dashboard": 143}
"""Exit codes after SIGTERM. Next.js says 143 once its server is closed; chain and clock have nothing to close."""


def in_order() -> list[str]:
    """Our services of the profile core, and the broker, in the order in which the file starts them."""
    all_of_them = compose()["services"]
    ours = {n for n, one in all_of_them.items() if one["profiles"] == ["core"] and "build" in one} | {"mosquitto"}
    after = {name: set(all_of_them[name].get("depends_on", ())) & ours for name in ours}
    return list(TopologicalSorter(after).static_order())


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScratchServers]:
    own = ScratchServers(tmp_path_factory.mktemp("servers"))
    own.start()
    yield own
    own.stop()


def settings_of(servers: ScratchServers, folder: Path) -> Path:
    """The servers' addresses as files that user 10001 may read."""
    there = servers.environment()
    names = ("POSTGRES_DSN", "REDIS_URL", "MONGO_URL", "KAFKA_BOOTSTRAP")
    wanted = {f"GRIDSEAL_{name}": there[f"GRIDSEAL_{name}"] for name in names}
    wanted["MLFLOW_BACKEND_STORE_URI"] = f"postgresql+psycopg://gridseal@127.0.0.1:{servers.ports.postgres}/mlflow"
    folder.mkdir(mode=0o755)
    for name, value in wanted.items():
        (folder / name).write_text(value)
        (folder / name).chmod(0o644)
    return folder


@pytest.fixture(scope="module")
def running(
    engine: Podman, images: dict[str, float], servers: ScratchServers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Composition]:
    """Everything, started in the file's order; what others wait for was healthy before they started."""
    folder = tmp_path_factory.mktemp("composition")
    folder.chmod(0o755)
    secrets = folder / "secrets"
    secrets.mkdir()
    for name in compose()["secrets"]:
        (secrets / name).write_text(f"the-{name}")
    own = Composition(
        engine,
        f"t{os.getpid()}",
        settings_of(servers, folder / "more"),
        secrets,
        replaced={"kafka:9092": servers.bootstrap},
        told={"edge-agent": {"DEMO_DAYS": "2"}},
    )
    try:
        start(own)
        yield own
    finally:
        own.remove()


def start(own: Composition) -> None:
    all_of_them = compose()["services"]
    waited_for = {
        name
        for one in all_of_them.values()
        for name, how in one.get("depends_on", {}).items()
        if how["condition"] == "service_healthy"
    }
    for service in in_order():
        began = time.monotonic()
        if service in ONCE:
            own.once(service)
        else:
            own.up(service)
        if service in waited_for:
            own.healthy(service, 300)
        print(f"{service}: {time.monotonic() - began:.1f} s")


def get(address: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{address}", timeout=20, trust_env=False)


def test_all_are_healthy_by_their_own_checks_and_ready_at_once(running: Composition) -> None:
    for service in in_order():
        if service not in {*ONCE, "clock"}:
            running.healthy(service, 300)

    def at_once() -> dict[str, int] | None:
        answers = {service: get(address).status_code for service, address in READY.items()}
        return answers if set(answers.values()) == {200} else None

    assert eventually(at_once, within_s=240, what=f"all of {list(READY)} ready")


def test_none_has_more_rights_than_it_needs(running: Composition) -> None:
    for service in in_order():
        if service in ONCE:
            continue
        rights = running.rights(service)
        assert rights["Uid"].split() == ["10001"] * 4, service
        assert {rights["CapEff"], rights["CapBnd"], rights["CapPrm"]} == {"0" * 16}, service
        assert (rights["NoNewPrivs"], rights["Seccomp"]) == ("1", "2"), service
        assert "Read-only file system" in rights["Root"], service


def test_setup_and_the_contracts_are_made_once_and_kept(running: Composition) -> None:
    look = "sha256sum /var/lib/gridseal/tls/ca.crt /var/lib/gridseal/keys/* /run/gridseal/settings/GRIDSEAL_REDIS_URL"
    found = [running.once("setup", "sh", "-c", look)]
    running.once("setup")
    found.append(running.once("setup", "sh", "-c", look))
    contracts = [running.once("chain-deploy", "cat", "/var/lib/gridseal/chain/deployment.json")]
    running.once("chain-deploy")
    contracts.append(running.once("chain-deploy", "cat", "/var/lib/gridseal/chain/deployment.json"))

    assert found[0] == found[1]
    assert contracts[0] == contracts[1]


def test_the_chain_mines_and_follows_the_clock(running: Composition) -> None:
    def block() -> dict[str, str]:
        asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["latest", False]}
        answer = httpx.post("http://127.0.0.1:8545", json=asked, timeout=20, trust_env=False)
        found: dict[str, str] = answer.raise_for_status().json()["result"]
        return found

    first = block()
    later = eventually(
        lambda: now if int((now := block())["number"], 16) > int(first["number"], 16) else None,
        within_s=120,
        what="another block",
    )

    assert int(later["timestamp"], 16) > int(first["timestamp"], 16)


def test_the_dashboard_shows_its_page_with_security_headers_and_its_services(running: Composition) -> None:
    page, assets = get("3000/"), get("3000/api/v1/assets")

    assert (page.status_code, "<html" in page.text) == (200, True)
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "'nonce-" in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert assets.json()["items"], "the catalog's presets come through the dashboard"


def test_a_reading_of_the_site_is_in_the_store(running: Composition, servers: ScratchServers) -> None:
    """Data set of the image → agent → MQTT with a certificate → gateway → Kafka → Spark → PostgreSQL."""

    def stored() -> int:
        with psycopg.connect(servers.dsn) as db:
            row = db.execute("SELECT count(*) FROM telemetry.readings").fetchone()
        return int(row[0]) if row else 0

    assert eventually(stored, within_s=300, what="a reading stored")
    status = eventually(lambda: get("8004/status").json()["totals"], within_s=60, what="the agent's count")
    assert status["messages_delivered"] > 0, "the gateway's signed receipts came back"


def test_a_forecast_is_issued_and_sealed_on_the_chain(running: Composition) -> None:
    def mined() -> int:
        states: dict[str, int] = get("8020/api/v1/settlements/summary").json()["states"]
        return states.get("mined", 0)

    assert eventually(mined, within_s=600, what="a run whose root is on the chain")


def test_each_stops_within_its_grace_period(running: Composition) -> None:
    ends = {service: running.stop(service) for service in reversed(in_order()) if service not in ONCE}
    print({service: (code, round(took, 1)) for service, (code, took) in ends.items()})

    wrong = {service: code for service, (code, _) in ends.items() if code != CODES.get(service, 0)}
    assert not wrong, {service: running.engine.logs(running.name(service)) for service in wrong}
    assert max(took for _, took in ends.values()) < 25
