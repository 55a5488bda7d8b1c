"""Runs the steps of the set-up, each as soon as what it needs is done, and says how far it is."""

import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from context import Context
from failures import SetupError

HEARTBEAT_S = 15.0


@dataclass(frozen=True)
class Step:
    """One thing to install or build."""

    name: str
    title: str
    run: Callable[[Context], None]
    inputs: Callable[[Context], str]
    """A hash of everything the result depends on."""
    there: Callable[[Context], bool]
    """Whether the result is still in place."""
    needs: tuple[str, ...] = ()


class Progress:
    """Lines with the seconds since the beginning."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._guard = threading.Lock()

    def say(self, text: str) -> None:
        """Print one line."""
        with self._guard:
            print(f"[{self.seconds():4.0f} s] {text}", flush=True)

    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began


def is_done(context: Context, step: Step) -> bool:
    """Whether the step was done from the same inputs and its result is there."""
    stamp = context.stamp_of(step.name)
    return stamp.exists() and stamp.read_text() == step.inputs(context) and step.there(context)


def run_steps(context: Context, steps: Sequence[Step], progress: Progress) -> int:
    """Do what is not done yet, in parallel where nothing forbids it. Returns an exit code."""
    waiting = {step.name: step for step in steps if not is_done(context, step)}
    if not waiting:
        return 0
    running: dict[Future[None], tuple[Step, float]] = {}
    with ThreadPoolExecutor(max_workers=len(waiting)) as pool:
        while waiting or running:
            busy = {step.name for step, _ in running.values()} | set(waiting)
            for step in [s for s in waiting.values() if not busy & set(s.needs)]:
                del waiting[step.name]
                progress.say(f"{step.title} …")
                running[pool.submit(_do, context, step)] = (step, progress.seconds())
            done, _ = wait(running, timeout=HEARTBEAT_S, return_when=FIRST_COMPLETED)
            if not done:
                work = ", ".join(f"{s.name} ({progress.seconds() - began:.0f} s)" for s, began in running.values())
                progress.say(f"still at work: {work}")
            for future in done:
                step, began = running.pop(future)
                error = future.exception()
                if error is not None:
                    context.cancel()
                    return _report(step, error)
                progress.say(f"{step.title}: done in {progress.seconds() - began:.0f} s")
    return 0


def _do(context: Context, step: Step) -> None:
    log = context.log_of(step.name)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    step.run(context)
    if not step.there(context):
        raise SetupError(f"{step.title} ended well, but its result is not there: see {log}")
    stamp = context.stamp_of(step.name)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(step.inputs(context))


def _report(step: Step, error: BaseException) -> int:
    if isinstance(error, SetupError):
        for line in error.tail:
            print(f"    {line}", file=sys.stderr)
        print(f"gridseal: {error}", file=sys.stderr)
    elif isinstance(error, OSError) and error.errno == 28:
        print(f"gridseal: the disk is full: {step.title} needs more room", file=sys.stderr)
    else:
        print(f"gridseal: {step.title} failed: {type(error).__name__}: {error}", file=sys.stderr)
    return 1
