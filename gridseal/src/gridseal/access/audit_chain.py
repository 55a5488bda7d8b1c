"""The chain of hashes over the audit log of a tenant: what a line's hash is made of, and whether a log is whole. Pure.

PostgreSQL makes the hashes as lines are written (``migrations/0002_chained_audit.sql``); here they are computed again.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from gridseal.access.audit import AuditLine

FIRST: Final = "0" * 64
"""What the first line has before it."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def hash_of(line: AuditLine) -> str:
    """SHA-256 over the hash before and every field, each behind its length in bytes, so that none can pass for two."""
    micros = (line.at - _EPOCH) // timedelta(microseconds=1)
    fields = (
        line.previous, str(line.place), str(micros), line.tenant_id, line.service, line.actor, line.role, line.action,
        line.method, line.path, str(line.status), line.reason, line.address, line.trace_id,
    )  # fmt: skip
    text = ",".join(f"{len(field.encode())}:{field}" for field in fields)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Whole:
    """A log, or a part of one, in which every line follows from the one before."""

    lines: int
    begins_at: int
    """Place of the first line. More than 1: nothing is said about what was before."""
    last: str
    """Hash of the last line."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The first line that does not follow."""

    place: int
    why: str


def check(lines: Iterable[AuditLine]) -> Whole | Broken:
    """Whether lines of one tenant, in the order of their places, are what was written. None at all are whole."""
    before: AuditLine | None = None
    number, begins_at = 0, 1
    for line in lines:
        if before is None:
            begins_at = line.place
            if line.place == 1 and line.previous != FIRST:
                return Broken(1, "the first line names one before it")
        elif line.place != before.place + 1:
            return Broken(before.place + 1, f"a line is missing: after {before.place} comes {line.place}")
        elif line.previous != before.hash:
            return Broken(line.place, "it does not name the line before it")
        if hash_of(line) != line.hash:
            return Broken(line.place, "it is not what was written")
        before, number = line, number + 1
    return Whole(number, begins_at, before.hash if before else FIRST)
