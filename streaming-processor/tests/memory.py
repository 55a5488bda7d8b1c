"""Ports in memory, for the sides of a batch that a test only watches."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from gridseal.errors import UnavailableError
from gridseal.wire.alerts import Alert
from gridseal.wire.windows import Window
from streaming_processor.arrived import Undecodable
from streaming_processor.ports import BatchId
from streaming_processor.reference import Reference

from .builders import NOW_S


class FixedClock:
    """Domain time stands still."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(NOW_S, UTC)

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()


class MemoryCatalog:
    """``later`` is what a read to the end of the topic would find."""

    def __init__(self, reference: Reference, later: Reference | None = None) -> None:
        self.reference = reference
        self.later = later or reference

    def current(self) -> Reference:
        return self.reference

    def catch_up(self) -> Reference:
        self.reference = self.later
        return self.reference


class MemoryHot:
    """Remembers; ``broken`` makes it fail like a server that is gone."""

    def __init__(self) -> None:
        self.windows: list[Window] = []
        self.broken = False

    def put(self, windows: Sequence[Window]) -> None:
        if self.broken:
            raise UnavailableError("Redis does not answer")
        self.windows.extend(windows)


class MemoryOutbox:
    """The last batch that everybody was told of."""

    def __init__(self) -> None:
        self.last: BatchId | None = None

    def told(self, batch: BatchId) -> None:
        self.last = batch


class MemoryAlerts:
    """One alert under each id."""

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}

    def put(self, alerts: Sequence[Alert]) -> None:
        self.alerts.update({a.alert_id: a for a in alerts})


class MemoryPublisher:
    """Everything in the order in which it was told."""

    def __init__(self) -> None:
        self.told_windows: list[Window] = []
        self.told_alerts: list[Alert] = []
        self.letters: list[Undecodable] = []

    def windows(self, windows: Sequence[Window]) -> None:
        self.told_windows.extend(windows)

    def alerts(self, alerts: Sequence[Alert]) -> None:
        self.told_alerts.extend(alerts)

    def dead_letters(self, messages: Sequence[Undecodable]) -> None:
        self.letters.extend(messages)
