"""Files that only their owner may read."""

import os
from pathlib import Path


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, in one step."""
    part = path.with_name(path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    part.replace(path)


def write_public(path: Path, content: bytes) -> None:
    """Write a file that everybody may read, in one step: whoever reads it meanwhile sees the old or the new one."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.chmod(0o644)
    part.replace(path)
