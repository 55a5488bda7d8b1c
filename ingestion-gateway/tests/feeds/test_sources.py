"""Source records: those that come with the gateway, and what is said of wrong ones."""

from pathlib import Path

import pytest

from gridseal.errors import ConfigError
from ingestion_gateway.feeds.ports import Outside
from ingestion_gateway.feeds.registry import feeds_for
from ingestion_gateway.feeds.settings import FeedSettings
from ingestion_gateway.feeds.sources import CATALOG, load_sources

SOURCES = load_sources()
ONE = "sources: [{source_id: a, feed: eia, region_id: us, series_id: us/a, code: A}]"


def folder(path: Path, text: str) -> list[Path]:
    (path / "mine.yaml").write_text(text)
    return [path]


def test_every_source_that_comes_with_the_gateway_finds_its_feed() -> None:
    feeds = feeds_for(SOURCES, Outside({}))

    assert set(feeds) == {"eia", "open_meteo", "esios", "ree", "entsoe", "smard"}
    assert all(hasattr(feed, "pull") for feed in feeds.values())


def test_no_two_providers_feed_one_series_with_the_same_kind_of_value() -> None:
    fed = [(s.series_id, s.content) for s in SOURCES if s.series_id]

    assert len(fed) == len(set(fed))


def test_the_regions_of_the_designs_are_there() -> None:
    demand = {s.series_id for s in SOURCES if s.content == "actual"}

    assert demand >= {f"us-{r}/demand" for r in ("ny", "cal", "tex", "mida", "us48")} | {"de/load", "es/indicator"}


def test_some_may_be_chosen_by_id_or_by_file() -> None:
    assert {s.source_id for s in load_sources(only=("de", "eia-us-ny"))} > {"eia-us-ny", "smard-de-load"}
    with pytest.raises(ConfigError, match="FEEDS_ONLY names nowhere"):
        load_sources(only=("nowhere",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources: 7", "cannot be read"),
        ("{", "cannot be read"),
        (ONE.replace("feed: eia", "feed: 'no module'"), "feed is wrong"),
        (ONE.replace("code: A", "kode: A"), "kode is wrong"),
        (ONE.replace("source_id: a", "source_id: eia-us-ny"), "twice"),
    ],
)
def test_a_wrong_record_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_sources([CATALOG, *folder(tmp_path, text)])


def test_a_feed_of_no_module_or_without_make_is_said(tmp_path: Path) -> None:
    for feed, said in (("nowhere", "no module"), ("gridseal.errors", "no make")):
        sources = load_sources(folder(tmp_path, ONE.replace("feed: eia", f"feed: {feed}")))
        with pytest.raises(ConfigError, match=said):
            feeds_for(sources, Outside({}))


def test_the_names_of_the_designs_are_the_names_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "EIA_API_KEY": "1",
        "WEATHER_API_KEY": "2",
        "ESIOS_TOKEN": "3,4",
        "ENTSOE_TOKEN": "5",
        "LIVE_OR_HISTORICAL": "historical",
    }.items():
        monkeypatch.setenv(name, value)
    settings = FeedSettings()

    assert settings.mode == "historical"
    assert list(settings.keys.values()) == ["1", "2", "3,4", "5"]
    assert "3,4" not in repr(settings), "no key stands in a log"
