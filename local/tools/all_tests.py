"""``make test``: every test of the repository, folder by folder, and one sum at the end.

Each folder runs in a process of its own: what one leaves behind (an event loop, a JVM) is not the next one's business.
Contracts and pages are tested beside the first Python folders.
Names of folders as arguments run only those.
"""

import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv" / "bin"
REPORTS = ROOT / ".local" / "tests"
NODE_COUNTS = (
    (re.compile(r"(?:^|\s)(\d+) passing", re.M), re.compile(r"(?:^|\s)(\d+) failing", re.M)),
    (re.compile(r"^\S+ pass (\d+)", re.M), re.compile(r"^\S+ fail (\d+)", re.M)),
    (re.compile(r"^\s*Tests\s.*?(\d+) passed", re.M), re.compile(r"^\s*Tests\s.*?(\d+) failed", re.M)),
)
"""Hardhat, ``node --test`` and vitest, in this order."""
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


BESIDE = ("asset-service", "forecast-service")
"""They know nothing of contracts and pages, so that those are tested on the other core meanwhile."""


class Outcome(NamedTuple):
    """What one folder came to."""

    passed: int
    failed: int
    skipped: int = 0


Job = tuple[Path, Callable[[Path, dict[str, str]], Outcome]]


def python_folders() -> Iterator[Path]:
    """Tests beside each package, then those that need the whole stack."""
    for folder in sorted(ROOT.glob("*/tests")):
        if any(folder.glob("**/test_*.py")):
            yield folder
    if any((ROOT / "tests").glob("**/test_*.py")):
        yield ROOT / "tests"


def node_folders() -> Iterator[Path]:
    """Folders with an npm test script of their own."""
    for name in ("blockchain", "frontend"):
        if (ROOT / name / "node_modules").is_dir():
            yield ROOT / name


def run_python(folder: Path, env: dict[str, str]) -> Outcome:
    """Tests of one Python folder."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    report = REPORTS / f"{'-'.join(folder.relative_to(ROOT).parts)}.xml"
    report.unlink(missing_ok=True)
    argv = [str(BIN / "python"), "-m", "pytest", "-q", f"--junitxml={report}", str(folder.relative_to(ROOT))]
    code = subprocess.run(argv, cwd=ROOT, env=env, check=False).returncode
    if not report.exists():
        return Outcome(0, 1)
    suite = ElementTree.parse(report).getroot().find("testsuite")
    if suite is None:
        return Outcome(0, 1)
    total, bad, skipped = (int(suite.get(n, "0")) for n in ("tests", "failures", "skipped"))
    bad += int(suite.get("errors", "0"))
    return Outcome(max(total - bad - skipped, 0), bad or (1 if code else 0), skipped)


def run_node(folder: Path, env: dict[str, str]) -> Outcome:
    """``npm test`` of one folder; the counts are read from what its runner prints."""
    process = subprocess.Popen(
        ["npm", "test", "--silent"], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    shown = process.communicate()[0]
    print(f"== {folder.relative_to(ROOT)}\n{shown}", flush=True)
    code, text = process.returncode, ESCAPES.sub("", shown)
    passed = failed = 0
    for good, bad in NODE_COUNTS:
        passed += sum(map(int, good.findall(text)))
        failed += sum(map(int, bad.findall(text)))
    return Outcome(passed, failed or (1 if code or not passed else 0))


def run_jobs(jobs: Sequence[Job], env: dict[str, str]) -> list[tuple[str, Outcome, float]]:
    """One folder after the other: name, outcome, seconds."""
    rows = []
    for folder, run in jobs:
        name = str(folder.relative_to(ROOT))
        print(f"== {name} begins", flush=True)
        began = time.monotonic()
        rows.append((name, run(folder, env), time.monotonic() - began))
    return rows


def _is_wanted(folder: Path, wanted: list[str]) -> bool:
    name = str(folder.relative_to(ROOT))
    return not wanted or any(name == w.rstrip("/") or name.startswith(w.rstrip("/") + "/") for w in wanted)


def main(wanted: list[str]) -> int:
    """Run all, or the folders named; 1 if anything failed."""
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}", "OMP_NUM_THREADS": "1"}
    env |= {"NEXT_TELEMETRY_DISABLED": "1", "HARDHAT_DISABLE_TELEMETRY_PROMPT": "true"}
    node = [(f, run_node) for f in node_folders() if _is_wanted(f, wanted)]
    python = [(f, run_python) for f in python_folders() if _is_wanted(f, wanted)]
    first = [job for job in python if job[0].parent.name in BESIDE]
    with ThreadPoolExecutor(1) as other_core:
        beside = other_core.submit(run_jobs, node, env)
        rows = run_jobs(first, env)
        rows = [*beside.result(), *rows, *run_jobs([job for job in python if job not in first], env)]
    print()
    for name, outcome, seconds in rows:
        counts = f"{outcome.passed:4} passed {outcome.failed:3} failed {outcome.skipped:3} skipped"
        print(f"{name:<28} {counts}  {seconds:4.0f} s")
    skipped = sum(o.skipped for _, o, _ in rows)
    failed = sum(o.failed for _, o, _ in rows)
    print(f"{sum(o.passed for _, o, _ in rows)} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
