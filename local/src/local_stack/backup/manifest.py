"""What a backup consists of: each file with its checksum, and what was counted. Written last: without it, no backup."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from local_stack.errors import StackError

NAME = "manifest.json"


def sha256(file: Path) -> str:
    """Digest of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def files_below(folder: Path) -> list[str]:
    """Relative names of all files, in order, without the manifest."""
    found = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name != NAME)


def write(folder: Path, counts: Mapping[str, int]) -> None:
    """Close a backup.

    Args:
        folder: With everything in it.
        counts: What restoring must find again, by name.
    """
    told = {"counts": dict(sorted(counts.items())), "files": {n: sha256(folder / n) for n in files_below(folder)}}
    part = folder / f"{NAME}.part"
    with part.open("w") as stream:
        json.dump(told, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    part.rename(folder / NAME)


def sound(folder: Path) -> dict[str, int]:
    """The counts of a backup whose files are all as they were written.

    Raises:
        StackError: A file is missing, too many or damaged; the first is named.
    """
    try:
        told = json.loads((folder / NAME).read_text())
        files, counts = dict(told["files"]), {str(k): int(v) for k, v in told["counts"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StackError(f"{folder} is not a backup: {NAME} is missing or no manifest") from error
    there = set(files_below(folder))
    for name in sorted(set(files) ^ there):
        raise StackError(f"{folder} is damaged: {name} is {'missing' if name in files else 'not of it'}")
    for name, digest in files.items():
        if sha256(folder / name) != digest:
            raise StackError(f"{folder} is damaged: the checksum of {name} differs")
    return counts
