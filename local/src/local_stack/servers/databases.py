"""Makes the role and the databases of the stack; run as ``python -m local_stack.servers.databases PORT``."""

import sys

import psycopg
from psycopg import sql

from local_stack.servers.postgres import DATABASES, ROLE, SYSTEM_USER

TENANT_ROLES = ("gridseal_tenant", "gridseal_service")
"""See one tenant at a time, the second one writes as well; the services' role takes them, and may not create roles."""


def ensure_databases(port: int) -> None:
    """Create what is missing."""
    address = f"host=127.0.0.1 port={port} user={SYSTEM_USER} dbname=postgres connect_timeout=5"
    with psycopg.connect(address, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(ROLE)))
        reader, writer = (sql.Identifier(name) for name in TENANT_ROLES)
        for name in TENANT_ROLES:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))
            connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(name), sql.Identifier(ROLE)))
        connection.execute(sql.SQL("GRANT {} TO {}").format(reader, writer))
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
