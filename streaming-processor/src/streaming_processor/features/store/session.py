"""One PostgreSQL connection, made again after a failure."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from gridseal.errors import UnavailableError


class Session:
    """For one thread at a time."""

    def __init__(self, dsn: str, prepare: Sequence[str] = ()) -> None:
        self._dsn = dsn
        self._prepare = prepare
        self._connection: psycopg.Connection[Any] | None = None
        self._series: dict[str, int] = {}

    @contextlib.contextmanager
    def transaction(self) -> Iterator[psycopg.Connection[Any]]:
        """One transaction.

        Raises:
            UnavailableError: The server is gone; the next call connects anew.
        """
        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(self._dsn, autocommit=True, connect_timeout=5)
                self._connection.execute("SET TIME ZONE 'UTC'")
                self._connection.execute("SET search_path TO telemetry, public")
                for statement in self._prepare:
                    self._connection.execute(statement.encode())
            with self._connection.transaction():
                yield self._connection
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.close()
            raise UnavailableError(f"PostgreSQL does not answer: {str(error).splitlines()[0]}") from error

    def series_no(self, connection: psycopg.Connection[Any], wanted: set[str]) -> dict[str, int]:
        """Keys of series; those that the stream has never met are absent."""
        if wanted - self._series.keys():
            self._series = dict(connection.execute("SELECT series_id, series_no FROM series").fetchall())
        return self._series

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
