"""Every command in the runbooks exists, and is run by some test or listed with the reason why not.

Run are those for one machine on a whole stack (``tests/flow/test_the_runbooks.py``) and those for a cluster on request
(``test_cluster.py``). Those of other pages are looked up: programs, sub-commands, targets, services, overlays, links.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from gridseal.cli.main import app
from tests.deploy.manifests import ROOT, compose, rendered
from tests.deploy.runbook_commands import ELSEWHERE, LIVE, NOT_RUN, Command, in_a_cluster, lines_of, why_not
from tests.deploy.runbook_commands import commands as commands_of_runbooks
from tests.deploy.test_cluster import AS_IT_STANDS, WITH_MORE

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


def test_every_command_is_run_or_has_a_reason_why_not() -> None:
    """A new command of a page fails here until a test runs it, and a test's until its page has it."""
    there = set(commands_of_runbooks())
    ways = {c: (c in LIVE, c in ELSEWHERE, in_a_cluster(c), bool(why_not(c))) for c in there}

    assert [c for c, way in ways.items() if sum(way) != 1] == []
    assert {*LIVE, *ELSEWHERE, *(Command(*c) for c in NOT_RUN)} - there == set()


def test_every_command_for_a_cluster_is_run_in_one() -> None:
    run = (*AS_IT_STANDS, *WITH_MORE)
    mine = [c for c in commands_of_runbooks() if in_a_cluster(c)]

    assert [c for c in mine if not any(c.page == page and has in c.line for page, has in run)] == []
    assert [(page, has) for page, has in run if not any(c.page == page and has in c.line for c in mine)] == []


@pytest.mark.parametrize("test", ELSEWHERE.values())
def test_the_tests_that_run_commands_exist(test: str) -> None:
    file, _, name = test.partition("::")

    assert f"def {name}(" in (ROOT / file).read_text()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Text.\n\n    make up    # or else\n    # only a remark\n\nMore.\n", ["make up"]),
        ("| a | `gridseal status --x` and `word` |\n", ["gridseal status --x"]),
        ('Targets:\n\n    [\n      {"name": "desk"}\n    ]\n', []),
    ],
)
def test_what_counts_as_a_command(text: str, found: list[str], tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(text)

    assert list(lines_of(tmp_path / "page.md")) == found
