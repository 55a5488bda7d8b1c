"""Three tenants in one database: as gridseal_tenant each sees its own rows alone, whatever a query forgets."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

import settlement_service
import streaming_processor
from forecast_service.store.database import migrate
from gridseal.runtime.migrations import apply_migrations
from gridseal.wire.catalog import Asset, Series
from local_stack.scratch import scratch_database, scratch_postgres
from streaming_processor.reference import reference_from
from streaming_processor.store.numbers import assign_numbers

TENANTS: Final = ("demo", "north", "south")
SEEN: Final = (
    "telemetry.devices", "telemetry.series", "telemetry.tenant_readings", "telemetry.tenant_windows",
    "telemetry.tenant_hits", "forecast.runs", "forecast.values", "forecast.baseline_values", "forecast.seals",
    "forecast.scores", "forecast.run_inputs", "forecast.outbox", "settlement.signings", "settlement.seal_events",
)  # fmt: skip
"""And of ``settlement.batches`` all columns but one."""
ROWS: Final = """
INSERT INTO reading_rows SELECT device_no, 1, %(at)s, 900, 1, 0, 1, now() FROM devices WHERE device_id = %(device)s;
INSERT INTO window_rows SELECT series_no, 900, %(at)s, 1, 900, 1, 1, 1, 1, 1, 1, now() FROM series
  WHERE series_id = %(series)s;
INSERT INTO quality_hits SELECT %(at)s, device_no, 1, 'stuck', 1, 900, 1, 'stream', now() FROM devices
  WHERE device_id = %(device)s;
INSERT INTO forecast.runs (run_id, product_id, slot, version, issued_at, delivery_start, gate_closure, levels_bps,
  model_name, model_version, model_hash, feature_hash, document)
  VALUES (%(run)s, %(t)s, %(at)s, 1, %(at)s, %(at)s, %(at)s, '{1000}', 'm', '1', 'h', 'f', %(doc)s);
INSERT INTO forecast.values (run_id, series_id, target_start, resolution_s, issued_at, values_milli, model, rung,
  data_age_s) VALUES (%(run)s, %(series)s, %(at)s, 900, %(at)s, '{1}', 'm', 0, 0);
INSERT INTO forecast.baseline_values VALUES (%(run)s, %(series)s, %(at)s, '{1}');
INSERT INTO forecast.seals (run_id, state, document) VALUES (%(run)s, 'mined', '{}');
INSERT INTO forecast.scores (run_id, series_id, target_start, kind, model, actual_milli, window_version, range_milli,
  level_ratios, pinball_ratio, baseline_ratio)
  VALUES (%(run)s, %(series)s, %(at)s, 'k', 'm', 1, 1, 1, '{1}', 1, 1);
INSERT INTO forecast.outbox (run_id, slot, traceparent) VALUES (%(run)s, %(at)s, '');
INSERT INTO forecast.run_inputs (run_id, lineage, seq, payload) VALUES (%(run)s, gen_random_uuid(), 0, '');
INSERT INTO settlement.batches (run_id, product_id, slot, version, gate_closure, document, secret, root, state)
  VALUES (%(run)s, %(t)s, %(at)s, 1, %(at)s, convert_to(%(doc)s, 'UTF8'), decode(repeat('ab', 32), 'hex'), 'r',
  'built');
INSERT INTO settlement.signings (batch_hash, run_id, nonce, prev_batch, batch, signature)
  VALUES (%(run)s, %(run)s, 1, '', '{}', '');
INSERT INTO settlement.seal_events (run_id, document) VALUES (%(run)s, '')
"""
AT: Final = "2026-06-01T12:00:00Z"


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with scratch_postgres() as address, scratch_database(address) as found:
        apply_migrations(found, "telemetry", Path(streaming_processor.__path__[0]) / "migrations")
        migrate(found)
        apply_migrations(found, "settlement", Path(settlement_service.__path__[0]) / "migrations")
        with psycopg.connect(found, options="-c search_path=telemetry,public") as db:
            db.execute("SELECT ensure_month('2026-06-01')")
            db.execute("SELECT ensure_hits_month('2026-06-01')")
            _catalog(db)
            for tenant in TENANTS:
                _fill(db, tenant)
        yield found


def _catalog(db: psycopg.Connection[Any]) -> None:
    """As the stream numbers what the catalog says."""
    records: dict[str, Any] = {}
    for tenant in TENANTS:
        asset = {
            "tenant_id": tenant, "asset_id": f"{tenant}-pv", "site_id": tenant, "device_id": f"{tenant}-pv",
            "name": tenant, "asset_type": "pv", "native_period_s": 900, "telemetry_class": "solar",
            "quantities": ["active_power"],
        }  # fmt: skip
        series = {
            "tenant_id": tenant, "series_id": f"{tenant}/pv", "site_id": tenant, "name": "PV", "kind": "pv",
            "unit": "W", "resolution_s": 900, "issue_every_s": 900, "direction": "into_grid",
            "inputs": [{"device_id": f"{tenant}-pv", "quantity": "active_power"}],
        }  # fmt: skip
        for record in (Asset.model_validate(asset), Series.model_validate(series)):
            records[record.key] = record
    numbers = assign_numbers(db, reference_from(records))
    assert len(numbers.device_no) == len(TENANTS)


def _fill(db: psycopg.Connection[Any], tenant: str) -> None:
    run, document = f"run-{tenant}", json.dumps({"tenant_id": tenant})
    given = {"t": tenant, "run": run, "doc": document, "at": AT, "series": f"{tenant}/pv", "device": f"{tenant}-pv"}
    for statement in ROWS.strip().split(";"):
        db.execute(statement.encode(), given)


@contextmanager
def as_tenant(dsn: str, tenant: str | None) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(dsn) as connection:
        connection.execute("SET LOCAL ROLE gridseal_tenant")
        if tenant is not None:
            connection.execute("SELECT set_config('gridseal.tenant', %s, true)", (tenant,))
        yield connection


@pytest.mark.parametrize("tenant", [*TENANTS, "nobody", "", None])
@pytest.mark.parametrize("table", [*SEEN, "settlement.batches"])
def test_a_tenant_sees_its_own_rows_alone(dsn: str, table: str, tenant: str | None) -> None:
    columns = "*" if table in SEEN else "run_id, document, root"
    with psycopg.connect(dsn) as owner:
        everything = owner.execute(f"SELECT {columns} FROM {table}".encode()).fetchall()
    with as_tenant(dsn, tenant) as connection:
        rows = connection.execute(f"SELECT {columns} FROM {table}".encode()).fetchall()
    told = [{name for name in TENANTS if any(name in str(value) for value in row)} for row in rows]

    assert "tenant_" in table or len(everything) == len(TENANTS)
    assert told == ([{tenant}] if tenant in TENANTS else [])


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM telemetry.reading_rows", "SELECT * FROM telemetry.window_rows",
        "SELECT * FROM telemetry.readings", "SELECT secret FROM settlement.batches", "SELECT * FROM settlement.batches",
        "SELECT * FROM settlement.accounts", "UPDATE telemetry.devices SET tenant_id = 'demo'",
        "DELETE FROM forecast.runs", "INSERT INTO telemetry.series (series_id, definition) VALUES ('a/b', '')",
        "CREATE TABLE forecast.mine ()", "SELECT * FROM forecast.requests",
        "ALTER TABLE forecast.runs DISABLE ROW LEVEL SECURITY",
    ],
)  # fmt: skip
def test_and_may_do_nothing_else(dsn: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), as_tenant(dsn, "demo") as connection:
        connection.execute(statement.encode())


def test_a_device_that_changes_hands_takes_its_readings_along(dsn: str) -> None:
    with psycopg.connect(dsn) as owner, owner.transaction(force_rollback=True):
        owner.execute("UPDATE telemetry.devices SET tenant_id = 'north' WHERE device_id = 'demo-pv'")
        owner.execute("SET LOCAL ROLE gridseal_tenant")
        owner.execute("SELECT set_config('gridseal.tenant', 'north', true)")
        found = owner.execute("SELECT device_id FROM telemetry.tenant_readings ORDER BY 1").fetchall()

    assert found == [("demo-pv",), ("north-pv",)]
