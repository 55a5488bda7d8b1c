"""From samples at any moment to one value per aligned period. Pure: time comes in.

A server reports changes, so a value stands until the next one, or until the connection was last
known to be alive. The mean of a period weighs each value by how long it stood (OPC 10000-13,
TimeAverage2 of a stepped variable). Time without a known value is left out, and the period is
then ``suspect``: a mean over a part is not the mean of the whole.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from gridseal.wire.telemetry import Quality

Rule = Literal["mean", "direction", "last"]
REGISTERS: Final = {"energy_import_register", "energy_export_register"}


def rule_of(quantity: str) -> Rule:
    """A register counts as it stands at the end of the period; degrees have no arithmetic mean."""
    if quantity in REGISTERS:
        return "last"
    return "direction" if quantity == "wind_direction" else "mean"


class Outcome(NamedTuple):
    """What a period comes to."""

    value: float
    quality: Quality


@dataclass(slots=True)
class _Bucket:
    usable_ms: int = 0
    x: float = 0.0
    y: float = 0.0
    """Sums of value (or its direction's two parts) times milliseconds, good and uncertain ones."""
    bad_ms: int = 0
    bad_x: float = 0.0
    bad_y: float = 0.0
    doubtful: bool = False
    last: float | None = None
    last_bad: float | None = None
    known_at_end: bool = False


class Signal:
    """One node: what it stands at, and the periods that are not reported yet."""

    __slots__ = ("_at_ms", "_buckets", "_doubt", "_period_ms", "_quality", "_rule", "_value")

    def __init__(self, period_ms: int, rule: Rule = "mean") -> None:
        self._period_ms, self._rule = period_ms, rule
        self._at_ms = 0
        """Everything before is counted."""
        self._value: float | None = None
        self._quality: Quality = "good"
        self._doubt = False
        self._buckets: dict[int, _Bucket] = {}

    def open(self, at_ms: int) -> None:
        """Subscribed: the value is known from its next sample on, and never for earlier than this."""
        self.lose(at_ms)
        self._at_ms = max(self._at_ms, at_ms)

    def sample(self, at_ms: int, value: float | None, quality: Quality, *, gap: bool = False) -> bool:
        """A value as of a moment; None where there is no number. ``gap``: others before it are gone.

        Returns:
            Whether it came in time. What is older than what was counted already counts from there on.
        """
        in_time = at_ms >= self._at_ms
        if gap:
            self._doubt = True
            self._mark(self._at_ms)
        if in_time:
            self._advance(at_ms)
        self._value, self._quality = value, quality
        if gap:
            self._mark(self._at_ms)
            self._doubt = False
        return in_time

    def lose(self, at_ms: int) -> None:
        """The value is not known from this moment on."""
        self._advance(at_ms)
        self._value = None

    def close(self, start_ms: int) -> Outcome | None:
        """Count the period that starts there up to its end, and forget it. None: no value was known in it."""
        end_ms = start_ms + self._period_ms
        self._advance(end_ms)
        bucket = self._buckets.pop(start_ms, None)
        for older in [key for key in self._buckets if key < start_ms]:
            del self._buckets[older]
        return None if bucket is None else self._outcome(bucket)

    def _advance(self, to_ms: int) -> None:
        at_ms, value = self._at_ms, self._value
        if to_ms <= at_ms:
            return
        self._at_ms = to_ms
        if value is None:
            return
        period_ms = self._period_ms
        while at_ms < to_ms:
            start_ms = at_ms - at_ms % period_ms
            step_ms = min(start_ms + period_ms, to_ms) - at_ms
            self._add(start_ms, step_ms, value, at_end=at_ms + step_ms == start_ms + period_ms)
            at_ms += step_ms

    def _add(self, start_ms: int, step_ms: int, value: float, *, at_end: bool) -> None:
        bucket = self._buckets.get(start_ms)
        if bucket is None:
            bucket = self._buckets[start_ms] = _Bucket()
        if self._rule == "direction":
            x, y = step_ms * math.cos(math.radians(value)), step_ms * math.sin(math.radians(value))
        else:
            x, y = step_ms * value, 0.0
        if self._quality == "bad":
            bucket.bad_ms += step_ms
            bucket.bad_x += x
            bucket.bad_y += y
            bucket.last_bad = value
        else:
            bucket.usable_ms += step_ms
            bucket.x += x
            bucket.y += y
            bucket.last = value
            bucket.known_at_end = at_end
            bucket.doubtful |= self._quality == "suspect"
        bucket.doubtful |= self._doubt

    def _mark(self, at_ms: int) -> None:
        if at_ms:
            self._buckets.setdefault(at_ms - at_ms % self._period_ms, _Bucket()).doubtful = True

    def _outcome(self, bucket: _Bucket) -> Outcome | None:
        if bucket.last is not None:
            whole = bucket.known_at_end if self._rule == "last" else bucket.usable_ms == self._period_ms
            value = bucket.last if self._rule == "last" else self._mean(bucket.x, bucket.y, bucket.usable_ms)
            return Outcome(value, "good" if whole and not bucket.doubtful else "suspect")
        if bucket.last_bad is not None:
            bad = bucket.last_bad if self._rule == "last" else self._mean(bucket.bad_x, bucket.bad_y, bucket.bad_ms)
            return Outcome(bad, "bad")
        return None

    def _mean(self, x: float, y: float, weight_ms: int) -> float:
        if self._rule == "direction":
            return math.degrees(math.atan2(y, x)) % 360.0
        return x / weight_ms
