"""Cursors and revisions of the feeds in PostgreSQL (schema ``gateway``)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from ingestion_gateway.database import Connection, GatewayDatabase
from ingestion_gateway.feeds.ports import FeedRecord
from ingestion_gateway.feeds.revisions import Item, Known, digest_of, item_of, news_among

_CURSOR: Final = "SELECT position FROM gateway.feed_cursors WHERE source_id = %s AND name = %s"
_MOVE: Final = """
INSERT INTO gateway.feed_cursors AS c (source_id, name, position) VALUES (%s, %s, %s)
ON CONFLICT (source_id, name) DO UPDATE SET position = greatest(c.position, excluded.position), moved_at = now()
"""
_KNOWN: Final = """
SELECT DISTINCT ON (r.item, r.period_start) r.item, extract(epoch FROM r.period_start)::bigint, r.revision, r.digest
FROM unnest(%s::text[], %s::bigint[]) AS k (item, period_start)
JOIN gateway.feed_revisions r
  ON r.source_id = %s AND r.item = k.item AND r.period_start = to_timestamp(k.period_start)
ORDER BY r.item, r.period_start, r.revision DESC
"""
_NOTE: Final = """
INSERT INTO gateway.feed_revisions (source_id, item, period_start, revision, digest, known_at)
SELECT %s, k.item, to_timestamp(k.period_start), k.revision, k.digest, k.known_at
FROM unnest(%s::text[], %s::bigint[], %s::int[], %s::bytea[], %s::timestamptz[])
     AS k (item, period_start, revision, digest, known_at)
ON CONFLICT DO NOTHING
"""
_NEWEST: Final = """
SELECT max(period_start) FROM gateway.feed_revisions WHERE source_id = %s
"""


class FeedBook:
    """The tables ``feed_cursors`` and ``feed_revisions``. Every call may raise ``UnavailableError``."""

    def __init__(self, database: GatewayDatabase) -> None:
        self._database = database

    async def cursor(self, source_id: str, name: str) -> datetime | None:
        """How far a pull has come; None before the first."""

        def read(connection: Connection) -> datetime | None:
            row = connection.execute(_CURSOR, (source_id, name)).fetchone()
            return None if row is None else row[0].astimezone(UTC)

        return await self._database.run(read)

    async def newest(self, source_id: str) -> datetime | None:
        """Start of the newest period that was ever passed on."""

        def read(connection: Connection) -> datetime | None:
            row = connection.execute(_NEWEST, (source_id,)).fetchone()
            return None if row is None or row[0] is None else row[0].astimezone(UTC)

        return await self._database.run(read)

    async def news(self, source_id: str, records: Sequence[FeedRecord]) -> list[FeedRecord]:
        """Those that are new or differ from what was last passed on, each with its revision."""
        if not records:
            return []
        items = [item_of(record) for record in records]
        asked = ([i.item for i in items], [i.period_start_s for i in items], source_id)

        def read(connection: Connection) -> dict[Item, Known]:
            rows = connection.execute(_KNOWN, asked).fetchall()
            return {Item(item, start): Known(revision, bytes(digest)) for item, start, revision, digest in rows}

        return news_among(records, await self._database.run(read))

    async def passed_on(
        self, source_id: str, records: Sequence[FeedRecord], cursor: tuple[str, datetime] | None
    ) -> None:
        """Note records that Kafka has, and how far that goes, in one transaction."""
        items = [item_of(record) for record in records]
        columns = (
            source_id,
            [i.item for i in items],
            [i.period_start_s for i in items],
            [r.revision for r in records],
            [digest_of(r) for r in records],
            [r.known_at for r in records],
        )

        def write(connection: Connection) -> None:
            if items:
                connection.execute(_NOTE, columns)
            if cursor is not None:
                connection.execute(_MOVE, (source_id, *cursor))

        await self._database.run(write)
