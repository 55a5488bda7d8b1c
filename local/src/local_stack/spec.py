"""What the supervisor must know about one process."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local_stack.health import Probe

Prepare = Callable[[], None]
"""Runs before each start, in a thread: makes folders and configuration. Safe to repeat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """One process of the stack."""

    name: str
    argv: tuple[str, ...]
    needs: tuple[str, ...] = ()
    """Started only when these answer (servers) or are done (one-shots)."""
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    user: str | None = None
    """Runs as this user; only root can ask for that."""
    probe: Probe | None = None
    """When it counts as healthy. Without one: as soon as it runs."""
    ports: tuple[int, ...] = ()
    url: str = ""
    oneshot: bool = False
    """Runs to its end with exit code 0, once per start of the stack."""
    essential: bool = False
    """The stack stops when this one fails again and again without ever getting healthy."""
    start_s: float = 60.0
    """Ended and started again when it is not healthy after this long."""
    good_run_s: float = 30.0
    """A run this long counts as a new beginning: the back-off before the next start begins anew."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_s: float = 10.0
    nice: int = 0
    """Above 0 it leaves the processor to the others, for what nobody waits for at start."""
    prepare: Prepare | None = None
    unbuilt: str = ""
    """What set-up has not built yet; the stack does not start without it."""
