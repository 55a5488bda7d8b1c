"""Outlives a killed supervisor for a moment and ends what it left behind.

Reads ``+pid`` and ``-pid`` lines on standard input. The end of input means that the supervisor is
gone; every session still listed is then killed. The parent-death signal reaches direct children
only; this reaches the JVM behind a Python driver and the workers of a server.
Standard library only, so that it starts at once and stays small.
"""

import signal
import sys
import time

from local_stack.sessions import signal_session

SWEEPS = 5


def watch() -> None:
    """Follow the list until the supervisor is gone, then end what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sessions: set[int] = set()
    for line in sys.stdin:
        change, pid = line[0], int(line[1:])
        if change == "+":
            sessions.add(pid)
        else:
            sessions.discard(pid)
    for _ in range(SWEEPS):
        if not sum(signal_session(session, signal.SIGKILL) for session in sessions):
            return
        time.sleep(0.1)


if __name__ == "__main__":
    watch()
