"""``make check``: every check runs, also after one has failed, so that one run shows everything."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv" / "bin"


class Check(NamedTuple):
    """One command that must end with exit code 0."""

    title: str
    argv: tuple[str, ...]
    folder: Path = ROOT


def checks() -> Iterator[Check]:
    """Every check, the quick ones first."""
    sources = tuple(str(p.relative_to(ROOT)) for p in sorted(ROOT.glob("*/src")) if p.parent.name != "frontend")
    yield Check("formatting", (str(BIN / "ruff"), "format", "--check", "-q", "."))
    yield Check("lint", (str(BIN / "ruff"), "check", "-q", "."))
    yield Check("size rules", (sys.executable, "local/tools/house_rules.py"))
    yield Check("security rules", (sys.executable, "local/tools/source_rules.py"))
    yield Check("layering", (str(BIN / "lint-imports"), "--no-cache"))
    yield Check("types", (str(BIN / "mypy"), *sources))
    yield Check(
        "types of the set-up",
        (str(BIN / "mypy"), "--config-file", "../../pyproject.toml", "."),
        ROOT / "local" / "bootstrap",
    )
    for folder, scripts in (("blockchain", ("typecheck",)), ("frontend", ("lint", "typecheck"))):
        if (ROOT / folder / "node_modules").is_dir():
            for script in scripts:
                yield Check(f"{folder} {script}", ("npm", "run", "--silent", script), ROOT / folder)


def main() -> int:
    """Run all; 1 if any failed."""
    env = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "NEXT_TELEMETRY_DISABLED": "1",
    }
    failed = []
    for check in checks():
        began = time.monotonic()
        done = subprocess.run(check.argv, cwd=check.folder, env=env, capture_output=True, text=True, check=False)
        good = done.returncode == 0
        print(f"{'ok    ' if good else 'FAILED'} {check.title} ({time.monotonic() - began:.0f} s)", flush=True)
        if not good:
            failed.append(check.title)
            print(done.stdout + done.stderr, flush=True)
    print(f"check: {', '.join(failed)} failed" if failed else "check: everything is as it should be")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
