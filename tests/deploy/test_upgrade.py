"""What the release before left behind starts under this one: its database keeps every row, its secrets still open.

The stream's checkpoint of an older release is tried in ``streaming-processor/tests/test_crashes.py``. Not proven here:
a whole installation, which ``test_upgrade_in_place.py`` brings over.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from gridseal.errors import ConfigError
from gridseal.runtime.migrations import apply_migrations
from gridseal.wire.forecasts import ForecastRun
from local_stack.scratch import scratch_database, scratch_postgres
from settlement_service.vault import Vault
from tests.deploy.manifests import ROOT

PREVIOUS = Path(__file__).with_name("previous")
FOLDERS = {
    "telemetry": "streaming-processor/src/streaming_processor",
    "forecast": "forecast-service/src/forecast_service",
    "settlement": "settlement-service/src/settlement_service",
    "gateway": "ingestion-gateway/src/ingestion_gateway",
    "http": "gridseal/src/gridseal/http",
    "access": "gridseal/src/gridseal/access",
}
pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with scratch_postgres() as address:
        yield address


@pytest.fixture
def old(server: str) -> Iterator[str]:
    """The database of the release before."""
    with scratch_database(server) as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute((PREVIOUS / "430cbaf.sql").read_bytes())
        yield dsn


def upgraded(dsn: str) -> dict[str, list[str]]:
    return {s: apply_migrations(dsn, s, ROOT / folder / "migrations") for s, folder in FOLDERS.items()}


def content(dsn: str) -> dict[str, list[str]]:
    """Every row of every table as text, the columns of the release before only."""
    found: dict[str, list[str]] = {}
    with psycopg.connect(dsn) as connection:
        connection.execute("SET timezone TO 'UTC'")
        tables = connection.execute(
            "SELECT table_schema, table_name, array_agg(column_name::text ORDER BY column_name)"
            " FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
            " GROUP BY 1, 2"
        ).fetchall()
        for schema, table, columns in tables:
            found[f"{schema}.{table}"] = columns
    return found


def rows(dsn: str, columns: dict[str, list[str]]) -> dict[str, list[str]]:
    with psycopg.connect(dsn) as connection:
        connection.execute("SET timezone TO 'UTC'")
        found = {}
        for table, names in columns.items():
            query = sql.SQL("SELECT ROW({})::text FROM {}").format(
                sql.SQL(", ").join(map(sql.Identifier, names)), sql.Identifier(*table.split("."))
            )
            found[table] = sorted(row[0] for row in connection.execute(query).fetchall())
        return found


def test_no_row_is_lost_or_changed_on_the_way_to_this_release(old: str) -> None:
    columns = content(old)
    before = rows(old, columns)

    applied = upgraded(old)

    after = rows(old, columns)
    changed = {t for t in before if not t.endswith(".migrations") and before[t] != after[t]}
    assert sum(map(len, before.values())) > 100
    assert {t for t in before if before[t]} >= {
        "forecast.runs",
        "forecast.scores",
        "settlement.batches",
        "gateway.receipts",
    }
    assert changed == set()
    for schema in ("telemetry", "forecast", "settlement", "gateway"):
        assert applied[schema], f"{schema} had nothing new: take a newer release as the one before"
    assert upgraded(old) == {schema: [] for schema in FOLDERS}


def test_this_release_reads_the_forecasts_of_the_one_before(old: str) -> None:
    upgraded(old)
    with psycopg.connect(old) as connection:
        documents = [row[0] for row in connection.execute("SELECT document FROM forecast.runs").fetchall()]

    assert documents
    for document in documents:
        assert ForecastRun.model_validate(document).series


def test_secrets_of_before_encryption_are_sealed_and_open_again(old: str) -> None:
    upgraded(old)
    vault = Vault([bytes(32)])
    with psycopg.connect(old) as connection:
        for run_id, secret in connection.execute("SELECT run_id, secret FROM settlement.batches").fetchall():
            sealed = vault.renewed(bytes(secret), run_id)
            connection.execute("UPDATE settlement.batches SET secret = %s WHERE run_id = %s", (sealed, run_id))
            assert vault.open(sealed, run_id) == bytes(secret)


def test_a_released_migration_is_never_changed() -> None:
    released = json.loads((PREVIOUS / "released.json").read_text())
    for name, digest in released.items():
        assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == digest, f"{name}: add a new file instead"
    assert len(released) > 35


def test_a_changed_migration_is_refused_at_the_start(old: str, tmp_path: Path) -> None:
    for file in (ROOT / FOLDERS["settlement"] / "migrations").glob("*.sql"):
        (tmp_path / file.name).write_text(file.read_text() + "-- changed\n")

    with pytest.raises(ConfigError, match="changed after it was applied"):
        apply_migrations(old, "settlement", tmp_path)
