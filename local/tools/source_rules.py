"""What sources of services must not hold, by bandit and by semgrep with the rules beside this file.

Prints one line per finding that is not known, and per known one that is gone; exits 1 if there is any. Nothing is asked
of a server.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
RULES = Path(__file__).with_name("semgrep")
PROGRAMS = ROOT / ".local" / "venv-checkers" / "bin"
BANDIT_TRIAGED = ("B101", "B311", "B403", "B404", "B405", "B603", "B606", "B607", "B608")
"""Asserts, jitter, imports (calls are judged), programs without a shell; statements are for the rule
``sql-from-values``, which looks closer."""
_FORECAST = "forecast-service/src/forecast_service"
_STREAM = "streaming-processor/src/streaming_processor"
_SETTLEMENT = "settlement-service/src/settlement_service"
KNOWN = {
    # Rows of Spark's own tasks, and models that a backtest fitted a moment before: docs/security.md.
    ("unpickled", f"{_STREAM}/sinks.py"): 1,
    ("unpickled", f"{_FORECAST}/backtest/peers/openstef_side.py"): 1,
    ("B301", f"{_STREAM}/sinks.py"): 1,
    ("B301", f"{_FORECAST}/backtest/peers/openstef_side.py"): 1,
    # The name of a file.
    ("B105", f"{_SETTLEMENT}/contracts.py"): 1,
    # Statements of names and conditions that stand in the code.
    ("sql-from-values", f"{_FORECAST}/store/history.py"): 1,
    ("sql-from-values", "ingestion-gateway/src/edge_agent/queue.py"): 2,
    ("sql-from-values", f"{_SETTLEMENT}/events_store.py"): 1,
    ("sql-from-values", f"{_SETTLEMENT}/overrides/store.py"): 2,
    ("sql-from-values", f"{_SETTLEMENT}/publish.py"): 2,
    ("sql-from-values", f"{_SETTLEMENT}/transactions/box.py"): 1,
    ("sql-from-values", f"{_SETTLEMENT}/transactions/ledger.py"): 1,
    ("sql-from-values", f"{_STREAM}/features/store/windows.py"): 1,
    ("sql-from-values", f"{_STREAM}/store/retention.py"): 1,
    ("sql-from-values", "local/src/local_stack/scratch.py"): 1,
    ("sql-from-values", "local/src/local_stack/servers/databases.py"): 1,
}  # fmt: skip
"""Findings that were looked at: rule and file, and how many."""


class Finding(NamedTuple):
    """One place that a rule names."""

    rule: str
    path: str
    line: int
    text: str


def sources() -> list[Path]:
    """Folders of what runs in production: services, pages, contracts."""
    python = (p for p in sorted(ROOT.glob("*/src")) if p.parent.name != "frontend")
    return [*python, ROOT / "frontend" / "src", ROOT / "blockchain" / "contracts"]


def by_semgrep(places: Iterable[Path], base: Path = ROOT) -> Iterator[Finding]:
    """Findings of our rules, with paths below ``base``.

    Raises:
        SystemExit: A rule or a file cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        env = {
            **os.environ,
            "PATH": f"{PROGRAMS}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "SEMGREP_SETTINGS_FILE": f"{folder}/settings.yml",
            "SEMGREP_LOG_FILE": f"{folder}/log",
        }
        offline = ("--metrics", "off", "--disable-version-check", "--no-git-ignore", "--disable-nosem")
        argv = [str(PROGRAMS / "semgrep"), "scan", "--quiet", "--json", *offline, "--config", str(RULES)]
        found = _told([*argv, *map(str, places)], env)
    for one in found["results"]:
        rule, path = one["check_id"].rpartition(".")[2], Path(one["path"]).resolve().relative_to(base)
        yield Finding(rule, str(path), one["start"]["line"], one["extra"]["message"])


def by_bandit(places: Iterable[Path]) -> Iterator[Finding]:
    """Findings of bandit in Python."""
    argv = [str(PROGRAMS / "bandit"), "-q", "-r", "-f", "json", "--skip", ",".join(BANDIT_TRIAGED)]
    found = _told([*argv, *(str(p) for p in places if p.name == "src")], dict(os.environ))
    for one in found["results"]:
        yield Finding(one["test_id"], os.path.relpath(one["filename"], ROOT), one["line_number"], one["issue_text"])


def _told(argv: list[str], env: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    found: dict[str, Any] = (
        json.loads(done.stdout) if re.match(r"\s*\{", done.stdout) else {"errors": done.stderr[-2_000:]}
    )
    if found["errors"]:
        raise SystemExit(f"{Path(argv[0]).name} could not read everything: {found['errors']}")
    return found


def offences(found: Iterable[Finding]) -> Iterator[str]:
    """What is new, and what is known but gone."""
    seen = list(found)
    counts = Counter((one.rule, one.path) for one in seen)
    for one in seen:
        if counts[one.rule, one.path] != KNOWN.get((one.rule, one.path), 0):
            yield f"{one.path}:{one.line}: {one.rule}: {one.text}"
    for (rule, path), number in KNOWN.items():
        if counts[rule, path] < number:
            yield f"{path}: {rule}: {number} known, {counts[rule, path]} found: change KNOWN in {Path(__file__).name}"


def main() -> int:
    """Entry."""
    places = sources()
    told = list(offences([*by_bandit(places), *by_semgrep(places)]))
    print("\n".join(told), end="\n" if told else "")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
