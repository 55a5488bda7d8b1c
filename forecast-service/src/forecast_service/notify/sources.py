"""Where events come from: three topics and two tables."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError

from forecast_service.notify.events import Event, of_alert, of_model_event, of_resolution, of_round, of_seal
from forecast_service.notify.outbox import Outbox
from forecast_service.store.notifications import Notifications
from gridseal.errors import UnavailableError, WireError
from gridseal.runtime.clock import Clock
from gridseal.runtime.kafka import client_options
from gridseal.runtime.logs import get_logger
from gridseal.wire.alerts import Alert
from gridseal.wire.codec import decode
from gridseal.wire.forecasts import Seal
from gridseal.wire.rounds import RoundChange
from gridseal.wire.topics import ALERTS, FORECASTS_SEALED, ROUNDS_CHANGED

log = get_logger(__name__)
GROUP = "forecast-service-notify"
TOPICS = (ALERTS, FORECASTS_SEALED, ROUNDS_CHANGED)
TABLES_EVERY_S = 2.0
AGAIN_AFTER_S = 5.0


def event_of(topic: str, value: bytes, clock: Clock) -> Event | None:
    """What a message tells to people outside, None where nothing.

    Raises:
        WireError: It is not of its topic's contract.
    """
    if topic == ALERTS:
        return of_alert(decode(Alert, value))
    if topic == FORECASTS_SEALED:
        return of_seal(decode(Seal, value), clock.now())
    return of_round(decode(RoundChange, value), clock.now())


class TopicSource:
    """Reads as a group, from the moment it was first switched on; an offset counts when its event is kept."""

    def __init__(self, bootstrap: str, outbox: Outbox, clock: Clock) -> None:
        self._bootstrap = bootstrap
        self._outbox = outbox
        self._clock = clock

    async def run(self) -> None:
        """Follow until cancelled; a scheduler goes on while this waits for Kafka or PostgreSQL."""
        while True:
            try:
                await self._follow()
            except UnavailableError as error:
                log.warning("notifications_wait", detail=str(error))
            await asyncio.sleep(AGAIN_AFTER_S)

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(
            *TOPICS, **client_options(self._bootstrap), group_id=GROUP, enable_auto_commit=False,
            auto_offset_reset="latest",
        )  # fmt: skip
        try:
            await consumer.start()
            while True:
                batch = await consumer.getmany(timeout_ms=500, max_records=200)
                for records in batch.values():
                    for record in records:
                        await self._take(record)
                if batch:
                    await consumer.commit()
        except KafkaError as error:
            raise UnavailableError("Kafka does not answer") from error
        finally:
            await consumer.stop()

    async def _take(self, record: ConsumerRecord) -> None:
        try:
            event = event_of(record.topic, record.value or b"", self._clock)
        except WireError as error:
            log.warning("notification_source_refused", topic=record.topic, reason=error.reason)
            return
        if event is not None:
            await asyncio.to_thread(self._outbox.put, event)


class TableSource:
    """Looks for new rows of ``model_events`` and ``alert_actions``."""

    def __init__(self, rows: Notifications, outbox: Outbox) -> None:
        self._rows = rows
        self._outbox = outbox
        self._tables: dict[str, Callable[[tuple[Any, ...]], None]] = {
            "model_events": self._model_event,
            "alert_actions": self._alert_action,
        }

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except UnavailableError as error:
                log.warning("notifications_wait", detail=str(error))
            await asyncio.sleep(TABLES_EVERY_S)

    async def look(self) -> None:
        """Queue what is new."""
        for source, take in self._tables.items():
            await asyncio.to_thread(self._rows.news, source, take)

    def _model_event(self, row: tuple[Any, ...]) -> None:
        self._outbox.put(of_model_event(*row))

    def _alert_action(self, row: tuple[Any, ...]) -> None:
        event_id, action, alert_id, by, note, at = row
        if action == "resolve":
            self._outbox.put(of_resolution(event_id, alert_id, by, note, at))
