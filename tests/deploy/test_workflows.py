"""Workflows are valid, run what exists, can do little, and deploy only by digest and only where a cluster is set."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.go_programs import go_program
from tests.deploy.manifests import ROOT, Json

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))


def workflow(name: str) -> Json:
    found: Json = yaml.safe_load((FOLDER / name).read_text())
    return found


@pytest.mark.timeout(600)
def test_actionlint_finds_nothing() -> None:
    argv = [str(go_program("workflowcheck")), "-no-color", "-shellcheck=", "-pyflakes=", *map(str, WORKFLOWS)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_workflow_begins_with_few_rights() -> None:
    assert len(WORKFLOWS) == 6
    for file in WORKFLOWS:
        assert workflow(file.name)["permissions"]["contents"] == "read", file.name
        for job in workflow(file.name)["jobs"].values():
            assert job["timeout-minutes"] <= 120


def test_every_image_of_the_repository_is_built() -> None:
    built = {(one["folder"], one.get("target")) for one in workflow("images.yml")["jobs"]["build"]["strategy"]["matrix"]["include"]}  # noqa: E501  # fmt: skip
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"].values()
    wanted = {(str(Path(s["build"]["dockerfile"]).parent), s["build"].get("target")) for s in compose if "build" in s}

    assert built == wanted


def test_a_cluster_gets_digests_and_only_where_its_access_is_set() -> None:
    steps = workflow("deploy.yml")["jobs"]["deploy"]["steps"]
    first, *rest = steps

    assert "KUBE_CONFIG" in first["run"]
    assert all(step["if"] == "steps.cluster.outputs.there == 'yes'" for step in rest)
    assert "attestation verify" in str(rest)
    matrix = workflow("images.yml")["jobs"]["build"]["strategy"]["matrix"]["include"]
    names = set(re.findall(r"gridseal/([a-z-]+)$", _images("production"), re.M))
    assert names <= {one["image"] for one in matrix}


def _images(overlay: str) -> str:
    from tests.deploy.manifests import containers

    return "\n".join(container["image"] for _, container in containers(overlay))


def test_make_targets_of_the_workflows_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    asked = {name for file in WORKFLOWS for name in re.findall(r"run: make ([a-z-]+)", file.read_text())}

    assert asked
    assert asked <= targets
