"""The REST face: pages, filters, problems."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from prometheus_client import CollectorRegistry

from asset_service.app import Parts, create_app
from asset_service.metrics import CatalogMetrics
from asset_service.presets import load_presets
from asset_service.sync import CatalogSync

from .builders import MemoryPerformance, MemoryQuality, MemoryStore, MemoryTopic

NOW = datetime(2026, 6, 1, 12, 7, tzinfo=UTC)


class StoppedClock:
    def now(self) -> datetime:
        return NOW

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def performance() -> MemoryPerformance:
    return MemoryPerformance()


@pytest.fixture
async def client(store: MemoryStore, performance: MemoryPerformance) -> AsyncIterator[httpx.AsyncClient]:
    registry, topic = CollectorRegistry(), MemoryTopic()
    sync = CatalogSync(load_presets("demo"), store, topic, CatalogMetrics(registry), retry_max_s=1, relay_interval_s=1)
    await sync.reconcile()
    origins = ("http://127.0.0.1:23000",)
    app = create_app(Parts(store, topic, performance, MemoryQuality(), sync, StoppedClock(), registry, origins))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://asset") as client:
        yield client


@pytest.mark.parametrize(("route", "number"), [("sites", 20), ("assets", 44), ("series", 62), ("products", 2)])
async def test_following_the_links_lists_everything_once(client: httpx.AsyncClient, route: str, number: int) -> None:
    path, seen = f"/api/v1/{route}?limit=7", []
    while path:
        answer = await client.get(path)
        assert answer.status_code == 200
        seen += [tuple(sorted(map(str, item.items()))) for item in answer.json()["items"]]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
        assert bool(path) == (answer.json()["next_cursor"] is not None)

    assert len(seen) == len(set(seen)) == number


async def test_assets_are_filtered_by_site_and_type(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/assets", params={"site_id": "la-haute-borne", "asset_type": "wind_turbine"})

    assert [item["asset_id"] for item in answer.json()["items"]] == [
        "lhb-r80711",
        "lhb-r80721",
        "lhb-r80736",
        "lhb-r80790",
    ]


async def test_one_asset_is_found_by_its_id(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/assets/nrel-pv-ac")).json()["rating_w"] == 3_400

    missing = await client.get("/api/v1/assets/nobody")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/assets?asset_type=boat", "/sites?limit=0", "/series?cursor=%21", "/assets/performance?window=P8D"]
)
async def test_a_question_that_makes_no_sense_is_a_problem(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"/api/v1{path}")

    assert answer.status_code == 422
    assert answer.json()["status"] == 422


async def test_performance_covers_the_settled_window_of_every_power_series(
    client: httpx.AsyncClient, performance: MemoryPerformance
) -> None:
    answer = await client.get("/api/v1/assets/performance", params={"window": "PT6H", "site_id": "nrel-pv"})

    assert performance.asked == [
        (["nrel-pv/ac"], datetime(2026, 6, 1, 5, 45, tzinfo=UTC), datetime(2026, 6, 1, 11, 45, tzinfo=UTC))
    ]
    assert answer.json()["as_at"] == "2026-06-01T12:07:00Z"
    assert answer.json()["items"][0]["mae_w"] is None


async def test_a_store_that_is_away_is_a_503(client: httpx.AsyncClient, store: MemoryStore) -> None:
    store.down = True

    assert (await client.get("/api/v1/sites")).status_code == 503
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/healthz")).status_code == 200
