"""An event becomes one row for each target that wants it."""

from collections.abc import Sequence
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter

from forecast_service.notify.events import Event
from forecast_service.notify.targets import Target
from forecast_service.store.notifications import Notifications


class Outbox:
    """Where sources put events. Blocks: call it from a thread."""

    def __init__(
        self, rows: Notifications, targets: Sequence[Target], registry: CollectorRegistry, quiet: timedelta
    ) -> None:
        self._rows = rows
        self._targets = targets
        self._quiet = quiet
        self._kept = Counter(
            "gridseal_notifications_queued_total", "Events kept for a target, by what came of it",
            ["target", "outcome"], registry=registry,
        )  # fmt: skip

    def put(self, event: Event | None) -> None:
        """Keep it, once.

        Raises:
            UnavailableError: PostgreSQL does not answer.
        """
        if event is None:
            return
        for target in self._targets:
            if target.wants(event):
                outcome = self._rows.queue(
                    target.name, event.key, event.about, event.model_dump(mode="json"), self._quiet
                )
                self._kept.labels(target.name, outcome).inc()
