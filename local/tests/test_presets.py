"""The demos of the source designs' products: which data, which processes, what counts as done."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from local_stack.errors import StackError
from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.presets.figures import PresetFigures, ProductFigures, missing_parts
from local_stack.presets.preset import Plan, plan_for, write_files
from local_stack.presets.processes import with_preset
from local_stack.services import fed_by_providers
from local_stack.stack import process_list

ROOT = Path(__file__).parents[2]
NAMES = ["us-demand-24h", "de-day-ahead", "de-intraday", "es-t6"]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(ROOT, tmp_path / "state")
    made.make()
    return made


def a_plan(name: str, layout: Layout, tmp_path: Path) -> Plan:
    """With files of the right names; nobody reads them here."""
    for file in (
        "eia930_8ba_2015_2020_hourly_flags_forecast.parquet",
        "entsoe_8zones_2019_2020_hourly.parquet",
    ):
        (tmp_path / file).touch()
    return plan_for(name, str(tmp_path), layout)


@pytest.mark.parametrize("name", NAMES)
def test_every_product_has_processes_that_fit_together(name: str, layout: Layout, tmp_path: Path) -> None:
    plan, ports = a_plan(name, layout, tmp_path), Ports(31_000)
    specs = {s.name: s for s in with_preset(process_list(layout, ports), layout, ports, plan)}
    taken = [port for spec in specs.values() for port in spec.ports]

    assert len(taken) == len(set(taken))
    assert all(set(spec.needs) <= set(specs) for spec in specs.values())
    assert specs["stream"].env["STREAMING_PROCESSOR_FEEDS"] == "true"
    assert specs["feeds"].env["FEEDS_REPLAY_URL"] == specs["feeds-replay"].url
    assert datetime.fromisoformat(specs["chain"].env["CHAIN_BEGINS"]) < plan.origin
    assert "edge-agent" not in specs
    assert str(tmp_path) in specs["feeds-replay"].argv


@pytest.mark.parametrize("name", NAMES)
def test_every_source_feeds_a_series_of_the_catalog_beside_it(name: str, layout: Layout, tmp_path: Path) -> None:
    plan = a_plan(name, layout, tmp_path)
    write_files(plan, layout, tmp_path / "preset")
    sources = yaml.safe_load((tmp_path / "preset" / "sources" / "preset.yaml").read_text())["sources"]
    catalog = yaml.safe_load((tmp_path / "preset" / "catalog" / "preset.yaml").read_text())
    names = catalog.get("each", [{}])
    series = {s["series_id"].format_map(n) for n in names for s in catalog["series"]}

    assert len(sources) == len(names)
    assert {source["series_id"] for source in sources} <= series
    assert all(source["source_id"].startswith("preset-") for source in sources)


@pytest.mark.parametrize(("name", "period_s"), [("es-t6", 3_600), ("de-day-ahead", 3_600), ("de-intraday", 900)])
def test_a_meter_is_said_to_report_as_often_as_the_file_does(
    name: str, period_s: int, layout: Layout, tmp_path: Path
) -> None:
    write_files(a_plan(name, layout, tmp_path), layout, tmp_path / "preset")
    catalog = yaml.safe_load((tmp_path / "preset" / "catalog" / "preset.yaml").read_text())
    [meter] = [asset for asset in catalog["assets"] if asset["telemetry_class"] == "meter"]
    [series] = [each for each in catalog["series"] if each.get("primary")]

    assert (meter["native_period_s"], series["resolution_s"], series["issue_every_s"]) == (period_s,) * 3
    assert [p["product_id"] for p in catalog["products"]] == [name]


def test_without_long_series_recordings_are_shown_and_nothing_is_trained(layout: Layout, tmp_path: Path) -> None:
    lonely = replace(layout, root=tmp_path / "nowhere")
    plan = plan_for("us-demand-24h", "", lonely)

    assert (plan.sets, plan.trains) == (None, False)
    assert plan.sources.startswith("eia-us-ny,")
    assert (plan.origin - plan.begin).total_seconds() == 36 * 3_600


def test_a_product_without_any_data_says_which_file_it_needs(layout: Layout, tmp_path: Path) -> None:
    lonely = replace(layout, root=tmp_path / "nowhere")
    with pytest.raises(StackError, match=r"es-t6 has no recorded answers.*entsoe_8zones.*SETS=folder.*products\.md"):
        plan_for("es-t6", "", lonely)
    with pytest.raises(StackError, match=r"has no eia930.*products\.md says where"):
        plan_for("us-demand-24h", str(tmp_path / "empty"), layout)
    with pytest.raises(StackError, match="there is no product site-9 to show: there are us-demand-24h"):
        plan_for("site-9", "", layout)


def test_the_feeds_run_only_where_the_catalog_has_what_they_feed(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = Ports(31_000)
    without = {s.name for s in process_list(layout, ports)}
    monkeypatch.setenv("ASSET_OPTIONAL", "fontana, us")
    specs = {s.name: s for s in process_list(layout, ports)}

    assert fed_by_providers({"ASSET_OPTIONAL": "fontana"}) == ()
    assert "feeds" not in without
    assert specs["feeds"].env == {"FEEDS_ONLY": "us"}
    assert specs["stream"].env["STREAMING_PROCESSOR_FEEDS"] == "true"


def test_what_has_not_happened_is_said() -> None:
    done = PresetFigures(
        elapsed_s=1, values=9, windows=9, verified=1, scored=1, training="done: x", champions=1,
        products=(ProductFigures("es-t6", 1, 1, 0, "gridseal-es-t6/1", 0),),
    )  # fmt: skip

    assert missing_parts(done, trains=True) == []
    assert missing_parts(PresetFigures(1, values=9, windows=9), trains=False) == []
    assert [text.split(":")[0] for text in missing_parts(PresetFigures(1), trains=True)] == [
        "store", "windows", "forecasts", "seals", "training", "models", "scores",
    ]  # fmt: skip
