"""Changing an asset: only as it was read, only by who may, kept over restarts and other presets."""

import httpx
import pytest
from prometheus_client import CollectorRegistry

from asset_service.app import Parts, create_app
from asset_service.edits import with_edits
from asset_service.metrics import CatalogMetrics
from asset_service.sync import CatalogSync
from gridseal.wire.catalog import Asset

from .builders import MemoryPerformance, MemoryQuality, MemoryStore, MemoryTopic, a_catalog, a_site, an_asset
from .test_api import StoppedClock


class World:
    def __init__(self) -> None:
        self.store, self.topic, self.registry = MemoryStore(), MemoryTopic(), CollectorRegistry()
        metrics = CatalogMetrics(self.registry)
        self.sync = CatalogSync(a_catalog(), self.store, self.topic, metrics, retry_max_s=1, relay_interval_s=1)

    def client(self, host: str = "127.0.0.1") -> httpx.AsyncClient:
        parts = Parts(
            self.store, self.topic, MemoryPerformance(), MemoryQuality(), self.sync, StoppedClock(), self.registry, ()
        )
        transport = httpx.ASGITransport(app=create_app(parts), client=(host, 1))
        return httpx.AsyncClient(transport=transport, base_url="http://asset/api/v1/assets")


@pytest.fixture
async def world() -> World:
    made = World()
    await made.sync.reconcile()
    await made.sync.relay()
    return made


async def test_an_asset_is_changed_as_it_was_read_and_the_change_outlives_the_presets(world: World) -> None:
    async with world.client() as client:
        tag = (await client.get("/here-pv")).headers["ETag"]
        changed = await client.patch("/here-pv", json={"name": "South roof"}, headers={"If-Match": tag})
        late = await client.patch("/here-pv", json={"rating_w": 1}, headers={"If-Match": tag})
        history = (await client.get("/here-pv/history")).json()
        await world.sync.reconcile()
        await world.sync.relay()
        after = (await client.get("/here-pv")).json()

    assert (changed.status_code, changed.json()["name"], changed.headers["ETag"]) == (200, "South roof", '"2"')
    assert late.status_code == 412
    assert [(line["by"], line["changes"]) for line in history["items"]] == [("local", {"name": "South roof"})]
    assert (after["name"], after["rating_w"]) == ("South roof", 4_000)
    told = world.topic.values["asset/here-pv"]
    assert isinstance(told.record, Asset)
    assert (told.record.name, told.revision) == ("South roof", 2)


async def test_a_change_wakes_the_one_who_publishes(world: World) -> None:
    assert not world.sync._changed.is_set()
    async with world.client() as client:
        await client.patch("/here-pv", json={"rating_w": None}, headers={"If-Match": '"1"'})

    assert world.sync._changed.is_set()


@pytest.mark.parametrize(
    ("asset", "body", "tag", "status"),
    [
        ("here-pv", {"name": "x"}, None, 428),
        ("here-pv", {"name": "x"}, '"7"', 412),
        ("here-pv", {}, '"1"', 422),
        ("here-pv", {"name": None}, '"1"', 422),
        ("here-pv", {"rating_w": 0}, '"1"', 422),
        ("here-pv", {"device_id": "other"}, '"1"', 422),
        ("nobody", {"name": "x"}, '"1"', 404),
    ],
)
async def test_a_change_that_may_not_be_leaves_everything(
    world: World, asset: str, body: dict[str, object], tag: str | None, status: int
) -> None:
    before = dict(world.store.documents)
    async with world.client() as client:
        answer = await client.patch(f"/{asset}", json=body, headers={"If-Match": tag} if tag else {})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.store.documents == before


async def test_in_development_mode_strangers_may_neither_change_nor_look(world: World) -> None:
    async with world.client("10.0.0.9") as client:
        refused = await client.patch("/here-pv", json={"name": "x"}, headers={"If-Match": '"1"'})
        looked = await client.get("/quality")

    assert (refused.status_code, looked.status_code) == (403, 403)
    assert "this machine" in looked.json()["detail"]


def test_edits_of_other_records_and_fields_change_nothing() -> None:
    assert with_edits(a_site(), {"name": "x"}) == a_site()
    assert with_edits(an_asset(), {"device_id": "x"}) == an_asset()
    assert with_edits(an_asset(), {"rating_w": None}) == an_asset(rating_w=None)
