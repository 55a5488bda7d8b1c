"""A line of the audit log that was changed, removed or moved is found, whoever did it, and from an export too."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from gridseal.access.audit import AuditEntry, AuditLine
from gridseal.access.audit_chain import FIRST, Broken, Whole, check, hash_of
from gridseal.access.store import MIGRATIONS, AccessDatabase, PostgresAudit
from gridseal.cli.main import app
from gridseal.runtime.migrations import apply_migrations
from local_stack.scratch import scratch_database, scratch_postgres

TAMPERINGS = {
    "changed": ("UPDATE access.audit SET actor = 'person:bob' WHERE place = 3 AND tenant_id = 'demo'", 3),
    "removed": ("DELETE FROM access.audit WHERE place = 2 AND tenant_id = 'demo'", 2),
    "the last removed": ("DELETE FROM access.audit WHERE place = 5 AND tenant_id = 'demo'", 5),
    "the first removed": ("DELETE FROM access.audit WHERE place = 1 AND tenant_id = 'demo'", 6),
    "moved": (
        "UPDATE access.audit SET place = -place WHERE place IN (2, 5) AND tenant_id = 'demo';"
        " UPDATE access.audit SET place = 7 + place WHERE place < 0",
        2,
    ),
    "later": ("UPDATE access.audit SET at = at + interval '1 microsecond' WHERE place = 4 AND tenant_id = 'demo'", 4),
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with scratch_postgres() as found:
        yield found


def an_entry(tenant: str, n: int) -> AuditEntry:
    return AuditEntry(
        tenant_id=tenant, service="s", actor="person:alice", role="operator", action="act", method="POST",
        path=f"/api/v1/ä/{n}", status=403, reason="role", address="203.0.113.9", trace_id="0" * 32,
    )  # fmt: skip


def filled(dsn: str) -> list[AuditLine]:
    """Five lines of each of two tenants, written at once by several connections; those of one, in order."""

    async def fill() -> list[AuditLine]:
        databases = [AccessDatabase(dsn) for _ in range(5)]
        await PostgresAudit(databases[0]).head("demo")
        logs = [PostgresAudit(database) for database in databases]
        await asyncio.gather(*(log.write(an_entry(t, n)) for n, log in enumerate(logs) for t in ("demo", "north")))
        found = await logs[0].following("demo", 0, 100)
        await asyncio.gather(*(database.close() for database in databases))
        return found

    return asyncio.run(fill())


def tampered(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn) as owner:
        owner.execute("SET session_replication_role = replica")  # no trigger speaks up
        owner.execute(statement.encode())


def verify(monkeypatch: pytest.MonkeyPatch, dsn: str, *options: str) -> tuple[int, str]:
    monkeypatch.setenv("GRIDSEAL_POSTGRES_DSN", dsn)
    done = CliRunner().invoke(app, ["audit-log", "verify", *options])
    return done.exit_code, done.output


@pytest.mark.parametrize("attack", TAMPERINGS)
def test_tampering_is_found(address: str, attack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    statement, place = TAMPERINGS[attack]
    with scratch_database(address) as dsn:
        lines = filled(dsn)
        before = verify(monkeypatch, dsn, "--holds", lines[2].hash)
        tampered(dsn, statement)
        after = verify(monkeypatch, dsn)

    assert [line.place for line in lines] == [1, 2, 3, 4, 5]
    assert (before[0], "5 lines" in before[1]) == (0, True)
    assert after[0] == 1
    assert attack == "the first removed" or f"line {place}:" in after[1]


def test_a_log_that_was_written_anew_lacks_the_hash_that_was_noted(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scratch_database(address) as dsn:
        noted = filled(dsn)[-1].hash
        with psycopg.connect(dsn) as owner:
            owner.execute("ALTER TABLE access.audit DISABLE TRIGGER USER")
            owner.execute("DELETE FROM access.audit")
            owner.execute("DELETE FROM access.audit_heads")
            owner.execute("ALTER TABLE access.audit ENABLE TRIGGER USER")
        filled(dsn)

        assert verify(monkeypatch, dsn)[0] == 0
        assert verify(monkeypatch, dsn, "--holds", noted)[0] == 1


def test_an_export_says_by_itself_whether_it_is_whole(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "export.ndjson"
    with scratch_database(address) as dsn:
        lines = filled(dsn)

    def exported(*kept: AuditLine) -> int:
        file.write_text("".join(line.model_dump_json() + "\n" for line in kept))
        return verify(monkeypatch, dsn, "--export", str(file))[0]

    assert exported(*lines) == 0
    assert exported(*lines[2:]) == 0
    assert exported(lines[0], *lines[2:]) == 1
    assert exported(lines[0], lines[1].model_copy(update={"status": 200}), *lines[2:]) == 1
    file.write_text("{}\n")
    assert verify(monkeypatch, dsn, "--export", str(file))[0] == 2
    assert verify(monkeypatch, "postgresql://nobody@127.0.0.1:1/none")[0] == 2


def test_lines_from_before_are_chained_by_the_migration(address: str, tmp_path: Path) -> None:
    first = next(MIGRATIONS.glob("0001_*.sql"))
    (tmp_path / first.name).write_bytes(first.read_bytes())
    with scratch_database(address) as dsn:
        apply_migrations(dsn, "access", tmp_path)
        with psycopg.connect(dsn) as old:
            for n, tenant in enumerate(("demo", "north", "demo")):
                fields = an_entry(tenant, n).model_dump()
                names = ", ".join(fields)
                values = ", ".join(f"%({name})s" for name in fields)
                old.execute(f"INSERT INTO access.audit ({names}) VALUES ({values})".encode(), fields)
        lines = filled(dsn)

    assert [line.path[-1] for line in lines[:2]] == ["0", "2"]
    assert check(lines) == Whole(7, 1, lines[-1].hash)


def test_a_line_that_was_written_anew_with_its_own_hash_is_found_by_the_next() -> None:
    lines: list[AuditLine] = []
    for n in range(3):
        previous = lines[-1].hash if lines else FIRST
        lines.append(sealed(an_entry("demo", n), n + 1, previous))
    assert check(lines) == Whole(3, 1, lines[-1].hash)
    anew = sealed(an_entry("demo", 7), 2, lines[0].hash)
    begun = sealed(an_entry("demo", 0), 1, "1" * 64)

    assert check([lines[0], anew, lines[2]]) == Broken(3, "it does not name the line before it")
    assert check([begun]) == Broken(1, "the first line names one before it")


def sealed(entry: AuditEntry, place: int, previous: str) -> AuditLine:
    known = entry.model_dump() | {"entry_id": place, "at": "2026-06-01T00:00:00Z", "place": place}
    line = AuditLine.model_validate(known | {"previous": previous, "hash": "x"})
    return line.model_copy(update={"hash": hash_of(line)})


def test_no_field_can_pass_for_two() -> None:
    def a_line(actor: str, role: str) -> AuditLine:
        known = an_entry("demo", 1).model_dump() | {"actor": actor, "role": role}
        return AuditLine.model_validate(
            known | {"entry_id": 1, "at": "2026-06-01T00:00:00Z", "place": 1, "previous": FIRST, "hash": "x"}
        )

    assert hash_of(a_line("a,1:b", "")) != hash_of(a_line("a", "b"))
    assert isinstance(check([a_line("a", "b")]), Broken)
    assert check([]) == Whole(0, 1, FIRST)
