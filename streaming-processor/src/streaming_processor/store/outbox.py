"""Notes in the ledger which batches everybody has been told of."""

from typing import Any

import psycopg

from gridseal.errors import UnavailableError
from streaming_processor.ports import BatchId
from streaming_processor.store.statements import TOLD


class LedgerOutbox:
    """A connection of its own: it is called beside the batches."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: psycopg.Connection[Any] | None = None

    def told(self, batch: BatchId) -> None:
        """Everybody knows of this batch and of those before it.

        Raises:
            UnavailableError: PostgreSQL does not answer.
        """
        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(self._dsn, autocommit=True, connect_timeout=5)
                # Losing the note costs telling twice, never not at all.
                self._connection.execute("SET synchronous_commit TO off")
            self._connection.execute(TOLD, (batch.query_id, batch.number))
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.close()
            raise UnavailableError(f"PostgreSQL does not answer: {str(error).splitlines()[0]}") from error

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
