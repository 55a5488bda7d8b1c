"""``make test``: every test of the repository, folder by folder, and one sum at the end.

Each folder runs in a process of its own: what one leaves behind (an event loop, a JVM) is not the next one's business.
Two folders run side by side, since most of their time is waiting; what starts and kills whole stacks runs alone.
What a folder prints is shown at its end, and meanwhile stands in ``.local/tests``.
Names of folders as arguments run only those.
"""

import os
import re
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
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


AFTER_BUILDS = ("settlement-service/tests", "gridseal/tests", "local/tests", "tests/chain", "tests/bench")
"""They read what the builds of contracts and pages leave, so that they wait until those are tested."""
ALONE = ("tests/chaos", "tests/e2e", "tests/flow")
"""They start whole stacks, and share one where they can: one process."""


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
    for folder in sorted((ROOT / "tests").iterdir()):
        if any(folder.glob("**/test_*.py")):
            yield folder


def node_folders() -> Iterator[Path]:
    """Folders with an npm test script of their own."""
    for name in ("blockchain", "frontend"):
        if (ROOT / name / "node_modules").is_dir():
            yield ROOT / name


def run_shown(argv: Sequence[str], folder: Path, cwd: Path, env: dict[str, str]) -> tuple[int, str]:
    """Exit code and output, which is printed at the end, so that two folders do not mix theirs."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    log = REPORTS / f"{'-'.join(folder.relative_to(ROOT).parts)}.log"
    with log.open("wb") as out:
        code = subprocess.run(argv, cwd=cwd, env=env, check=False, stdout=out, stderr=subprocess.STDOUT).returncode
    shown = log.read_text(encoding="utf-8", errors="replace")
    print(f"== {folder.relative_to(ROOT)}\n{shown}", flush=True)
    return code, shown


def run_python(folder: Path, env: dict[str, str], parts: Sequence[Path] = ()) -> Outcome:
    """Tests of one Python folder, or of these parts of it."""
    report = REPORTS / f"{'-'.join(folder.relative_to(ROOT).parts)}.xml"
    report.unlink(missing_ok=True)
    places = [str(part.relative_to(ROOT)) for part in parts or (folder,)]
    argv = [str(BIN / "python"), "-m", "pytest", "-q", f"--junitxml={report}", *places]
    code, _ = run_shown(argv, folder, ROOT, env)
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
    code, shown = run_shown(["npm", "test", "--silent"], folder, folder, env)
    text = ESCAPES.sub("", shown)
    passed = failed = 0
    for good, bad in NODE_COUNTS:
        passed += sum(map(int, good.findall(text)))
        failed += sum(map(int, bad.findall(text)))
    return Outcome(passed, failed or (1 if code or not passed else 0))


Row = tuple[str, Outcome, float]


class Lanes:
    """Two folders at a time: one lane has the builds and what reads them, the other all else, then what is left."""

    def __init__(self, builds: Sequence[Job], python: Sequence[Job], env: dict[str, str]) -> None:
        self._builds, self._env = list(builds), env
        self._after = [job for job in python if str(job[0].relative_to(ROOT)) in AFTER_BUILDS]
        self._free = [job for job in python if job not in self._after]
        self._built = threading.Event()
        self._lock = threading.Lock()

    def run(self) -> list[Row]:
        """Names, outcomes and seconds, in the order of their end."""
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.submit(self._with_builds), pool.submit(self._without)
            return [*first.result(), *second.result()]

    def _with_builds(self) -> list[Row]:
        try:
            rows = [run_job(job, self._env) for job in self._builds]
        finally:
            self._built.set()
        return [*rows, *self._rest(self._after, self._free)]

    def _without(self) -> list[Row]:
        rows = self._rest(self._free)
        self._built.wait()
        return [*rows, *self._rest(self._after)]

    def _rest(self, *queues: list[Job]) -> list[Row]:
        rows = []
        while job := self._next(queues):
            rows.append(run_job(job, self._env))
        return rows

    def _next(self, queues: Sequence[list[Job]]) -> Job | None:
        with self._lock:
            return next((queue.pop(0) for queue in queues if queue), None)


def run_job(job: Job, env: dict[str, str]) -> Row:
    """One folder: name, outcome, seconds."""
    folder, run = job
    name = str(folder.relative_to(ROOT))
    print(f"== {name} begins\n", end="", flush=True)
    began = time.monotonic()
    return name, run(folder, env), time.monotonic() - began


def _is_wanted(folder: Path, wanted: list[str]) -> bool:
    name = str(folder.relative_to(ROOT))
    return not wanted or any(name == w.rstrip("/") or name.startswith(w.rstrip("/") + "/") for w in wanted)


def main(wanted: list[str]) -> int:
    """Run all, or the folders named; 1 if anything failed."""
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}", "OMP_NUM_THREADS": "1"}
    env |= {"NEXT_TELEMETRY_DISABLED": "1", "HARDHAT_DISABLE_TELEMETRY_PROMPT": "true"}
    node = [(f, run_node) for f in node_folders() if _is_wanted(f, wanted)]
    python = [(f, run_python) for f in python_folders() if _is_wanted(f, wanted)]
    alone = [job for job in python if str(job[0].relative_to(ROOT)) in ALONE]
    rows = Lanes(node, [job for job in python if job not in alone], env).run()
    if alone:
        rows.append(run_job((ROOT / "tests", partial(run_python, parts=[folder for folder, _ in alone])), env))
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
