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

    assert (count(Site), count(Asset), count(Series), count(Product)) == (20, 44, 62, 1)


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
