"""The audit log and the keys in a real PostgreSQL: only ever added to, and one tenant never sees another's."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from gridseal.access.api_keys import new_key
from gridseal.access.audit import AuditEntry
from gridseal.access.audit_routes import audit_routes
from gridseal.access.guard import Access
from gridseal.access.store import AccessDatabase, PostgresAudit, PostgresKeys
from gridseal.errors import UnavailableError
from gridseal.http.cursors import encode_cursor
from gridseal.http.install import Conventions, install_conventions
from local_stack.scratch import scratch_database, scratch_postgres

from .issuing import a_login, a_token, claims

BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with scratch_postgres() as found:
        yield found


@pytest.fixture
async def database(address: str) -> AsyncIterator[AccessDatabase]:
    with scratch_database(address) as dsn:
        made = AccessDatabase(dsn)
        yield made
        await made.close()


def an_entry(tenant: str = "demo", **changes: object) -> AuditEntry:
    made = {
        "tenant_id": tenant, "service": "s", "actor": "person:alice", "role": "operator", "action": "act",
        "method": "POST", "path": "/api/v1/act", "status": 200, "address": "203.0.113.9", "trace_id": "0" * 32,
    }  # fmt: skip
    return AuditEntry.model_validate(made | changes)


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE access.audit SET actor = 'x'", "DELETE FROM access.audit", "TRUNCATE access.audit",
        "UPDATE access.audit SET status = 200 WHERE false OR entry_id > 0",
        "INSERT INTO access.audit (entry_id) VALUES (1) ON CONFLICT (entry_id) DO UPDATE SET actor = 'x'",
        "WITH gone AS (DELETE FROM access.audit RETURNING 1) SELECT * FROM gone",
    ],
)  # fmt: skip
async def test_what_is_written_stays(database: AccessDatabase, attempt: str) -> None:
    log = PostgresAudit(database)
    await log.write(an_entry())

    with pytest.raises(psycopg.Error):
        async with database.transaction() as connection:
            await connection.execute(attempt.encode())
    assert [line.actor for line in await log.read("demo", BEGIN, END, 0, 10)] == ["person:alice"]


async def test_a_query_that_forgets_the_tenant_sees_one_tenant_all_the_same(database: AccessDatabase) -> None:
    log, keys = PostgresAudit(database), PostgresKeys(database)
    for tenant in ("demo", "north", "south"):
        await log.write(an_entry(tenant))
        await keys.add(new_key("m", "viewer", tenant).record)

    seen = {}
    for tenant in ("demo", "north", "none", ""):
        async with database.transaction(tenant) as connection:
            for table in ("audit", "api_keys", "audit_heads"):
                rows = await (await connection.execute(f"SELECT tenant_id FROM access.{table}".encode())).fetchall()
                seen[tenant, table] = [row["tenant_id"] for row in rows]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.transaction("north") as connection:
            await connection.execute("INSERT INTO access.api_keys SELECT * FROM access.api_keys")

    own = {"demo": ["demo"], "north": ["north"], "none": [], "": []}
    assert seen == {(tenant, table): own[tenant] for tenant, table in seen}
    assert len(seen) == 12


async def test_a_key_counts_until_it_is_revoked(database: AccessDatabase) -> None:
    keys, made = PostgresKeys(database, look_every_s=0), new_key("meter", "operator", "demo")
    await keys.add(made.record)

    assert await keys.find(made.record.key_id) == made.record
    assert await keys.revoke(made.record.key_id)
    assert await keys.find(made.record.key_id) is None
    assert not await keys.revoke(made.record.key_id)
    async with database.transaction() as connection:
        rows = await (await connection.execute("SELECT row(k.*)::text AS all FROM access.api_keys k")).fetchall()
    assert made.text not in rows[0]["all"]


async def test_without_postgresql_nobody_is_let_in_by_a_key() -> None:
    with pytest.raises(UnavailableError):
        await PostgresKeys(AccessDatabase("postgresql://nobody@127.0.0.1:1/none")).find("abcdefghijkl")


@pytest.fixture
async def app(database: AccessDatabase) -> FastAPI:
    log = PostgresAudit(database)
    made = FastAPI(title="tried", docs_url=None, redoc_url=None)
    access = Access("tried", authenticator=a_login(), audit=log)
    install_conventions(made, Conventions(access=access), policies={})
    made.include_router(audit_routes(log))
    for n in range(5):
        await log.write(an_entry(path=f"/api/v1/act/{n}", actor="=cmd|' /C calc'!A0" if n == 4 else "person:alice"))
    return made


async def test_a_window_is_exported_page_by_page_to_admins(app: FastAPI) -> None:
    def client(role: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {a_token(claims(roles=[role]))}"}
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=headers)

    query = {"from": "2026-01-01T00:00:00Z", "to": END.isoformat(), "limit": "3"}
    async with client("authority") as authority, client("admin") as admin:
        refused = await authority.get("/api/v1/audit", params=query)
        first = (await admin.get("/api/v1/audit", params=query)).json()
        second = (await admin.get("/api/v1/audit", params=query | {"cursor": first["next_cursor"]})).json()
        text = await admin.get("/api/v1/audit", params=query, headers={"Accept": "text/csv"})
        rest = await admin.get("/api/v1/audit", params=query | {"cursor": first["next_cursor"], "format": "csv"})
        lines = await admin.get("/api/v1/audit", params=query | {"format": "ndjson"})
        empty = await admin.get("/api/v1/audit", params=query | {"to": "2025-01-01T00:00:00Z"})
        made_up = ["x'; DROP TABLE access.audit; --", *(encode_cursor([p]) for p in ("x", "-1", "1" * 30, "²"))]
        wrong = [await admin.get("/api/v1/audit", params=query | {"cursor": one}) for one in made_up]

    assert refused.status_code == 403
    assert [item["path"][-1] for item in first["items"]] == ["0", "1", "2"]
    assert [item["path"][-1] for item in second["items"]][:2] == ["3", "4"]
    assert second["items"][2]["reason"] == "role"
    assert second["items"][2]["action"] == "listAuditLog"
    assert text.text.splitlines()[0].startswith("tenant_id,service,actor")
    assert len(lines.text.splitlines()) == 3
    assert ",'=cmd|" in rest.text
    assert {empty.status_code, *(answer.status_code for answer in wrong)} == {422}
