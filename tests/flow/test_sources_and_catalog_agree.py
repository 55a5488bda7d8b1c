"""What the feeds say they feed is what the catalog lists: ids, devices, steps, zones."""

import pytest

from asset_service.presets import load_presets
from gridseal.wire.catalog import Asset, Product, Series, Site
from ingestion_gateway.feeds.sources import Source, load_sources
from streaming_processor.feeds.records import QUANTITIES

RECORDS = load_presets("demo", optional=("us", "de", "es"))
SERIES = {r.series_id: r for r in RECORDS if isinstance(r, Series)}
DEVICES = {r.device_id: r for r in RECORDS if isinstance(r, Asset)}
SITES = {r.region_id: r for r in RECORDS if isinstance(r, Site)}
SECOND_OPINIONS = {"de/load-smard", "es/indicator-esios"}
"""Kept beside the series that is forecast; they make no windows."""
SOURCES = load_sources()


@pytest.mark.parametrize("source", [s for s in SOURCES if s.content == "actual"], ids=lambda s: s.source_id)
def test_every_demand_series_has_its_device_and_its_zone(source: Source) -> None:
    if source.series in SECOND_OPINIONS:
        return
    [given] = SERIES[source.series].inputs

    assert given.device_id == source.series.replace("/", "-")
    assert (given.quantity, given.sign) == ("active_power", -1)
    assert given.device_id in DEVICES
    assert SITES[source.region_id].timezone == source.timezone


@pytest.mark.parametrize("region", sorted({s.region_id for s in SOURCES if s.feed == "open_meteo"}))
def test_every_place_with_weather_has_a_series_for_each_quantity(region: str) -> None:
    station = f"{region}-weather"
    fed = {i.quantity for s in SERIES.values() for i in s.inputs if i.device_id == station}

    assert fed == {quantity for quantity, _ in QUANTITIES.values()} == set(DEVICES[station].quantities)


def test_every_product_of_the_designs_speaks_of_a_series_that_a_source_feeds() -> None:
    fed = {s.region_id for s in SOURCES if s.content == "actual"}
    products = {r.product_id: r for r in RECORDS if isinstance(r, Product)}
    designs = {"de-day-ahead", "de-intraday", "es-t6", *(f"us-{r}-24h" for r in ("ny", "cal", "tex", "mida", "us48"))}

    assert designs <= set(products)
    assert all(set(products[name].region_ids or ()) <= fed for name in designs)
