"""The product's stream with an append sink: no ledger, no key, every batch simply added to a table.

That is what ``foreachBatch`` promises by itself: at least once. A batch whose checkpoint was not written
is handed over again, and its rows stand there twice.
"""

import runpy
from datetime import datetime

import numpy as np

from gridseal.runtime.failpoints import failpoint
from streaming_processor.ports import Committed, Delivery
from streaming_processor.quality.judge import Judged
from streaming_processor.quantities import STORED
from streaming_processor.reference import Reference
from streaming_processor.store.postgres import PostgresStore
from streaming_processor.window_states import no_windows

TABLE = (
    "CREATE TABLE IF NOT EXISTS telemetry.appended (device_id text, quantity text, period_start timestamptz,"
    " period_s integer, value_milli bigint, sent_at_ms bigint)"
)
INDEX = "CREATE INDEX IF NOT EXISTS appended_by_place ON telemetry.appended (device_id, quantity, period_start)"
"""Not unique: it only lets the harness look up what is newest."""
APPEND = "INSERT INTO telemetry.appended VALUES (%s, %s, to_timestamp(%s), %s, %s, %s)"


class AppendStore(PostgresStore):
    """Adds, and remembers nothing."""

    def commit(self, delivery: Delivery, judged: Judged, reference: Reference, now: datetime) -> Committed:
        """Append the accepted readings."""
        rows = judged.rows
        with self._open() as connection:
            connection.execute(TABLE)
            connection.execute(INDEX)
            connection.cursor().executemany(
                APPEND,
                [
                    (reference.assets[source // len(STORED)].device_id, STORED[source % len(STORED)], *rest)
                    for source, *rest in zip(
                        rows.source.tolist(),
                        rows.start_s.tolist(),
                        rows.period_s.tolist(),
                        rows.milli.tolist(),
                        rows.sent_at_ms.tolist(),
                        strict=True,
                    )
                ],
            )
        failpoint("sink.after_commit_before_checkpoint")
        return Committed(
            repeated=False,
            duplicates=0,
            refused={},
            fresh=np.arange(len(rows)),
            newest=no_windows(reference),
            recent=no_windows(reference),
            history=0,
            alerts=(),
        )


if __name__ == "__main__":
    import streaming_processor.store.postgres as store

    store.PostgresStore = AppendStore  # type: ignore[misc]
    runpy.run_module("streaming_processor", run_name="__main__")
