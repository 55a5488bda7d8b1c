"""How far the replay is, for the status page and the demo's report."""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

RATE_WINDOW_S: Final = 10.0
FRESH_S: Final = 5.0
"""A message without a receipt for longer than this means: not caught up."""


@dataclass(slots=True)
class Progress:
    """Written by the replay and the dispatcher, read by the status page; all on the event loop."""

    opened_at: float | None = None
    """Wall time at which the data sets were ready; None while they are being read."""
    done_at: float | None = None
    """Wall time at which everything due had been made and receipted for the first time."""
    all_due_made: bool = False
    """Every reading that is due has been made into a message."""
    settled: int = 0
    """Readings receipted by this process."""
    settled_at_done: int = 0
    receipts: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=8_192))
    lags_ms: deque[float] = field(default_factory=lambda: deque(maxlen=2_000))
    """Wall milliseconds from the end of a period to its publish; the latest ones, live only."""

    def opened(self) -> None:
        """The data sets are ready."""
        self.opened_at = time.time()

    def receipted(self, readings: int) -> None:
        """A receipt covered so many readings."""
        self.settled += readings
        self.receipts.append((time.time(), readings))

    def look(self, oldest_age_s: float) -> None:
        """Note the moment at which the history is through."""
        if self.done_at is None and self.caught_up(oldest_age_s):
            self.done_at, self.settled_at_done = time.time(), self.settled

    def caught_up(self, oldest_age_s: float) -> bool:
        """Everything due has been made, and nothing waits long for its receipt."""
        return self.opened_at is not None and self.all_due_made and oldest_age_s < FRESH_S

    def readings_per_s(self) -> float:
        """While back-filling the rate of the last seconds; afterwards the mean of the whole back-fill."""
        if self.opened_at is None:
            return 0.0
        if self.done_at is not None:
            return self.settled_at_done / max(self.done_at - self.opened_at, 1e-3)
        now = time.time()
        recent = sum(readings for at, readings in self.receipts if now - at <= RATE_WINDOW_S)
        return recent / min(RATE_WINDOW_S, max(now - self.opened_at, 1e-3))

    def lag_ms(self, share: float) -> float | None:
        """A quantile of the latest lags; None before the first."""
        ordered = sorted(self.lags_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
