"""Named places at which a fault can be injected into a running process, for tests and ``make chaos``.

``GRIDSEAL_FAILPOINTS`` arms them: ``gw.after_produce=kill@250;sink.before_commit=stop@3``. The number
counts passes through that place since the process started; the fault happens once, at that pass.
``kill`` ends the process like SIGKILL, ``stop`` freezes it until someone sends SIGCONT. Without the
variable a pass costs one call and one comparison.
"""

import os
import signal
from dataclasses import dataclass
from typing import Final, Literal, get_args

from gridseal.errors import ConfigError

VARIABLE: Final = "GRIDSEAL_FAILPOINTS"
Name = Literal[
    "gw.after_recv",
    "gw.after_produce",
    "gw.before_puback",
    "gw.before_receipt",
    "sink.before_commit",
    "sink.after_commit_before_redis",
    "sink.after_commit_before_checkpoint",
    "seal.after_sign",
    "seal.after_order",
    "chain.before_save",
    "chain.after_save",
    "chain.after_send",
    "chain.after_mark",
    "chain.before_included",
    "chain.before_final",
]
NAMES: Final[tuple[str, ...]] = get_args(Name)
_SIGNALS: Final = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


@dataclass(slots=True)
class _Armed:
    signal: signal.Signals
    remaining: int


def parse(text: str) -> dict[str, _Armed]:
    """Read the value of ``GRIDSEAL_FAILPOINTS``.

    Raises:
        ConfigError: It is not ``name=kill|stop@count`` separated by ``;``, or names no failpoint.
    """
    armed: dict[str, _Armed] = {}
    for item in filter(None, (part.strip() for part in text.split(";"))):
        name, _, action = item.partition("=")
        what, _, count = action.partition("@")
        if name not in NAMES or what not in _SIGNALS or not count.isdigit() or int(count) < 1:
            raise ConfigError(f"{VARIABLE}: '{item}' should be NAME=kill@COUNT or NAME=stop@COUNT; {', '.join(NAMES)}")
        armed[name] = _Armed(_SIGNALS[what], int(count))
    return armed


_armed: Final = parse(os.environ.get(VARIABLE, ""))


def failpoint(name: Name) -> None:
    """Pass the place called ``name``."""
    if _armed:
        _pass(name)


def _pass(name: str) -> None:
    point = _armed.get(name)
    if point is None:
        return
    point.remaining -= 1
    if point.remaining == 0:
        os.kill(os.getpid(), point.signal)
