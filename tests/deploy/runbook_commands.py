"""The commands of the runbooks as their pages have them, and where each is tried."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.deploy.manifests import ROOT

FOLDER = ROOT / "docs" / "runbooks"


class Command(NamedTuple):
    """One line that a person copies."""

    page: str
    line: str


LIVE = frozenset(
    Command(f"{page}.md", line)
    for page, lines in {
        "backup-and-restore": (
            "export GRIDSEAL_POSTGRES_DSN=postgresql://gridseal@127.0.0.1:25432/gridseal",
            "containers/gridseal-backup save backup",
            "containers/gridseal-backup verify backup/gridseal-….dump",
            "createdb -h 127.0.0.1 -p 25432 -U postgres -O gridseal restored",
            "containers/gridseal-backup restore backup/gridseal-….dump restored",
            "make backfill",
            ".venv/bin/python -m local_stack.backup save backup",
            ".venv/bin/python -m local_stack.backup verify backup/stores-…",
            "GRIDSEAL_STATE_DIR=restored GRIDSEAL_MONGO_URL=ADDRESS"
            " .venv/bin/python -m local_stack.backup restore backup/stores-…",
        ),
        "deploy": ("make up", "gridseal status"),
        "incident": ("gridseal status", "GET /readyz"),
        "monitor": (
            "curl -s http://127.0.0.1:28000/metrics | head",
            "gridseal trace DEVICE/BOOT/SEQ",
            "SELECT target, outcome, tries, said FROM forecast.notifications ORDER BY queued_at DESC LIMIT 20",
            "cd k8s/observability/prometheus && promtool check config prometheus.yml"
            " && promtool test rules rules_test.yml",
            "python k8s/observability/grafana/make.py",
        ),
        "nis2": (
            "gridseal audit --from 2026-06-08T00:00:00Z --to 2026-06-09T00:00:00Z",
            "gridseal verify proof.json --rpc URL",
            "gridseal verify-receipt FILE --gateway URL",
            ".venv/bin/python -m edge_agent refused list",
            "sha256sum * > SHA256SUMS",
        ),
        "rollback": (
            "gridseal model status",
            'gridseal model rollback --reason "TEXT"',
            'gridseal model approve --reason "TEXT"',
            "python blockchain/scripts/upgrade.py --help",
        ),
        "rotate": (
            "gridseal device rotate DEVICE",
            "gridseal device revoke DEVICE",
            "gridseal rotate-receipt-key",
            "gridseal key new NAME --role viewer",
            "gridseal key revoke ID",
        ),
    }.items()
    for line in lines
)
"""Run on a whole stack, as they stand in the page, by ``tests/flow/test_the_runbooks.py``."""
ELSEWHERE = {
    Command("deploy.md", "containers/make-secrets"): (
        "tests/deploy/test_compose.py::test_make_secrets_makes_what_compose_asks_for"
    ),
    Command("deploy.md", "make down"): "tests/deploy/test_upgrade_in_place.py::test_everything_goes_on",
    Command(
        "deploy.md",
        "python blockchain/scripts/deploy_chain.py CONFIG --rpc URL --keystore FILE --passphrase-file FILE",
    ): "settlement-service/tests/test_deployment.py::test_a_chain_that_counts_gets_its_contracts_and_later_another_settlement",  # noqa: E501
}
"""Run by another test, on a chain or in a folder that they may change."""
ENGINE = "no container engine here; compose-go checks the file, CONTAINER_TESTS=1 starts two of its services"
NOT_RUN = {
    (
        "backup-and-restore.md",
        "gridseal down",
    ): "ends the stack that the others are tried on; every such stack ends so",
    ("deploy.md", "make demo"): "ends with Ctrl-C; CI runs make demo-check, the same without a person",
    ("deploy.md", "git pull"): "changes the checkout that is tested",
    ("deploy.md", "down --volumes"): "the end of docker compose down --volumes: " + ENGINE,
    ("incident.md", "kill -9"): "names a signal; tests/flow/test_nothing_is_lost.py sends it",
    ("incident.md", "kubectl -n gridseal logs NAME --previous"): "simulated nodes run no containers, so none has a log",
}
"""Not run, and why; so is every line of ``docker compose``."""
MARKDOWN_CODE = re.compile(r"`([^`\n]+)`")


@cache
def commands() -> tuple[Command, ...]:
    """Every line of a code block and every inline code of more than one word, each once per page."""
    pages = sorted(FOLDER.glob("*.md"))
    return tuple(dict.fromkeys(Command(page.name, line) for page in pages for line in lines_of(page)))


def lines_of(page: Path) -> Iterator[str]:
    """Commands of one page, without their comments; a block of JSON is a file, not a command."""
    text = page.read_text()
    for block in re.findall(r"(?:^ {4}.*\n)+", text, re.M):
        if block.lstrip()[0] not in "[{":
            yield from filter(None, (re.sub(r"(^|\s+)#.*$", "", line.strip()) for line in block.splitlines()))
    yield from (code for code in MARKDOWN_CODE.findall(text) if " " in code.strip())


def in_a_cluster(command: Command) -> bool:
    """Whether ``tests/deploy/test_cluster.py`` runs it, on request."""
    return command.line.startswith("kubectl ") and command not in NOT_RUN


def why_not(command: Command) -> str | None:
    """Why nothing runs it."""
    is_for_engine = re.search(r"(^|\s)docker compose ", command.line)
    return NOT_RUN.get(command) or (ENGINE if is_for_engine else None)
