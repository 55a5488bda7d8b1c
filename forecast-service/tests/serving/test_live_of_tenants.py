"""Topics that tenants share: what is another's reaches no socket, whichever topic it came by."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from forecast_service.catalog import Catalog
from forecast_service.live.feed import LiveFeed
from forecast_service.live.narrow import Event
from gridseal.runtime.metrics import new_registry
from gridseal.wire.alerts import Alert
from gridseal.wire.codec import encode
from gridseal.wire.fields import Message
from gridseal.wire.rounds import RoundChange
from gridseal.wire.topics import ALERTS, FEATURES_WINDOWS, FORECASTS_ISSUED, FORECASTS_SEALED, ROUNDS_CHANGED
from gridseal.wire.windows import Window

from .builders import SLOT, a_product, a_record, a_run, a_seal, a_series, a_site
from .insight_world import Still


class Views:
    """The runs of one tenant, as row-level security shows them."""

    async def run(self, run_id: str) -> Any:
        return a_run() if run_id == a_run().run_id else None

    async def latest(self, series: Any, *_: object, **__: object) -> list[Any]:
        raise AssertionError("a run of another tenant was looked up") if not series else LookupError


class Heard:
    """In the place of the hub."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def publish(self, event: Event) -> None:
        self.events.append(event)


def an_alert(tenant: str) -> Alert:
    return Alert(
        alert_id="a", tenant_id=tenant, severity="info", rule="range", site_id="home-01", subject="home-01/net",
        title="t", detail="d", period_start=SLOT, period_end=SLOT, raised_at=SLOT,
    )  # fmt: skip


def a_window(series_id: str) -> Window:
    return Window(
        series_id=series_id, width_s=900, window_start=SLOT, mean_milli=1, weighted_sum=900, covered_s=900,
        expected_s=900, count=1, min_milli=1, max_milli=1, version=1, sent_at_ms=0,
    )  # fmt: skip


def a_round(product_id: str) -> RoundChange:
    return RoundChange(product_id=product_id, slot=SLOT, state="waiting", chain_id=1, settlement="0x" + "1" * 40)


def a_feed(heard: Heard) -> LiveFeed:
    catalog = Catalog("demo")
    for item in (a_product(), a_site(), a_series()):
        catalog.apply(*a_record(item))
    for item in (a_product(product_id="north-6h", tenant_id="north"), a_series("north/net", tenant_id="north")):
        assert not catalog.apply(*a_record(item))
    parts: Any = (heard, Views(), catalog, Still(SLOT + timedelta(hours=1)))
    return LiveFeed("", *parts, new_registry(), "demo")


OTHERS = [
    (FORECASTS_ISSUED, a_run(tenant_id="north")), (FORECASTS_SEALED, a_seal(a_run(run_id="f" * 32))),
    (ALERTS, an_alert("north")), (FEATURES_WINDOWS, a_window("north/net")), (ROUNDS_CHANGED, a_round("north-6h")),
]  # fmt: skip
OWN = [
    (FORECASTS_SEALED, a_seal(a_run())), (ALERTS, an_alert("demo")), (FEATURES_WINDOWS, a_window("home-01/net")),
    (ROUNDS_CHANGED, a_round("site-6h")),
]  # fmt: skip


@pytest.mark.parametrize(("topic", "message"), OTHERS, ids=[topic for topic, _ in OTHERS])
async def test_what_is_another_tenant_s_reaches_no_socket(topic: str, message: Message) -> None:
    heard = Heard()
    await a_feed(heard)._take(SimpleNamespace(topic=topic, value=encode(message)))

    assert heard.events == []


@pytest.mark.parametrize(("topic", "message"), OWN, ids=[topic for topic, _ in OWN])
async def test_what_is_one_s_own_does(topic: str, message: Message) -> None:
    heard = Heard()
    await a_feed(heard)._take(SimpleNamespace(topic=topic, value=encode(message)))

    assert len(heard.events) == 1
