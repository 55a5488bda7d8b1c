"""Ends everything that one child left running.

Every child leads a session of its own, so what it started (a JVM behind a driver, workers with
their own process group) is found by the session, whatever became of the child.
"""

import os
import signal
from pathlib import Path


def members(session: int) -> list[int]:
    """Processes of ``session`` that are still there, zombies left out."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] not in "ZX":
            found.append(int(entry.name))
    return found


def signal_session(session: int, number: signal.Signals) -> int:
    """Send ``number`` to every process of ``session``; how many got it."""
    sent = 0
    for pid in members(session):
        try:
            os.kill(pid, number)
            sent += 1
        except ProcessLookupError:
            continue
    return sent
