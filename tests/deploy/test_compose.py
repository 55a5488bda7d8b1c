"""The compose file is valid, complete, careful, and the same system as ``make demo``.

Proven here: the loader of docker compose takes it (where Go is there to build it), the schema, and the rules below.
Not proven here: images from their registries, and containers at work, which need an engine.
"""

import json
import os
import re
import shutil
import subprocess
from graphlib import TopologicalSorter
from pathlib import Path

import jsonschema_rs
import pytest

from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.stack import process_list
from tests.deploy.go_programs import go_program
from tests.deploy.manifests import ROOT, SCHEMAS, Json, compose, dockerfile

IMAGE_WITH_VERSION = re.compile(r"^[a-z0-9./-]+:v?\d+\.\d+[\w.-]*$")
LOCAL_NAMES = {"databases": None}
"""Processes of the local stack that containers do otherwise: the image of PostgreSQL makes its databases."""


def services() -> dict[str, Json]:
    found: dict[str, Json] = compose()["services"]
    return found


@pytest.fixture(scope="session")
def composecheck() -> Path:
    """The loader of docker compose as a program."""
    return go_program("composecheck")


def check(program: Path, file: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **variables}
    return subprocess.run([str(program), str(file)], capture_output=True, text=True, check=False, env=environment)


@pytest.mark.timeout(600)
def test_the_loader_of_docker_compose_takes_it_with_every_profile(composecheck: Path) -> None:
    done = check(composecheck, ROOT / "docker-compose.yml", GRIDSEAL_SECRETS="secrets")

    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["services"]) == set(services())


@pytest.mark.timeout(600)
def test_without_passwords_it_says_what_to_do(composecheck: Path) -> None:
    done = check(composecheck, ROOT / "docker-compose.yml")

    assert done.returncode == 1
    assert "run containers/make-secrets first" in done.stderr


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("here", "wrong", "says"),
    [
        ("  topics:\n", "  topics:\n    imagee: x\n", "imagee"),
        ("      kafka: { condition: service_healthy }\n", "      kafkaa: { condition: service_healthy }\n", "kafkaa"),
        ("    networks: [gridseal]\n", "    networks: [elsewhere]\n", "elsewhere"),
        ('      - "127.0.0.1:3000:13000"\n', '      - "127.0.0.1:3000:130000"\n', "130000"),
        ("      - mlflow:/var/lib", "      - mlfow:/var/lib", "mlfow"),
    ],
)
def test_a_wrong_file_is_refused(composecheck: Path, tmp_path: Path, here: str, wrong: str, says: str) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert here in text
    file = tmp_path / "docker-compose.yml"
    file.write_text(text.replace(here, wrong, 1))

    done = check(composecheck, file, GRIDSEAL_SECRETS="secrets")

    assert done.returncode == 1
    assert says in done.stderr


def test_it_keeps_to_the_schema_of_the_compose_specification() -> None:
    validator = jsonschema_rs.validator_for(json.loads((SCHEMAS / "compose-spec.json").read_text()))
    model = {name: value for name, value in compose().items() if not name.startswith("x-")}

    assert not [f"{'/'.join(map(str, e.instance_path))}: {e.message[:200]}" for e in validator.iter_errors(model)]
    wrong = {**model, "services": {"topics": {"imagee": "x"}}}
    assert list(validator.iter_errors(wrong))


def test_it_is_the_same_system_as_the_demo_without_containers(tmp_path: Path) -> None:
    core = {name for name, one in services().items() if one["profiles"] == ["core"]}
    local = {spec.name for spec in process_list(Layout(ROOT, tmp_path), Ports(20_000))}

    assert local - core == set(LOCAL_NAMES)
    assert core - local == {"setup", "door", "clock"}


def test_it_starts_in_the_order_of_the_demo(tmp_path: Path) -> None:
    specs = {spec.name: spec for spec in process_list(Layout(ROOT, tmp_path), Ports(20_000))}
    after: dict[str, set[str]] = {n: set(one.get("depends_on", ())) for n, one in services().items()}
    TopologicalSorter(after).prepare()

    def before(name: str) -> set[str]:
        return after[name] | {more for one in after[name] for more in before(one)}

    for name, spec in specs.items():
        for need in spec.needs:
            need = {"databases": "postgres"}.get(need, need)
            if name in after:
                assert need in before(name), f"{name} must wait for {need}"


def test_programs_and_ports_are_those_of_the_demo(tmp_path: Path) -> None:
    for spec in process_list(Layout(ROOT, tmp_path), Ports(0)):
        one = services().get(spec.name)
        if one is None or "-m" not in spec.argv:
            continue
        program = list(spec.argv[spec.argv.index("-m") :][:3])
        said = [str(word) for word in one.get("command") or default_command(one)]
        assert " ".join(program[1:2]) in " ".join(said), f"{spec.name}: {said} does not run {program}"
        for port in spec.ports:
            assert str(port) in json.dumps([one, dockerfile(folder_of(one)) if "build" in one else ""]), spec.name


def folder_of(one: Json) -> str:
    return str(Path(one["build"]["dockerfile"]).parent)


def default_command(one: Json) -> list[str]:
    """The command of the image: of the build's target where it has one."""
    text = dockerfile(folder_of(one))
    if target := one["build"].get("target"):
        text = text[text.index(f" AS {target}\n") :]
    found: list[str] = json.loads(re.findall(r"^CMD (\[.*\])$", text, re.M)[0])
    return found


def test_every_image_is_ours_or_names_its_version() -> None:
    for name, one in services().items():
        image = one["image"]
        if image.startswith("gridseal/"):
            assert (ROOT / one["build"]["dockerfile"]).exists(), name
        else:
            assert IMAGE_WITH_VERSION.match(image), f"{name}: {image} may be another one tomorrow"
            assert "build" not in one


def test_our_containers_can_do_little() -> None:
    for name, one in services().items():
        assert "privileged" not in one
        assert "no-new-privileges:true" in one["security_opt"], name
        assert one.get("logging"), f"{name} would fill the disk with its log"
        if one["image"].startswith("gridseal/"):
            assert one["user"] == "10001:10001", name
            assert one["read_only"] is True, name
            assert one["cap_drop"] == ["ALL"], name
            assert "cap_add" not in one, name


def test_nothing_is_published_beyond_this_machine() -> None:
    for name, one in services().items():
        for port in one.get("ports", ()):
            assert port.startswith("127.0.0.1:"), f"{name} publishes {port}"
    published = {re.search(r":(\d+)$", port)[1] for port in services()["door"]["ports"]}  # type: ignore[index]
    led = set(re.findall(r"listen (\d+);", (ROOT / "containers" / "door.conf").read_text()))
    assert published - led == {"9090"}


def test_what_runs_for_long_has_a_health_check_and_comes_back() -> None:
    for name, one in services().items():
        once = name in {"setup", "topics", "chain-deploy"} or one["profiles"] == ["tools"]
        if not once:
            assert one["restart"] == "unless-stopped", name
        if once or name in {"clock", "loki", "tempo", "otel-collector"}:
            continue  # no port of their own to ask, or an image without a shell
        has = "healthcheck" in one or ("build" in one and "HEALTHCHECK --interval" in dockerfile(folder_of(one)))
        assert has, f"{name} has no health check"


def test_no_password_stands_in_the_file_or_the_example() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert not re.findall(r"PASSWORD(?!\w*FILE)\w*:\s*\S", text)
    assert not re.findall(r"://[^/\s:]+:[^@\s$]+@", text)
    assert re.search(r"^GRIDSEAL_SECRETS=$", (ROOT / ".env.example").read_text(), re.M)


def test_every_variable_of_the_file_is_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text()
    used = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))

    assert not [name for name in used if name not in example]


def test_make_secrets_makes_what_compose_asks_for(tmp_path: Path) -> None:
    for name in ("containers/make-secrets", ".env.example"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for _ in range(2):  # what exists is kept
        subprocess.run(["sh", str(tmp_path / "containers" / "make-secrets")], check=True, capture_output=True)
        words = {f.name: f.read_text() for f in (tmp_path / "secrets").iterdir()}

    assert {f"{name}_password" for name in ("postgres", "redis", "mongo", "grafana")} == set(words)
    assert set(words) == set(compose()["secrets"])
    assert len(set(words.values())) == 4
    assert all(len(word) == 48 for word in words.values())
    assert "GRIDSEAL_SECRETS=secrets" in (tmp_path / ".env").read_text()
