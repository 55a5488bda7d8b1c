"""What the agent tells about itself: totals since the queue file was made, and the state right now."""

from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from edge_agent.dispatcher import Dispatcher
from edge_agent.lanes import Lane
from edge_agent.policies import POLICIES
from edge_agent.ports import Maker
from edge_agent.progress import Progress
from edge_agent.queue import DurableQueue, Tally
from gridseal.access.guard import Access, install_guard
from gridseal.errors import UnavailableError
from gridseal.runtime.clock import Clock
from gridseal.runtime.health import install_health
from gridseal.runtime.problems import install_problem_handlers
from gridseal.wire.fields import format_utc


class StatusPage:
    """Puts the figures of all parts together."""

    def __init__(
        self, *, clock: Clock, queue: DurableQueue, dispatcher: Dispatcher, replay: Maker, progress: Progress
    ) -> None:
        self._clock = clock
        self._queue, self._dispatcher, self._replay, self._progress = queue, dispatcher, replay, progress

    def read(self) -> dict[str, Any]:
        """The document of ``/status``. Message and reading counts survive restarts; the rest is of this process."""
        devices = {name: _device(lane, self._queue.tallies[name]) for name, lane in self._dispatcher.lanes.items()}
        counts = ("messages_enqueued", "messages_sent", "messages_receipted", "messages_delivered", "messages_refused")
        readings = ("readings_enqueued", "readings_delivered", "readings_refused", "queue_depth")
        totals: dict[str, Any] = {name: sum(line[name] for line in devices.values()) for name in (*counts, *readings)}
        age = self._dispatcher.oldest_age_s()
        totals["messages_resent"] = self._dispatcher.resent
        totals["receipts_refused"] = self._dispatcher.refused_receipts
        totals["queue_bytes"] = self._queue.bytes
        totals["refused_by_reason"] = self._queue.refused_by_reason()
        totals["oldest_unreceipted_age_s"] = round(age, 3)
        totals["devices"] = len(devices)
        totals["devices_connected"] = self._dispatcher.ready_devices
        return {
            "disk_full": self._dispatcher.disk_full,
            "domain_now": format_utc(self._clock.now()),
            "caught_up": self._progress.caught_up(age),
            "backfill": self._backfill(totals),
            "due_to_sent_ms": {name: self._progress.lag_ms(share) for name, share in LAGS.items()},
            "totals": totals,
            "devices": devices,
        }

    def _backfill(self, totals: dict[str, Any]) -> dict[str, Any]:
        settled = totals["readings_delivered"] + totals["readings_refused"]
        everything = totals["readings_enqueued"] + self._replay.remaining()
        done = self._progress.done_at is not None
        percent = 100.0 if done else 100.0 * settled / everything if everything else 0.0
        return {
            "done": done,
            "percent": round(percent, 2),
            "readings_per_s": round(self._progress.readings_per_s(), 1),
            "data_ready": self._progress.opened_at is not None,
        }


LAGS = {"p50": 0.5, "p99": 0.99, "max": 1.0}


def _device(lane: Lane, tally: Tally) -> dict[str, Any]:
    receipted = tally.messages_delivered + tally.messages_refused
    cursor = None if tally.cursor_ms is None else format_utc(datetime.fromtimestamp(tally.cursor_ms / 1_000, UTC))
    return {
        "connected": lane.ready,
        "sent_until": cursor,
        "messages_enqueued": tally.messages_enqueued,
        "messages_sent": receipted + len(lane.flying),
        "messages_receipted": receipted,
        "messages_delivered": tally.messages_delivered,
        "messages_refused": tally.messages_refused,
        "readings_enqueued": tally.readings_enqueued,
        "readings_delivered": tally.readings_delivered,
        "readings_refused": tally.readings_refused,
        "queue_depth": lane.depth,
    }


def create_app(
    page: StatusPage, dispatcher: Dispatcher, registry: CollectorRegistry, access: Access | None = None
) -> FastAPI:
    """``/status`` and the operational routes."""
    app = FastAPI(title="Gridseal edge agent", version="1")
    install_guard(app, access or Access("edge-agent"), POLICIES)

    async def broker() -> None:
        if dispatcher.ready_devices == 0:
            raise UnavailableError("no device is connected to the MQTT broker")

    install_problem_handlers(app)
    install_health(app, "edge-agent", {"mqtt": broker}, registry)

    @app.get("/status", operation_id="readAgentStatus")
    async def status() -> dict[str, Any]:
        return page.read()

    return app
