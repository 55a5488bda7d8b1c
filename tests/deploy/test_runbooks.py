"""Every command in the runbooks exists: programs and their sub-commands, targets, scripts, services, overlays, links.

Those that only look (help, render, verify) are run; those that change something are looked up.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from gridseal.cli.main import app
from tests.deploy.manifests import ROOT, compose, rendered

DOCS = ROOT / "docs"
PAGES = [
    *sorted((DOCS / "runbooks").glob("*.md")),
    DOCS / "running.md",
    DOCS / "capacity.md",
    ROOT / "k8s" / "README.md",
]


def commands(*words: str) -> Iterator[tuple[str, str]]:
    """Page and command line, of code blocks and of inline code, that begin with one of the words."""
    for page in PAGES:
        text = page.read_text()
        blocks = [line.strip() for line in text.splitlines() if line.startswith("    ")]
        inline = re.findall(r"`([^`]+)`", text)
        for line in (*blocks, *inline):
            bare = re.sub(r"^(COMPOSE_PROFILES=\S+|\.venv/bin/)\s*", "", re.sub(r"\s+#.*$", "", line))
            for part in re.split(r" && | \| ", bare):
                if part.startswith(words):
                    yield page.name, part


def test_sub_commands_of_gridseal_exist() -> None:
    known = get_command(app).commands  # type: ignore[attr-defined]
    seen = set()
    for page, line in commands("gridseal "):
        words = [word for word in line.split()[1:] if word.islower() and not word.startswith("-")]
        assert words[0] in known, f"{page}: {line}"
        group = getattr(known[words[0]], "commands", {})
        if group and len(words) > 1:
            assert words[1] in group, f"{page}: {line}"
        seen.add(words[0])
    assert {"status", "audit", "verify", "device", "rotate-receipt-key"} <= seen


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    asked = {line.split()[1]: page for page, line in commands("make ")}

    assert asked
    assert not {target: page for target, page in asked.items() if target not in targets}


def test_services_of_compose_exist() -> None:
    known = compose()["services"]
    for page, line in commands("docker compose"):
        for found in re.findall(r"(?:run --rm|exec|logs --tail \d+|restart) ([a-z-]+)", line):
            assert found in known, f"{page}: {line}"


def test_what_is_called_in_a_cluster_exists_there() -> None:
    there = {(m["kind"].lower(), m["metadata"]["name"]) for m in rendered("production")}
    for page, line in commands("kubectl"):
        for kind, name in re.findall(r"\b(deployment|statefulset|cronjob)/([a-z-]+)", line):
            assert (kind, name) in there, f"{page}: {line}"
        for overlay in re.findall(r"k8s/overlays/(\w+)", line):
            assert (ROOT / "k8s" / "overlays" / overlay / "kustomization.yaml").exists(), f"{page}: {line}"


def test_files_that_are_named_exist() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            assert target.startswith("http") or (page.parent / target).exists(), f"{page.name}: {target}"
        for named in re.findall(
            r"`((?:containers|k8s|blockchain|tests|docs|\.github)/[\w./-]+[\w])`", page.read_text()
        ):
            assert (ROOT / named).exists() or "<" in named, f"{page.name}: {named}"


@pytest.mark.parametrize(
    "argv",
    [
        ("bash", "containers/gridseal-backup"),
        (".venv/bin/python", "blockchain/scripts/deploy_chain.py", "--help"),
        (".venv/bin/python", "blockchain/scripts/upgrade.py", "--help"),
        (".venv/bin/python", "-m", "edge_agent", "refused", "--help"),
        (".venv/bin/python", "-m", "local_stack.containers", "--help"),
    ],
)
def test_programs_say_how_they_are_used(argv: tuple[str, ...]) -> None:
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode in (0, 2), done.stderr
    assert "usage" in (done.stdout + done.stderr).lower() or "gridseal-backup save FOLDER" in done.stdout


def test_the_entrypoint_brings_settings_from_files(tmp_path: Path) -> None:
    (tmp_path / "GRIDSEAL_REDIS_URL").write_text("redis://:a b$`\"'@redis:6379/0\n")
    (tmp_path / "not-a-setting").write_text("x")
    argv = ["sh", str(ROOT / "containers" / "gridseal-entrypoint"), "env"]
    done = subprocess.run(
        argv, env={"SETTINGS_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert "GRIDSEAL_REDIS_URL=redis://:a b$`\"'@redis:6379/0\n" in done.stdout
    assert "not-a-setting" not in done.stdout
