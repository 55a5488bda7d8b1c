"""What was believed when, on a real PostgreSQL: two time axes that are never mixed."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from forecast_service.api.beliefs import belief_routes
from forecast_service.catalog import Catalog
from forecast_service.store.beliefs import BeliefReader
from forecast_service.store.database import Pool, open_async_pool
from forecast_service.store.runs import RunStore
from forecast_service.store.seals import SealStore
from gridseal.runtime.problems import install_problem_handlers
from gridseal.wire.beliefs import BeliefsAt, RevisionList, RunHistory, RunMark
from gridseal.wire.codec import decode
from gridseal.wire.fields import format_utc

from .builders import SLOT, a_product, a_record, a_run, a_seal, a_series, a_site, put_window

pytestmark = pytest.mark.servers
HOUR = timedelta(hours=1)
NOW = SLOT + 12 * HOUR
AT, RUNS, REVISIONS = (f"/api/v1/forecasts/{name}" for name in ("at", "runs", "revisions"))
ONE = {"series_id": "home-01/net"}


@pytest.fixture
async def client(dsn: str, pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    catalog, app = Catalog(), FastAPI()
    for item in (a_product(), a_site(), a_series(), a_series("home-02/net")):
        catalog.apply(*a_record(item))
    opened = await open_async_pool(dsn, 2)
    install_problem_handlers(app)
    app.include_router(belief_routes(BeliefReader(opened), catalog, lambda: NOW))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        yield client
    await opened.close()


def put_run(pool: Pool, slot: datetime, value: int) -> str:
    """A run issued a minute after its slot, about the two hours after it."""
    run = a_run(slot, run_id=f"{int(slot.timestamp()):032x}", values=(value, value, value))
    assert RunStore(pool).write(run, (), "")
    return run.run_id


async def at(client: httpx.AsyncClient, moment: datetime, **query: object) -> BeliefsAt:
    answer = await client.get(AT, params=ONE | {"as_at": format_utc(moment)} | query)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return decode(BeliefsAt, answer.content)


async def test_each_target_is_said_by_the_newest_run_of_that_moment(client: httpx.AsyncClient, pool: Pool) -> None:
    first, second, third = (put_run(pool, SLOT + n * HOUR, n) for n in (0, 1, 2))

    belief = (await at(client, SLOT + timedelta(hours=1, minutes=30))).beliefs[0]

    assert [(p.target_start, p.run_id, p.values_milli[0]) for p in belief.points] == [
        (SLOT + HOUR, first, 0),
        (SLOT + 2 * HOUR, second, 1),
        (SLOT + 3 * HOUR, second, 1),
    ]
    assert third not in {p.run_id for p in belief.points}


async def test_a_run_counts_from_its_issue_not_from_its_slot(client: httpx.AsyncClient, pool: Pool) -> None:
    put_run(pool, SLOT, 1)

    before, then = await at(client, SLOT), await at(client, SLOT + timedelta(minutes=1))

    assert (len(before.beliefs[0].points), len(then.beliefs[0].points)) == (0, 2)


async def test_earlier_moments_come_with_it_for_deltas(client: httpx.AsyncClient, pool: Pool) -> None:
    for n in (0, 1, 2):
        put_run(pool, SLOT + n * HOUR, 10 * n)

    found = await at(client, SLOT + timedelta(hours=2, minutes=30), before=["PT1H", "PT24H"])

    assert [b.before_s for b in found.beliefs] == [0, 3_600, 86_400]
    assert [[p.values_milli[0] for p in b.points] for b in found.beliefs] == [[0, 10, 20, 20], [0, 10, 10], []]
    assert [mark.slot for mark in found.runs] == [SLOT, SLOT + HOUR, SLOT + 2 * HOUR]


async def test_what_came_of_it_stands_beside(client: httpx.AsyncClient, pool: Pool) -> None:
    put_run(pool, SLOT, 1)
    put_window(pool, a_series(), SLOT + HOUR, 1_500)

    found = await at(client, SLOT + timedelta(minutes=1))

    assert [(a.period_start, a.mean_milli) for a in found.actuals] == [(SLOT + HOUR, 1_500)]


async def test_only_the_periods_that_are_asked_for(client: httpx.AsyncClient, pool: Pool) -> None:
    put_run(pool, SLOT, 1)
    span = {"from": format_utc(SLOT + HOUR), "to": format_utc(SLOT + 2 * HOUR)}

    found = await at(client, NOW, **span)

    assert [p.target_start for p in found.beliefs[0].points] == [SLOT + HOUR]


async def test_the_runs_of_a_series_page_from_newest_to_oldest_with_their_seals(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    names = [put_run(pool, SLOT + n * HOUR, n) for n in range(3)]
    SealStore(pool).upsert([a_seal(a_run(SLOT).model_copy(update={"run_id": names[0]}))])

    seen: list[RunMark] = []
    query = ONE | {"limit": "2"}
    while True:
        answer = await client.get(RUNS, params=query)
        page = decode(RunHistory, answer.content)
        seen += page.items
        assert ("rel=" in answer.headers.get("Link", "")) == (page.next_cursor is not None)
        if page.next_cursor is None:
            break
        query |= {"cursor": page.next_cursor}

    assert [mark.run_id for mark in seen] == names[::-1]
    assert [mark.seal.state if mark.seal else None for mark in seen] == [None, None, "mined"]
    assert {(mark.rung, mark.model) for mark in seen} == {(3, "analogue")}


async def test_runs_that_were_not_issued_by_then_and_of_other_series_are_not_listed(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    known = put_run(pool, SLOT, 1)
    put_run(pool, SLOT + HOUR, 2)
    then = {"as_at": format_utc(SLOT + HOUR)}

    mine = decode(RunHistory, (await client.get(RUNS, params=ONE | then)).content)
    other = decode(RunHistory, (await client.get(RUNS, params={"series_id": "home-02/net"})).content)

    assert ([mark.run_id for mark in mine.items], other.items) == ([known], ())


async def test_the_view_of_one_period_from_run_to_run(client: httpx.AsyncClient, pool: Pool) -> None:
    put_run(pool, SLOT, 1)
    put_run(pool, SLOT + HOUR, 2)
    put_window(pool, a_series(), SLOT + 2 * HOUR, 7)

    answer = await client.get(REVISIONS, params=ONE | {"target": format_utc(SLOT + 2 * HOUR)})
    found = decode(RevisionList, answer.content)

    assert [(r.values_milli[0], r.lead_s) for r in found.items] == [(1, 7_140), (2, 3_540)]
    assert found.actual is not None
    assert found.actual.mean_milli == 7


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        (AT, {"series_id": "none/net"}, 404),
        (AT, ONE | {"product_id": "none"}, 404),
        (AT, ONE | {"as_at": "2026-06-01T12:00:00"}, 422),
        (AT, ONE | {"as_at": "0001-01-01T00:00:00Z"}, 422),
        (AT, ONE | {"from": "2026-06-02T00:00:00Z", "to": "2026-06-02T00:00:00Z"}, 422),
        (AT, ONE | {"before": "PT0S"}, 422),
        (RUNS, ONE | {"cursor": "x"}, 422),
        (REVISIONS, ONE, 422),
    ],
)
async def test_what_cannot_be_answered_is_refused(
    client: httpx.AsyncClient, path: str, query: dict[str, str], status: int
) -> None:
    answer = await client.get(path, params=query)

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
