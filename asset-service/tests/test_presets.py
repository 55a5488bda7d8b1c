"""The shipped catalog is whole, and a broken one is refused by name."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from asset_service.presets import CATALOG_FOLDER, Record, load_presets
from asset_service.validity import check_catalog, contradictions
from gridseal.errors import ConfigError
from gridseal.wire.catalog import Asset, Product, Series, Site

from .builders import a_catalog, a_product, a_series, a_site, an_asset


@pytest.fixture(scope="module")
def shipped() -> tuple[Record, ...]:
    return load_presets("demo")


def test_the_shipped_catalog_does_not_contradict_itself(shipped: tuple[Record, ...]) -> None:
    assert list(contradictions(shipped)) == []


def test_the_fleet_is_complete(shipped: tuple[Record, ...]) -> None:
    def count(kind: type[Record]) -> int:
        return sum(isinstance(record, kind) for record in shipped)

    assert (count(Site), count(Asset), count(Series), count(Product)) == (20, 44, 62, 2)


OPTIONAL = ("de", "es", "fontana", "us")


@pytest.fixture(scope="module")
def everything() -> tuple[Record, ...]:
    return load_presets("demo", optional=OPTIONAL)


def test_optional_presets_do_not_contradict_the_shipped_ones(everything: tuple[Record, ...]) -> None:
    assert {path.stem for path in (CATALOG_FOLDER / "optional").glob("*.yaml")} == set(OPTIONAL)
    assert list(contradictions(everything)) == []


def test_the_products_of_the_markets_are_there(everything: tuple[Record, ...]) -> None:
    products = {record.product_id: record for record in everything if isinstance(record, Product)}

    assert {p.profile for p in products.values()} == {None, "da", "id", "t6", "h24"}
    assert sum(p.profile == "h24" for p in products.values()) == 5
    assert (products["de-day-ahead"].delivery, products["de-day-ahead"].gate_local) == ("next_local_day", "12:00")
    assert (products["es-t6"].issue_on, products["es-t6"].resolution_s) == ("data", 3_600)


def test_a_region_is_the_sum_of_its_homes(everything: tuple[Record, ...]) -> None:
    series = {record.series_id: record for record in everything if isinstance(record, Series)}
    homes = [s for s in series.values() if s.kind == "home_net" and s.site_id.startswith("home-")]

    assert sorted(map(str, series["us-ca-fontana/net"].inputs)) == sorted(str(i) for home in homes for i in home.inputs)


def test_an_optional_preset_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="ASSET_OPTIONAL names fr, there are de, es, fontana, us"):
        load_presets("demo", optional=["fr"])


def test_every_site_names_the_source_of_its_data(shipped: tuple[Record, ...]) -> None:
    assert all(site.attribution for site in shipped if isinstance(site, Site))


def test_a_home_is_the_sum_of_its_meter_and_its_pv(shipped: tuple[Record, ...]) -> None:
    series = {record.series_id: record for record in shipped if isinstance(record, Series)}

    assert [(i.device_id, i.sign) for i in series["home-04/net"].inputs] == [("home-04-meter", 1), ("home-04-pv", 1)]
    assert [(i.device_id, i.sign) for i in series["home-04/load"].inputs] == [("home-04-meter", -1)]
    assert series["home-04/pv"].capacity_w == 5_000


def test_ten_minute_devices_are_issued_only_where_no_reading_straddles_the_slot(shipped: tuple[Record, ...]) -> None:
    devices = {record.device_id: record for record in shipped if isinstance(record, Asset)}
    for series in (record for record in shipped if isinstance(record, Series) and record.forecast):
        for source in series.inputs:
            assert series.issue_every_s % devices[source.device_id].native_period_s == 0


@pytest.mark.parametrize(
    ("records", "complaint"),
    [
        ((*a_catalog(), a_site()), "site/here stands 2 times"),
        ((*a_catalog(), an_asset("copy", device_id="here-pv")), "two assets share a device_id"),
        ((*a_catalog(), an_asset("lost", site_id="there")), "there, which does not exist"),
        ((*a_catalog(), a_series("here/two")), "site here has 2 primary series"),
        ((*a_catalog(), a_site("empty")), "site empty has 0 primary series"),
        ((*a_catalog(), a_series("here/x", primary=False, asset_id="ghost")), "belongs to asset ghost"),
        ((*a_catalog(), a_series("here/x", primary=False, unit="m/s")), "a unit that active_power does not have"),
        ((*a_catalog(), a_series("here/x", primary=False, resolution_s=300)), "finer than the readings of here-pv"),
        ((*a_catalog(), a_series("here/x", primary=False, issue_every_s=1_000)), "multiples of its resolution"),
        ((*a_catalog(), a_series("there/x", primary=False)), "must start with its site"),
        ((*a_catalog()[:3], a_product(levels_bps=[5_000, 500])), "levels that do not increase"),
        ((*a_catalog()[:3], a_product(kinds=["wind"])), "product/site-6h has no series"),
        ((*a_catalog()[:3], a_product(slot_s=600)), "never meets the issue times"),
        ((*a_catalog()[:3], a_product(horizon_s=1_000)), "does not end on a period border"),
        ((*a_catalog()[:3], a_product(resolution_s=1_000)), "has periods that those of series/here/pv do not fill"),
        ((*a_catalog()[:3], a_product(resolution_s=3_600, horizon_s=9_000)), "does not end on a period border"),
        ((*a_catalog()[:3], a_product(region_ids=["fr"])), "product/site-6h has no series"),
        ((*a_catalog()[:3], a_product(timezone="Mars/Base")), "a time zone that does not exist: Mars/Base"),
        ((*a_catalog()[:3], a_product(timezone="UTC", issue_cron="at ten")), "an issue_cron that is none"),
        ((*a_catalog()[:3], a_product(delivery="next_local_day")), "has local times and no time zone"),
    ],
)
def test_a_contradiction_is_named(records: tuple[Record, ...], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        check_catalog(records)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ({"device_id": "ghost", "quantity": "active_power"}, "ghost, which its site does not have"),
        ({"device_id": "here-pv", "quantity": "irradiance"}, "irradiance, which here-pv does not measure"),
    ],
)
def test_a_series_may_only_read_what_a_device_of_its_site_measures(source: dict[str, Any], complaint: str) -> None:
    broken = a_series("here/x", primary=False, inputs=[source])

    with pytest.raises(ConfigError, match=complaint):
        check_catalog((*a_catalog(), broken))


def test_a_series_of_a_region_may_read_devices_of_that_region_only() -> None:
    elsewhere = (a_site("far", region_id="fr"), an_asset("far-pv", site_id="far"))
    near = (a_site("near"), a_series("near/all", site_id="near", scope="region"))
    inputs = [{"device_id": "far-pv", "quantity": "active_power"}]
    far = a_series("near/far", site_id="near", scope="region", primary=False, inputs=inputs)

    found = list(contradictions((*a_catalog(), *elsewhere, *near, far)))

    assert "series/near/far reads device far-pv, which its region does not have" in found
    assert not any("near/all" in complaint for complaint in found)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("site: [", "broken.yaml is not YAML"),
        ("sites: []", "broken.yaml may only have the sections"),
        ("site: {site_id: Not A Slug}", "broken.yaml: Site has a wrong"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    shutil.copytree(CATALOG_FOLDER, tmp_path, dirs_exist_ok=True)
    (tmp_path / "broken.yaml").write_text(text)

    with pytest.raises(ConfigError, match=complaint):
        load_presets("demo", tmp_path)
