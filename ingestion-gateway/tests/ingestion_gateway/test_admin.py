"""What an operator sees and may do."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gridseal.runtime.problems import install_problem_handlers
from ingestion_gateway.admin_routes import AdminParts, install_admin_routes
from ingestion_gateway.kafka_history import DeadLetter, Original

from .builders import a_message, a_reading, received
from .test_relay import Bench, a_bench


class History:
    """``dead-letter`` in memory: offsets are places in a list."""

    def __init__(self, payloads: list[bytes]) -> None:
        self.payloads = payloads

    async def dead_letters(self, limit: int, before: int | None = None) -> list[DeadLetter]:
        end = len(self.payloads) if before is None else before
        return [
            DeadLetter(
                offset=n,
                at=datetime.fromtimestamp(0, UTC),
                reason="malformed",
                detail="",
                source="",
                payload_bytes=len(self.payloads[n]),
                payload=self.payloads[n].decode(),
            )
            for n in range(end - 1, max(-1, end - 1 - limit), -1)
        ]

    quarantined = dead_letters

    async def originals(self, offsets: Iterable[int]) -> list[Original]:
        return [
            Original(n, received(self.payloads[n], 0)) if n < len(self.payloads) else Original(n, None, "gone")
            for n in sorted(set(offsets))
        ]


class Source:
    connected, since, session_present, connections, unconfirmed = True, 0.0, True, 3, 0


def a_client(bench: Bench, history: History, host: str = "127.0.0.1") -> httpx.AsyncClient:
    app = FastAPI()
    install_problem_handlers(app)
    source: Any = Source()
    letters: Any = history
    relay = bench.relay
    install_admin_routes(app, AdminParts(source, 1_000, relay, relay._lanes, bench.totals, relay._activity, letters))
    transport = httpx.ASGITransport(app=app, client=(host, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://gateway/api/v1/gateway")


async def test_pages_of_dead_letters_follow_each_other_to_the_oldest() -> None:
    history = History([b"%d" % n for n in range(5)])
    async with a_bench() as bench, a_client(bench, history) as client:
        seen, url = [], "/dead-letters?limit=2"
        while url:
            answer = await client.get(url)
            seen += [item["offset"] for item in answer.json()["items"]]
            url = str(answer.url.join(answer.links["next"]["url"])) if "next" in answer.links else ""
            assert bool(url) == (answer.json()["next_cursor"] is not None)

        assert seen == [4, 3, 2, 1, 0]
        refused = await client.get("/quarantine?cursor=bm8")
        assert refused.status_code == 422
        assert refused.headers["content-type"] == "application/problem+json"


async def test_replay_judges_again_and_says_what_became_of_each() -> None:
    history = History([a_message(), b"{", a_message(a_reading(period_start_ms=0))])
    async with a_bench() as bench, a_client(bench, history) as client:
        bench.log.at_once = True
        answer = await client.post("/dead-letters/replay", json={"offsets": [3, 2, 1, 0]})

        assert [(item["offset"], item["outcome"], item["reason"]) for item in answer.json()["items"]] == [
            (0, "accepted", ""),
            (1, "refused", "not_json"),
            (2, "quarantined", "past_period"),
            (3, "impossible", "gone"),
        ]
        assert [record.topic for record in bench.log.appended] == ["telemetry.solar", "quarantine"]


async def test_replay_is_for_operators() -> None:
    async with a_bench() as bench, a_client(bench, History([b"{"]), host="10.0.0.9") as client:
        answer = await client.post("/dead-letters/replay", json={"offsets": [0]})

        assert answer.status_code == 403
        assert "this machine" in answer.json()["detail"]


@pytest.mark.parametrize("body", [{}, {"offsets": []}, {"offsets": [-1]}, {"offsets": [0], "all": True}])
async def test_a_replay_without_offsets_is_no_replay(body: dict[str, Any]) -> None:
    async with a_bench() as bench, a_client(bench, History([])) as client:
        assert (await client.post("/dead-letters/replay", json=body)).status_code == 422


async def test_sessions_and_what_is_in_flight_can_be_looked_at() -> None:
    async with a_bench() as bench, a_client(bench, History([])) as client:
        await bench.take(a_message(seq=1), a_message(seq=2))
        in_flight = (await client.get("/in-flight?limit=1")).json()
        assert (in_flight["in_flight"], len(in_flight["oldest"]), in_flight["oldest"][0]["waits_for"]) == (
            2,
            1,
            "kafka",
        )

        bench.log.confirm(0, 1)
        sessions = (await client.get("/sessions")).json()
        assert sessions["gateway"]["connections"] == 3
        assert [(d["device_id"], d["last_seq"], d["messages"]) for d in sessions["items"]] == [("home-01-pv", 2, 2)]
