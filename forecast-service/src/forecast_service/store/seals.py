"""Where the seal of each run stands, as settlement-service last said."""

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from forecast_service.store.database import Pool, answering
from gridseal.wire.codec import encode_dict
from gridseal.wire.forecasts import Seal

_UPSERT = """
INSERT INTO forecast.seals (run_id, state, tx_hash, block_number, block_time, document)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (run_id) DO UPDATE SET state = excluded.state, tx_hash = excluded.tx_hash,
  block_number = excluded.block_number, block_time = excluded.block_time, document = excluded.document,
  updated_at = clock_timestamp()
"""


class SealStore:
    """Table ``forecast.seals``; the worker process is its only writer."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def upsert(self, seals: Sequence[Seal]) -> None:
        """Take the seals in the order in which they were sent; the same one twice changes nothing."""
        rows = [(s.run_id, s.state, s.tx_hash, s.block_number, s.block_time, Jsonb(encode_dict(s))) for s in seals]
        with answering(), self._pool.connection() as connection, connection.cursor() as cursor:
            cursor.executemany(_UPSERT, rows)
