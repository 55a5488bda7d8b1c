"""What was saved comes back: every table, row by row, and a damaged backup says so. On a real PostgreSQL."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gridseal.runtime.migrations import apply_migrations
from local_stack.scratch import POSTGRES, scratch_database, scratch_postgres
from tests.deploy.manifests import ROOT

PROGRAM = ROOT / "containers" / "gridseal-backup"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with scratch_postgres() as address:
        yield address


def run(address: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    name = address.rpartition("/")[2]
    env = {
        "PATH": f"{POSTGRES}{os.pathsep}{os.environ['PATH']}",
        "GRIDSEAL_POSTGRES_DSN": address,
        "BACKUP_DATABASES": name,
        "LC_ALL": "C.UTF-8",
    }
    return subprocess.run(["bash", str(PROGRAM), *arguments], env=env, capture_output=True, text=True, check=False)


def a_filled_database(address: str) -> None:
    """Our schemas of the stream and of the forecasts, with rows of every awkward kind."""
    for schema, package in (("telemetry", "streaming_processor"), ("forecast", "forecast_service")):
        folder = next(ROOT.glob(f"*/src/{package}/migrations"))
        apply_migrations(address, schema, folder)
    with psycopg.connect(address) as connection:
        connection.execute(
            "INSERT INTO energy_mlops.drift_log"
            " (dataset_drift_detected, drift_share, n_drifted_features, n_total_features, drift_details)"
            """ SELECT true, n / 1000.0, n % 20, 20, '{"ü\\n": 1}'::jsonb FROM generate_series(1, 1000) n"""
        )
        connection.execute("CREATE SCHEMA odd")
        connection.execute('CREATE TABLE odd."A \'b" (at timestamptz, bytes bytea, n numeric) PARTITION BY RANGE (at)')
        connection.execute('CREATE TABLE odd.part PARTITION OF odd."A \'b" DEFAULT')
        connection.execute("INSERT INTO odd.\"A 'b\" SELECT now(), '\\x00ff', 'NaN' FROM generate_series(1, 50)")


def rows(address: str) -> dict[str, str]:
    """A digest of the content of some tables, order aside."""
    tables = ("energy_mlops.drift_log", 'odd."A \'b"', "telemetry.migrations", "forecast.migrations")
    with psycopg.connect(address) as connection:
        return {
            table: str(connection.execute(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t".encode()).fetchone())  # noqa: E501
            for table in tables
        }  # fmt: skip


def saved(folder: Path, address: str) -> Path:
    done = run(address, "save", str(folder))
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.dump"))


def test_what_a_session_keeps_for_itself_is_no_part_of_a_backup(server: str, tmp_path: Path) -> None:
    """The stream's sessions have temporary tables that nobody else may read."""
    with scratch_database(server) as address, psycopg.connect(address) as session:
        session.execute("CREATE TEMPORARY TABLE staged (n integer)")
        session.execute("CREATE TABLE kept (n integer)")
        session.commit()
        file = saved(tmp_path, address)

    assert file.with_suffix(".rows").read_text() == "public.kept\t0\n"


def test_nothing_is_lost_between_save_and_restore(server: str, tmp_path: Path) -> None:
    with scratch_database(server) as before, scratch_database(server) as after:
        a_filled_database(before)
        file = saved(tmp_path, before)
        counted = file.with_suffix(".rows").read_text()
        assert "energy_mlops.drift_log\t1000" in counted
        assert "odd.A 'b\t50" in counted
        assert file.stat().st_mode & 0o077 == 0

        done = run(after, "restore", str(file), after.rpartition("/")[2])

        assert done.returncode == 0, done.stderr
        assert rows(after) == rows(before)


def test_what_is_written_while_it_saves_is_in_the_counts_or_in_neither(server: str, tmp_path: Path) -> None:
    with scratch_database(server) as before, scratch_database(server) as after:
        a_filled_database(before)
        writer = subprocess.Popen(
            [
                str(POSTGRES / "psql"), "-q", "-X", "-d", before, "-c",
                "DO $$BEGIN LOOP INSERT INTO energy_mlops.drift_log (dataset_drift_detected, drift_share,"
                " n_drifted_features, n_total_features) VALUES (false, 0, 0, 20); COMMIT; END LOOP; END$$",
            ],
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            file = saved(tmp_path, before)
        finally:
            writer.terminate()
            writer.wait(20)

        done = run(after, "restore", str(file), after.rpartition("/")[2])

        assert done.returncode == 0, done.stderr


def test_a_damaged_backup_is_refused_and_named(server: str, tmp_path: Path) -> None:
    with scratch_database(server) as before, scratch_database(server) as after:
        a_filled_database(before)
        file = saved(tmp_path, before)
        assert run(before, "verify", str(file)).returncode == 0
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)

        for arguments in (("verify", str(file)), ("restore", str(file), after.rpartition("/")[2])):
            done = run(after, *arguments)
            assert done.returncode == 1
            assert "its checksum differs" in done.stderr
        with psycopg.connect(after) as connection:
            assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'odd'").fetchone() == (0,)


def test_a_database_with_tables_is_never_restored_into(server: str, tmp_path: Path) -> None:
    with scratch_database(server) as before:
        a_filled_database(before)
        done = run(before, "restore", str(saved(tmp_path, before)), before.rpartition("/")[2])

    assert done.returncode == 1
    assert "restore into an empty one" in done.stderr


def test_without_a_server_it_fails_and_leaves_no_backup(tmp_path: Path) -> None:
    done = run("postgresql://gridseal@127.0.0.1:1/gridseal", "save", str(tmp_path))

    assert done.returncode != 0
    assert not list(tmp_path.glob("*.dump"))
