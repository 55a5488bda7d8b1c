"""Where a deployment is written down: whole, or not at all."""

import json
from pathlib import Path
from typing import Any


def read(path: Path) -> dict[str, Any] | None:
    """What was written, or nothing."""
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def write(path: Path, record: dict[str, Any]) -> None:
    """Replace the file if it says something else."""
    if read(path) == record:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(record, indent=1) + "\n")
    fresh.replace(path)


def journal_height(state: Path) -> int:
    """Number of the newest block that the chain clock has written down."""
    path = state / "journal.jsonl"
    if not path.exists():
        return 0
    lines = path.read_bytes().splitlines(keepends=True)
    return max((int(json.loads(line)["number"]) for line in lines if line.endswith(b"\n")), default=0)
