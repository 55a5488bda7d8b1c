"""What an operator sees of the stream, from its real tables."""

from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from gridseal.runtime.problems import install_problem_handlers
from streaming_processor.pipeline import PipelineTables
from streaming_processor.pipeline_routes import pipeline_routes

pytestmark = pytest.mark.servers
START = datetime(2026, 6, 1, 12, tzinfo=UTC)


def asking(dsn: str) -> httpx.AsyncClient:
    app = FastAPI()
    install_problem_handlers(app)
    app.include_router(pipeline_routes(PipelineTables(dsn), lambda: {"lag_messages": 7}))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://stream/api/v1/stream")


def fill(dsn: str) -> None:
    with psycopg.connect(dsn) as db:
        db.execute("SELECT telemetry.ensure_month('2026-06-01')")
        db.execute("INSERT INTO telemetry.devices (device_id) VALUES ('pv')")
        db.execute(
            "INSERT INTO telemetry.ledger (query_id, batch_id, offsets, messages, rows, inserted, duplicates, refused,"
            " undecodable, began_at, committed_at) SELECT 'q', n, '{}', 10, 10, 8, 1, 1, 0,"
            " now() - interval '4 minutes' * n - interval '1 second', now() - interval '4 minutes' * n"
            " FROM generate_series(0, 2) n"
        )
        for n in (0, 1):
            db.execute(
                "INSERT INTO telemetry.reading_rows VALUES (1, 1, %s, 900, 5000, 0, 1780315200123,"
                " now() - interval '4 minutes' * %s - interval '500 ms')",
                (START + n * timedelta(minutes=15), 1 - n),
            )
        db.execute("INSERT INTO telemetry.series (series_id, definition) VALUES ('here/pv', '')")
        for width in (900, 3_600):
            db.execute(
                "INSERT INTO telemetry.window_rows VALUES (1, %s, %s, 0, 900, 1, 1, 0, 0, 5000, 2, now())",
                (width, START),
            )
        for n in range(3):
            db.execute(
                "INSERT INTO telemetry.refused (device_id, quantity, reason, detail, payload, digest)"
                " VALUES ('pv', 'active_power', %s, 'd', 'p', %s)",
                ("range" if n else "unit", b"%d" % n),
            )


async def test_rates_are_the_ledgers(dsn: str) -> None:
    fill(dsn)
    async with asking(dsn) as client:
        rates = (await client.get("/rates?span=PT10M&bucket=PT1M")).json()
        state = (await client.get("/status")).json()
        many = await client.get("/rates?span=P7D&bucket=PT1S")

    assert [(p["messages"], p["stored"], p["duplicates"], p["refused"]) for p in rates["items"]] == [(10, 8, 1, 1)] * 3
    assert rates["items"][0]["longest_s"] == pytest.approx(1)
    assert rates["bucket_s"] == 60
    assert state == {"lag_messages": 7}
    assert many.status_code == 422


async def test_refusals_page_to_the_oldest(dsn: str) -> None:
    fill(dsn)
    seen, cursor = [], ""
    async with asking(dsn) as client:
        while True:
            page = (await client.get(f"/refused?limit=2{cursor}")).json()
            seen += [item["refusal_id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        only = (await client.get("/refused?reason=unit")).json()["items"]
        broken = await client.get("/refused?cursor=eHg")

    assert seen == ["32", "31", "30"]
    assert [item["reason"] for item in only] == ["unit"]
    assert broken.status_code == 422


async def test_a_reading_is_followed_to_its_batch_and_windows(dsn: str) -> None:
    fill(dsn)
    asked = {"device_id": "pv", "quantity": "active_power", "series_id": "here/pv"}
    async with asking(dsn) as client:
        newest = (await client.get("/trail", params=asked)).json()
        older = (await client.get("/trail", params=asked | {"period_start": START.isoformat()})).json()
        nothing = await client.get("/trail", params=asked | {"device_id": "nobody"})

    assert newest["reading"]["period_start"] == "2026-06-01T12:15:00Z"
    assert (newest["reading"]["sent_at_ms"], newest["batch"]["batch_id"]) == (1_780_315_200_123, 0)
    assert [w["width_s"] for w in newest["windows"]] == [3_600]
    assert older["batch"]["batch_id"] == 1
    assert [w["width_s"] for w in older["windows"]] == [900, 3_600]
    assert nothing.status_code == 404
