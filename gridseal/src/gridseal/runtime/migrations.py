"""Numbered SQL files, applied once each, under one lock per schema.

A service keeps ``NNNN_title.sql`` in its own ``migrations`` folder and owns one schema. Applied
files are recorded with their SHA-256; a file that changed after it was applied is refused.
"""

import hashlib
from pathlib import Path

import psycopg
from psycopg import sql

from gridseal.errors import ConfigError, UnavailableError


def apply_migrations(dsn: str, schema: str, folder: Path) -> list[str]:
    """Bring ``schema`` up to date and return the names of the files applied now.

    Raises:
        UnavailableError: The database cannot be reached.
        ConfigError: A file that was applied earlier has changed.
    """
    try:
        connection = psycopg.connect(dsn, autocommit=False)
    except psycopg.OperationalError as error:
        raise UnavailableError(
            "PostgreSQL does not answer: check GRIDSEAL_POSTGRES_DSN and that the server runs"
        ) from error
    applied: list[str] = []
    with connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"migrations:{schema}",))
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        connection.execute(sql.SQL("SET LOCAL search_path TO {}, public").format(sql.Identifier(schema)))
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations"
            " (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        done = {str(name): str(digest) for name, digest in connection.execute("SELECT name, sha256 FROM migrations")}
        for path in sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql")):
            text = path.read_text()
            digest = hashlib.sha256(text.encode()).hexdigest()
            if path.name in done:
                if done[path.name] != digest:
                    raise ConfigError(
                        f"migration {schema}/{path.name} changed after it was applied: add a new file instead"
                    )
                continue
            connection.execute(text.encode())
            connection.execute("INSERT INTO migrations (name, sha256) VALUES (%s, %s)", (path.name, digest))
            applied.append(path.name)
    connection.close()
    return applied
