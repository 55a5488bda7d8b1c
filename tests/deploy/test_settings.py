"""Compose, manifests and images tell each program only what it knows, and what it takes.

Every settings group of a program is built from the environment of its containers, as the program does at its start:
a name that it does not know, or a value that it refuses, fails here and not in a cluster.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from asset_service.settings import AssetSettings
from edge_agent.settings import AgentSettings
from forecast_service.settings import ForecastSettings
from gridseal.runtime.settings import CoreSettings, PrefixedSettings, load_settings
from ingestion_gateway.feeds.settings import FeedSettings
from ingestion_gateway.settings import GatewaySettings
from local_stack.containers import clock_settings, stores
from settlement_service.settings import SettlementSettings
from streaming_processor.features.settings import FeatureGroupSettings
from streaming_processor.lake.settings import LakeSettings
from streaming_processor.settings import Settings as StreamSettings
from tests.deploy.manifests import OVERLAYS, ROOT, Json, command, compose, containers, dockerfile, environment, rendered

Groups = tuple[type[PrefixedSettings], ...]
PROGRAMS: dict[str, Groups] = {
    "asset_service": (CoreSettings, AssetSettings),
    "ingestion_gateway": (CoreSettings, GatewaySettings),
    "ingestion_gateway.feeds": (CoreSettings, FeedSettings),
    "edge_agent": (CoreSettings, AgentSettings),
    "streaming_processor": (CoreSettings, StreamSettings, FeatureGroupSettings),
    "streaming_processor.lake": (CoreSettings, LakeSettings, FeatureGroupSettings),
    "forecast_service": (CoreSettings, ForecastSettings),
    "settlement_service": (CoreSettings, SettlementSettings),
    "local_stack.chain_clock": (CoreSettings,),
}
PREFIXES = tuple(sorted({str(kind.model_config["env_prefix"]) for groups in PROGRAMS.values() for kind in groups}))
FOLDERS = {
    "gridseal/asset-service": "asset-service",
    "gridseal/ingestion-gateway": "ingestion-gateway",
    "gridseal/edge-agent": "ingestion-gateway",
    "gridseal/streaming-processor": "streaming-processor",
    "gridseal/forecast-service": "forecast-service",
    "gridseal/settlement-service": "settlement-service",
    "gridseal/dashboard": "frontend",
    "gridseal/tools": "local",
    "gridseal/chain": "blockchain",
}
DEFAULT_PROGRAM = {
    "gridseal/asset-service": "asset_service",
    "gridseal/ingestion-gateway": "ingestion_gateway",
    "gridseal/edge-agent": "edge_agent",
    "gridseal/streaming-processor": "streaming_processor",
    "gridseal/settlement-service": "settlement_service",
}


def image_environment(image: str) -> dict[str, str]:
    """What the Dockerfile sets; of a file with several targets what any of them does."""
    text = dockerfile(FOLDERS[image]).replace("\\\n", " ")
    if image == "gridseal/ingestion-gateway":
        text = re.sub(r"FROM runtime AS edge-agent.*?(?=FROM runtime AS)", "", text, flags=re.S)
    lines = re.findall(r"^ENV (.*)$", text, re.M)
    return dict(pair.split("=", 1) for line in lines for pair in line.split() if "=" in pair)


def cases() -> Iterator[tuple[str, str, list[str], dict[str, str]]]:
    """Name, image, command and environment of every container of ours, everywhere."""
    for name, one in compose()["services"].items():
        image = str(one["image"]).partition(":")[0]
        if image in FOLDERS:
            own = {k: str(v) for k, v in (one.get("environment") or {}).items() if v is not None}
            yield f"compose {name}", image, command(one), image_environment(image) | own
    for overlay in OVERLAYS:
        for manifest, container in containers(overlay):
            image = container["image"].partition(":")[0]
            if image in FOLDERS:
                own = image_environment(image) | environment(container, overlay)
                yield f"{overlay} {manifest['metadata']['name']}", image, command(container), own
        for manifest in rendered(overlay):
            if manifest["kind"] == "SparkApplication":
                driver: Json = manifest["spec"]["driver"]
                image = "gridseal/streaming-processor"
                own = image_environment(image) | environment(driver, overlay)
                yield f"{overlay} driver", image, ["python", "-m", "streaming_processor"], own


def program_of(image: str, words: list[str]) -> str | None:
    """Which of our programs a container runs; None for others."""
    if "-m" in words:
        return words[words.index("-m") + 1]
    return None if words else DEFAULT_PROGRAM.get(image)


def secret_settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("secrets")
    for name in ("postgres", "redis", "mongo"):
        (folder / f"{name}_password").write_text("a b/c@d:e?f#g\n")
    return stores(folder) | clock_settings(folder, folder, 60.0, 0.0)


def test_every_program_takes_what_it_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secrets, seen = secret_settings(tmp_path_factory), set()
    for name, image, words, told in cases():
        program = program_of(image, words)
        if program not in PROGRAMS:
            continue
        seen.add(program)
        with monkeypatch.context() as here:
            for variable, value in (told | (secrets if name.startswith("compose") else {})).items():
                if variable.startswith(PREFIXES):
                    here.setenv(variable, value)
            for group in PROGRAMS[program]:
                try:
                    load_settings(group)
                except Exception as error:
                    raise AssertionError(f"{name} ({program}): {error}") from error
            own = {str(group.model_config["env_prefix"]) for group in PROGRAMS[program]}
            of_image = image_environment(image)
            strange = [v for v in told if v.startswith(PREFIXES) and v not in of_image and not v.startswith(tuple(own))]
            assert not strange, f"{name} is told {strange}, which {program} never reads"
    assert seen == set(PROGRAMS)


def test_a_misspelt_variable_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_TLS_DRI", "/x")

    with pytest.raises(Exception, match="GATEWAY_TLS_DRI"):
        load_settings(GatewaySettings)


def test_on_a_network_there_is_a_login_and_without_one_only_loopback() -> None:
    for name, image, words, told in cases():
        program = program_of(image, words)
        if program in PROGRAMS and program != "local_stack.chain_clock" and "GRIDSEAL_HOST" in told:
            assert (told["GRIDSEAL_AUTH"], told["GRIDSEAL_HOST"]) in {("dev", "127.0.0.1"), ("login", "0.0.0.0")}, name


def test_ports_are_the_ones_that_the_programs_take() -> None:
    variables = {
        "ASSET_PORT": 8010, "GATEWAY_PORT": 8030, "SETTLEMENT_SERVICE_PORT": 8020, "FORECAST_API_PORT": 8000,
        "FORECAST_WORKER_PORT": 8001, "FORECAST_SCHEDULER_PORT": 8002, "STREAMING_PROCESSOR_METRICS_PORT": 8003,
        "EDGE_AGENT_STATUS_PORT": 8004, "FEEDS_PORT": 8031, "PORT": 3000,
    }  # fmt: skip
    for name, _, _, told in cases():
        for variable, port in variables.items():
            assert told.get(variable, str(port)) == str(port), f"{name}: {variable}"
    own = {
        8000: "forecast-api", 8001: "forecast-worker", 8002: "forecast-scheduler", 8010: "asset-service",
        8020: "settlement-service", 8030: "ingestion-gateway", 8003: "streaming-processor", 3000: "dashboard",
    }  # fmt: skip
    for overlay in OVERLAYS:
        for manifest in rendered(overlay):
            if manifest["kind"] == "Service" and manifest["metadata"]["name"] in own.values():
                port = manifest["spec"]["ports"][0]["port"]
                assert own[port] == manifest["metadata"]["name"]


def read_by_the_dashboard() -> set[str]:
    """Every variable of ours that the server of the dashboard reads."""
    sources = [*(ROOT / "frontend" / "src").rglob("*.ts"), *(ROOT / "frontend" / "src").rglob("*.tsx")]
    text = "".join(f.read_text() for f in [*sources, ROOT / "frontend" / "scripts" / "finish-standalone.mjs"])
    return set(re.findall(r"(?:env\.|variable: \")(GRIDSEAL_[A-Z_]+)", text))


def told_to_the_dashboard(overlay: str) -> dict[str, str]:
    [container] = [c for m, c in containers(overlay) if m["metadata"]["name"] == "dashboard"]
    return environment(container, overlay)


OF_A_PROVIDER = {f"GRIDSEAL_OIDC_{name}" for name in ("CLIENT_ID", "CLIENT_SECRET_FILE", "SCOPE", "RESOURCE", "ROLES_CLAIM")}  # noqa: E501  # fmt: skip
"""Whose defaults fit a public client named ``dashboard``."""
OF_A_LOGIN = {*OF_A_PROVIDER, "GRIDSEAL_OIDC_ISSUER", "GRIDSEAL_SESSION_SECRET_FILE"}


def test_the_dashboard_is_told_all_that_it_reads() -> None:
    """A variable that is read and told nowhere would be its default: an address of the stack without containers."""
    read = read_by_the_dashboard()
    own: dict[str, str] = compose()["services"]["dashboard"]["environment"]
    by_request = {"GRIDSEAL_DASHBOARD_URL", "GRIDSEAL_FORECAST_WS_URL"}  # and by the forecast URL, both on loopback

    assert len(read) > 15
    assert {v for v in own if v.startswith("GRIDSEAL_")} == read - OF_A_LOGIN - by_request
    assert read - set(told_to_the_dashboard("markets")) == OF_A_PROVIDER
    for overlay in OVERLAYS:
        feeds = set() if overlay == "markets" else {"GRIDSEAL_FEEDS_URL"}
        issuer = {"GRIDSEAL_OIDC_ISSUER"} if overlay == "local" else set()
        assert read - set(told_to_the_dashboard(overlay)) == OF_A_PROVIDER | feeds | issuer, overlay


def test_its_session_outlives_a_copy_of_it() -> None:
    for overlay in OVERLAYS:
        [(manifest, container)] = [(m, c) for m, c in containers(overlay) if m["metadata"]["name"] == "dashboard"]
        file = environment(container, overlay)["GRIDSEAL_SESSION_SECRET_FILE"]
        [mount] = [one for one in container["volumeMounts"] if file.startswith(one["mountPath"] + "/")]
        volumes = {one["name"]: one for one in manifest["spec"]["template"]["spec"]["volumes"]}
        assert volumes[mount["name"]]["secret"]["secretName"] == "dashboard-session", overlay
        assert f"`{file.rpartition('/')[2]}`" in (ROOT / "k8s" / "README.md").read_text()


def test_pages_of_the_dashboard_may_open_the_socket_that_they_are_told_of() -> None:
    for overlay in OVERLAYS:
        [api] = [environment(c, overlay) for m, c in containers(overlay) if m["metadata"]["name"] == "forecast-api"]
        told = told_to_the_dashboard(overlay)
        assert told["GRIDSEAL_DASHBOARD_URL"] in api["FORECAST_ALLOWED_ORIGINS"].split(","), overlay
        page, socket = urlsplit(told["GRIDSEAL_DASHBOARD_URL"]), urlsplit(told["GRIDSEAL_FORECAST_WS_URL"])
        assert (socket.scheme, socket.hostname) == (page.scheme.replace("http", "ws"), page.hostname), overlay


def test_secret_settings_have_the_names_of_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    known = {f"GRIDSEAL_{name.upper()}" for name in CoreSettings.model_fields} | {"MLFLOW_BACKEND_STORE_URI"}
    assert set(secret_settings(tmp_path_factory)) <= known
    for manifest in rendered("production"):
        if manifest["kind"] == "ExternalSecret" and manifest["metadata"]["name"] == "gridseal-addresses":
            assert set(manifest["spec"]["target"]["template"]["data"]) <= known
