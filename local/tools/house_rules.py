"""Size rules of the house: short files, short functions, no catch-all module names.

Prints one line per offence and exits 1 if there is any.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = {".py": 300, ".ts": 300, ".tsx": 300, ".sol": 200}
LONGEST_TEST = 500
LONGEST_FUNCTION = 50
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
GENERATED = {"generated", "abi"}


def hand_written() -> Iterator[Path]:
    """Every source file that git knows or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in listed.splitlines():
        path = ROOT / name
        if path.suffix in LONGEST_FILE and not GENERATED & set(path.parts) and path.is_file():
            yield path


def is_test(path: Path) -> bool:
    """Whether the file is a test or stands among tests."""
    parts = set(path.relative_to(ROOT).parts)
    return bool({"tests", "test", "test-money"} & parts) or ".test." in path.name or path.name.endswith(".t.sol")


def offences(path: Path) -> Iterator[str]:
    """What is wrong with one file."""
    name = path.relative_to(ROOT)
    text = path.read_text()
    limit = LONGEST_TEST if is_test(path) else LONGEST_FILE[path.suffix]
    lines = len(text.splitlines())
    if lines > limit:
        yield f"{name}: {lines} lines, at most {limit}: split it by what changes together"
    if path.stem in VAGUE_NAMES:
        yield f"{name}: the name says nothing; call it after the thing it does"
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text, str(name))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                length = node.end_lineno - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    yield f"{name}:{node.lineno}: {node.name} has {length} lines, at most {LONGEST_FUNCTION}"


def main() -> int:
    """Check all files."""
    found = [offence for path in hand_written() for offence in offences(path)]
    for offence in found:
        print(offence)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
