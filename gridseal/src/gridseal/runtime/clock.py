"""Domain time: UTC now in production, faster than that in time-lapse.

Scheduling, gates, delivery periods, chain block times and the dashboard follow it. Timeouts,
latency measurement and logs stay on the wall clock.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from gridseal.errors import ConfigError
from gridseal.runtime.settings import CoreSettings


class Clock(Protocol):
    """Tells domain time and how long a domain span takes on the wall."""

    def now(self) -> datetime:
        """Domain time, UTC."""
        ...

    def wall_seconds(self, span: timedelta) -> float:
        """Wall seconds that a domain span lasts."""
        ...


class SystemClock:
    """Domain time is UTC now."""

    def now(self) -> datetime:
        """UTC now."""
        return datetime.now(UTC)

    def wall_seconds(self, span: timedelta) -> float:
        """The span itself."""
        return span.total_seconds()


class TimeLapseClock:
    """Domain time runs ``scale`` times faster, from ``origin`` at wall time ``anchor``."""

    def __init__(self, *, origin: datetime, anchor: datetime, scale: float) -> None:
        self._origin = origin.astimezone(UTC)
        self._anchor = anchor.timestamp()
        self._scale = scale

    def now(self) -> datetime:
        """Domain time, UTC."""
        return self._origin + timedelta(seconds=(time.time() - self._anchor) * self._scale)

    def wall_seconds(self, span: timedelta) -> float:
        """Wall seconds that a domain span lasts."""
        return span.total_seconds() / self._scale


def clock_from(core: CoreSettings) -> Clock:
    """The clock that the settings ask for.

    Raises:
        ConfigError: A time scale without origin and anchor.
    """
    if core.time_origin is not None and core.time_anchor is not None:
        return TimeLapseClock(origin=core.time_origin, anchor=core.time_anchor, scale=core.time_scale)
    if core.time_scale != 1.0:
        raise ConfigError("GRIDSEAL_TIME_SCALE needs GRIDSEAL_TIME_ORIGIN and GRIDSEAL_TIME_ANCHOR")
    return SystemClock()


async def sleep_until(clock: Clock, moment: datetime) -> None:
    """Wait until domain time reaches ``moment``."""
    left = clock.wall_seconds(moment - clock.now())
    if left > 0:
        await asyncio.sleep(left)


def floor_to(moment: datetime, step_s: int) -> datetime:
    """The last UTC multiple of ``step_s`` seconds that is not after ``moment``."""
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % step_s, UTC)
