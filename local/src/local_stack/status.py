"""What the supervisor is doing, for other processes to read: one lock, one status file."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from local_stack.errors import StackError
from local_stack.layout import Layout
from local_stack.supervisor import Supervisor


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """One line of the table."""

    name: str
    state: str
    pid: int | None
    since: float
    restarts: int
    url: str
    log: str
    note: str


@dataclass(frozen=True, slots=True)
class StackStatus:
    """The whole stack at one moment."""

    pid: int
    phase: str
    began: float
    at: float
    processes: tuple[ProcessStatus, ...]

    @classmethod
    def of(cls, supervisor: Supervisor) -> "StackStatus":
        """The state of ``supervisor`` now."""
        rows = tuple(
            ProcessStatus(name, c.state, c.pid, c.since, c.restarts, c.spec.url, str(c.log), c.note)
            for name, c in supervisor.children.items()
        )
        return cls(os.getpid(), supervisor.phase, supervisor.began, time.time(), rows)


def write_status(layout: Layout, status: StackStatus) -> None:
    """Replace the status file in one step."""
    path = layout.run / "status.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(status), indent=1))
    part.replace(path)


def read_status(layout: Layout) -> StackStatus | None:
    """The last state written; ``None`` when the stack never ran or is not running."""
    if holder(layout) is None:
        return None
    try:
        fields: dict[str, Any] = json.loads((layout.run / "status.json").read_text())
    except (OSError, ValueError):
        return None
    rows = tuple(ProcessStatus(**row) for row in fields.pop("processes"))
    return StackStatus(processes=rows, **fields)


def holder(layout: Layout) -> int | None:
    """Pid of the running supervisor, ``None`` when there is none."""
    path = layout.run / "supervisor.lock"
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(file, fcntl.LOCK_UN)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        text = path.read_text().strip()
        return int(text) if text.isdigit() else 0
    return None


@contextlib.contextmanager
def the_only_one(layout: Layout) -> Iterator[None]:
    """Hold the lock of the stack. It goes with the process, however that ends.

    Raises:
        StackError: Another supervisor runs this stack.
    """
    path = layout.run / "supervisor.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunningError(f"the stack is already running (pid {path.read_text().strip()})") from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


class AlreadyRunningError(StackError):
    """Not a failure: what was asked for is there."""
