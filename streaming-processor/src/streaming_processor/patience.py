"""Trying again while a server is away."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from gridseal.errors import UnavailableError
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
T = TypeVar("T")
PAUSE_S: Final = 0.25


def patiently(act: Callable[[], T], retry_s: float, gives_up: Callable[[], bool] = lambda: False) -> T:
    """What ``act`` returns, tried again for ``retry_s`` wall seconds.

    Args:
        act: Safe to repeat.
        retry_s: How long a server may be gone.
        gives_up: Whether to stop waiting before that.

    Raises:
        UnavailableError: It was gone for longer.
    """
    deadline = time.monotonic() + retry_s
    while True:
        try:
            return act()
        except UnavailableError as error:
            if time.monotonic() >= deadline or gives_up():
                raise
            log.warning("server_gone_trying_again", error=str(error))
            time.sleep(PAUSE_S)
