"""From Kafka into the lake: Bronze as it comes, Silver behind it, the tables kept tidy."""

import asyncio
import time
from dataclasses import asdict
from datetime import datetime

from gridseal.errors import UnavailableError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger
from gridseal.wire.topics import ASSETS_CHANGED
from streaming_processor.lake.bronze import TOPICS, Bronze, Record
from streaming_processor.lake.kafka_records import KafkaRecords
from streaming_processor.lake.settings import LakeSettings
from streaming_processor.lake.silver import Moved, Silver

log = get_logger(__name__)
_WAIT_MS = 500


class Flow:
    """One writer of one lake."""

    def __init__(self, bootstrap: str, settings: LakeSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self.bronze = Bronze(settings.url)
        self.silver = Silver(settings.url, self.bronze, settings.step_messages)
        self._source = KafkaRecords(bootstrap, TOPICS)

    async def run(self) -> None:
        """Until cancelled.

        Raises:
            UnavailableError: Kafka or the storage is gone; nothing is lost, the next start goes on.
        """
        await self._source.start(self.bronze.position)
        tidied = time.monotonic()
        try:
            while True:
                await self._bring(await self._gather())
                # A device is in the catalog before it speaks, but the two are different topics: Silver must not
                # refuse a reading because Bronze was handed the topics in another order.
                while await self._source.behind(ASSETS_CHANGED):
                    await self._bring(await self._source.take(self._settings.flush_records, _WAIT_MS))
                moved = await asyncio.to_thread(self.silver.advance, self._clock.now())
                if moved.messages:
                    log.info("silver_advanced", **asdict(moved))
                if time.monotonic() - tidied > self._settings.tidy_every_s:
                    await asyncio.to_thread(self.tidy, self._clock.now())
                    tidied = time.monotonic()
        finally:
            await self._source.stop()

    async def catch_up(self) -> tuple[int, Moved]:
        """Bring what Kafka holds at this moment into Bronze, and Bronze into Silver.

        Returns:
            New records of Bronze, and what Silver did. Without Kafka the lake replays what it holds.
        """
        records = 0
        try:
            await self._source.start(self.bronze.position)
            ends = await self._source.ends()
            while any(at < ends[place] for place, at in (await self._source.positions()).items()):
                records += await self._bring(await self._source.take(self._settings.flush_records, _WAIT_MS))
        except UnavailableError as error:
            log.warning("kafka_left_out", reason=str(error))
        finally:
            await self._source.stop()
        return records, await asyncio.to_thread(self.silver.advance, self._clock.now())

    async def _gather(self) -> list[Record]:
        """Records until there are enough for a file, or the time is over."""
        records: list[Record] = []
        until = time.monotonic() + self._settings.flush_s
        while len(records) < self._settings.flush_records and time.monotonic() < until:
            records += await self._source.take(self._settings.flush_records - len(records), _WAIT_MS)
        return records

    async def _bring(self, records: list[Record]) -> int:
        return await asyncio.to_thread(self.bronze.append, records) if records else 0

    def tidy(self, now: datetime) -> dict[str, dict[str, int]]:
        """Compact, checkpoint and vacuum Bronze and Silver; forget old days of Bronze."""
        if self._settings.bronze_days:
            self.bronze.forget(self._settings.bronze_days, now)
        tables = {"bronze": self.bronze.table, "silver": self.silver.table}
        return {name: table.tidy(self._settings.vacuum_hours) for name, table in tables.items()}
