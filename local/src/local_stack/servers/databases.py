"""Makes the role and the databases of the stack; run as ``python -m local_stack.servers.databases PORT``."""

import sys

import psycopg
from psycopg import sql

from local_stack.servers.postgres import DATABASES, ROLE, SYSTEM_USER

TENANT_ROLE = "gridseal_tenant"
"""Sees one tenant at a time; the services' role takes it, and may not create roles itself."""


def ensure_databases(port: int) -> None:
    """Create what is missing."""
    address = f"host=127.0.0.1 port={port} user={SYSTEM_USER} dbname=postgres connect_timeout=5"
    with psycopg.connect(address, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(ROLE)))
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [TENANT_ROLE]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(TENANT_ROLE)))
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(TENANT_ROLE), sql.Identifier(ROLE)))
        for name in DATABASES:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                statement = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(statement.format(sql.Identifier(name), sql.Identifier(ROLE)))
        if connection.execute("SELECT current_setting('shared_preload_libraries') LIKE '%timescaledb%'").fetchone() == (
            True,
        ):
            with psycopg.connect(f"{address} dbname={DATABASES[0]}", autocommit=True) as telemetry:
                telemetry.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")


if __name__ == "__main__":
    ensure_databases(int(sys.argv[1]))
