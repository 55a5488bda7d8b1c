"""What every REST interface of ours does the same way, on an application of two routes."""

import csv
import io
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, FastAPI, HTTPException
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import BufferReader, parquet

from gridseal.errors import UnavailableError, WireError
from gridseal.http.cursors import decode_cursor, encode_cursor
from gridseal.http.install import Conventions, install_conventions
from gridseal.http.moments import Day, Moment
from gridseal.http.negotiation import accepted
from gridseal.http.openapi import snapshot
from gridseal.http.rates import Rates
from gridseal.wire.fields import Message, UtcTime

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
FREE = Rates()
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Inner(Message):
    state: str


class Thing(Message):
    number: int
    at: UtcTime
    share: float | None
    seal: Inner | None
    tags: tuple[str, ...]


class ThingList(Message):
    as_at: UtcTime
    items: tuple[Thing, ...]


def an_app(rates: Rates = FREE) -> FastAPI:
    app = FastAPI()
    install_conventions(app, Conventions(rates))
    router = APIRouter(prefix="/api/v1/things")

    @router.get("", operation_id="listThings")
    async def things(
        count: Annotated[int, "how many"] = 2, since: Moment | None = None, day: Day | None = None
    ) -> ThingList:
        items = (
            Thing(number=n, at=NEW_YEAR, share=None if n else 0.5, seal=None if n else Inner(state="x"), tags=("a",))
            for n in range(count)
        )
        return ThingList(as_at=datetime.now(UTC), items=tuple(items))

    @router.get("/one")
    async def one() -> Inner:
        return Inner(state="alone")

    @router.patch("/one")
    async def other() -> Inner:
        return Inner(state="changed")

    @router.get("/broken")
    async def broken() -> Inner:
        raise RuntimeError("secret")

    @router.get("/away")
    async def away() -> Inner:
        raise UnavailableError("the store does not answer")

    @router.get("/refused")
    async def refused() -> Inner:
        raise HTTPException(429, "later", {"Retry-After": "7"})

    app.include_router(router)
    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=an_app()), base_url="http://test") as opened:
        yield opened


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "json"),
        ("text/csv", "csv"),
        ("application/json;q=0.5, text/csv", "csv"),
        ("text/csv, application/json", "json"),
        ("text/csv;q=0, application/x-ndjson;q=0.1", "ndjson"),
        ("application/vnd.apache.parquet", "parquet"),
        ("image/png", "json"),
        ("text/csv;q=loud", "json"),
    ],
)
def test_the_format_that_is_liked_best(accept: str, wanted: str) -> None:
    assert accepted(accept) == wanted


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_a_cursor_comes_back_as_it_was(place: list[str]) -> None:
    assert decode_cursor(encode_cursor(place), len(place)) == place


@pytest.mark.parametrize("cursor", ["x", "%%%", "", encode_cursor(["a", "b"]), "bnVsbA", "W1tdXQ", "ä"])
def test_a_cursor_of_somebody_else_is_refused(cursor: str) -> None:
    with pytest.raises(WireError, match="cursor"):
        decode_cursor(cursor, 1)


async def test_a_list_is_a_table_in_csv(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/things", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert answer.headers["Content-Type"].startswith("text/csv")
    assert rows[0] == {"number": "0", "at": "2026-01-01T00:00:00Z", "share": "0.5", "seal.state": "x", "tags": '["a"]'}
    assert rows[1]["seal.state"] == rows[1]["share"] == ""


async def test_a_list_is_one_object_a_line_in_ndjson(client: httpx.AsyncClient) -> None:
    whole = await client.get("/api/v1/things?count=3")
    lines = await client.get("/api/v1/things?count=3&format=ndjson", headers={"Accept": "text/csv"})

    assert [json.loads(line) for line in lines.text.splitlines()] == whole.json()["items"]


@pytest.mark.parametrize("count", [0, 2])
async def test_a_list_has_typed_columns_in_parquet_also_when_it_is_empty(client: httpx.AsyncClient, count: int) -> None:
    answer = await client.get(f"/api/v1/things?count={count}&format=parquet")
    table = parquet.read_table(BufferReader(answer.content))

    assert table.num_rows == count
    assert [str(f.type) for f in table.schema] == ["int64", "timestamp[us, tz=UTC]", "double", "string", "string"]


async def test_what_is_no_list_is_json_only(client: httpx.AsyncClient) -> None:
    unknown = await client.get("/api/v1/things?format=xml")

    assert (await client.get("/api/v1/things/one?format=csv")).status_code == 406
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/query/format")


async def test_who_has_it_already_gets_it_once(client: httpx.AsyncClient) -> None:
    first = await client.get("/api/v1/things")
    tag = first.headers["ETag"]

    again = await client.get("/api/v1/things", headers={"If-None-Match": f'"other", {tag}'})
    other = await client.get("/api/v1/things?count=1", headers={"If-None-Match": tag})

    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/none", 404),
        ("/api/v1/things?count=many", 422),
        ("/api/v1/things?since=2026-01-01T00:00:00", 422),
        ("/api/v1/things?since=0001-01-01T00:00:00Z", 422),
        ("/api/v1/things/away", 503),
        ("/api/v1/things/broken", 500),
        ("/api/v1/things/refused", 429),
    ],
)
async def test_every_refusal_is_a_problem_with_a_trace_id_and_a_page(
    client: httpx.AsyncClient, path: str, status: int
) -> None:
    answer = await client.get(path, headers={"traceparent": PARENT})
    body = answer.json()

    assert (answer.status_code, body["status"], body["trace_id"]) == (status, status, PARENT.split("-")[1])
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert PARENT.split("-")[1] in answer.headers["traceresponse"]
    assert "secret" not in answer.text
    assert (await client.get(body["type"])).status_code == 200


async def test_headers_of_a_refusal_arrive(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/things/refused")).headers["Retry-After"] == "7"
    assert (await client.post("/api/v1/things")).headers["Allow"] == "GET"


async def test_a_client_beyond_its_rate_waits_and_others_do_not() -> None:
    app = an_app(Rates(reads=3, writes=1))

    def client_of(address: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=app, client=(address, 1)), base_url="http://test")

    async with client_of("10.0.0.1") as busy, client_of("10.0.0.2") as other:
        answers = [await busy.get("/api/v1/things") for _ in range(4)]
        write, free = await busy.post("/api/v1/things"), await other.get("/api/v1/things")
        health = await busy.get("/problems/not-found")

    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"reads";q=3;w=60'
    assert answers[0].headers["RateLimit"].startswith('"reads";r=2;t=')
    assert int(answers[3].headers["Retry-After"]) > 0
    assert (write.status_code, free.status_code, health.status_code) == (405, 200, 200)


def test_the_document_says_what_the_layers_add() -> None:
    document = json.loads(snapshot(an_app()))
    listed: Mapping[str, dict[str, dict[str, object]]] = document["paths"]["/api/v1/things"]["get"]
    alone = document["paths"]["/api/v1/things/one"]["get"]

    assert set(listed["responses"]["200"]["content"]) == {  # type: ignore[call-overload]
        "application/json", "application/x-ndjson", "text/csv", "application/vnd.apache.parquet",
    }  # fmt: skip
    assert set(alone["responses"]["200"]["content"]) == {"application/json"}
    assert alone["responses"]["503"] == {"$ref": "#/components/responses/service-unavailable"}
    assert set(document["components"]["responses"]["service-unavailable"]["content"]) == {"application/problem+json"}
    assert "HTTPValidationError" not in document["components"]["schemas"]


@pytest.mark.parametrize("told", ["0.5", "1767225600", "2026-01-01", "2026-01-01T00:00:00", "2200-01-01T00:00:00Z"])
async def test_a_moment_is_written_out_with_its_zone(client: httpx.AsyncClient, told: str) -> None:
    answer = await client.get("/api/v1/things", params={"since": told})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/query/since"


@pytest.mark.parametrize("told", ["0", "20260101", "2026-01-01T00:00:00Z", "2026-02-30"])
async def test_a_day_is_written_out(client: httpx.AsyncClient, told: str) -> None:
    answer = await client.get("/api/v1/things", params={"day": told})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/query/day"
    assert (await client.get("/api/v1/things", params={"day": "2026-01-01"})).status_code == 200


async def test_another_method_is_told_all_that_an_address_takes(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/api/v1/things/one")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PATCH")
