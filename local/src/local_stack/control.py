"""Starting the stack in the background, and stopping it from another terminal."""

import os
import signal
import subprocess
import sys
import time

from local_stack.errors import StackError
from local_stack.layout import Layout
from local_stack.status import holder, read_status

STOP_WITHIN_S = 120.0
POLL_S = 0.2


def start_detached(layout: Layout, arguments: list[str], *, within_s: float = 900.0) -> None:
    """Start a supervisor that outlives this terminal; show its progress until all answers.

    Raises:
        StackError: It ended, or did not get ready in time.
    """
    layout.make()
    log = layout.logs / "supervisor.log"
    with log.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "local_stack", "up", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            cwd=layout.root,
        )
    deadline = time.monotonic() + within_s
    with log.open() as progress:
        while True:
            print(progress.read(), end="", flush=True)
            if child.poll() is not None:
                print(progress.read(), end="", flush=True)
                raise StackError(f"the stack ended with code {child.returncode}: see {log}")
            status = read_status(layout)
            if status is not None and status.pid == child.pid and status.phase == "ready":
                print(progress.read(), end="", flush=True)
                return
            if time.monotonic() > deadline:
                raise StackError(f"not every process answered within {within_s:.0f} s: see gridseal status and {log}")
            time.sleep(POLL_S)


def stop(layout: Layout) -> bool:
    """Stop the running stack and wait until it is gone; whether there was one.

    Raises:
        StackError: It did not stop, or belongs to someone else.
    """
    pid = holder(layout)
    if pid is None:
        return False
    try:
        os.kill(pid, signal.SIGTERM)
    except PermissionError as error:
        raise StackError(f"the stack (pid {pid}) runs under another user: stop it as that user") from error
    deadline = time.monotonic() + STOP_WITHIN_S
    while holder(layout) is not None:
        if time.monotonic() > deadline:
            raise StackError(f"the stack (pid {pid}) did not stop within {STOP_WITHIN_S:.0f} s: see {layout.logs}")
        time.sleep(POLL_S)
    return True
