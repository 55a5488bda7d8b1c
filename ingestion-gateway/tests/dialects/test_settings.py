"""GATEWAY_DIALECTS is read from where it stands, and a wrong entry is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from gridseal.errors import ConfigError
from ingestion_gateway.dialects.entries import read_entries
from ingestion_gateway.dialects.registry import Dialects
from ingestion_gateway.dialects.topics import named_by

ENTRY: dict[str, Any] = {
    "filter": "+/events/rpc",
    "dialect": "shelly-gen2",
    "tenant": "demo",
    "site": "home-01",
    "devices": {"shellypro3em-aabbcc": "home-01-meter"},
    "metrics": {"total_act_power": {"quantity": "active_power", "sign": 1}, "total_current": None},
    "sample_period_s": 10,
}
YAML = """
dialects:
  - {filter: +/events/rpc, dialect: shelly-gen2, tenant: demo, site: home-01,
     devices: {shellypro3em-aabbcc: home-01-meter},
     metrics: {total_act_power: {quantity: active_power, sign: 1}, total_current: null}, sample_period_s: 10}
"""
TOML = """
[[dialects]]
filter = "+/events/rpc"
dialect = "shelly-gen2"
tenant = "demo"
site = "home-01"
sample_period_s = 10
devices = { shellypro3em-aabbcc = "home-01-meter" }
metrics = { total_act_power = { quantity = "active_power", sign = 1 } }
"""


def test_a_list_and_every_kind_of_file_say_the_same(tmp_path: Path) -> None:
    listed = read_entries(json.dumps([ENTRY]))
    for name, text in {
        "d.json": json.dumps([ENTRY]),
        "d.yaml": YAML,
        "o.json": json.dumps({"dialects": [ENTRY]}),
    }.items():
        (tmp_path / name).write_text(text)
        assert read_entries(str(tmp_path / name)) == listed

    (tmp_path / "d.toml").write_text(TOML)
    (entry,) = read_entries(str(tmp_path / "d.toml"))
    assert entry.devices == {"shellypro3em-aabbcc": "home-01-meter"}
    assert read_entries("") == ()


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown dialect": ({"dialect": "klingon"}, r"\[1\]\.dialect.*'senml'"),
    "our own topics": ({"filter": "v1/demo/#"}, r"\[1\]\.filter: must not match v1"),
    "everything": ({"filter": "#"}, r"\[1\]\.filter: must not match v1"),
    "a shared subscription": ({"filter": "$share/g/x"}, r"\[1\]\.filter: must not begin with \$"),
    "a wildcard in a word": ({"filter": "a+/b"}, r"\[1\]\.filter: may have \+ and # only as whole levels"),
    "a hash inside": ({"filter": "a/#/b"}, r"\[1\]\.filter: may have # only as its last level"),
    "no device": ({"devices": {}}, r"\[1\]\.devices: .*at least 1"),
    "a device id that is none": ({"devices": {"x": "Home 1"}}, r"\[1\]\.devices\.x: "),
    "an unknown quantity": ({"metrics": {"p": {"quantity": "joy"}}}, r"\[1\]\.metrics\.p\.quantity: .*'active_power'"),
    "a unit of something else": (
        {"metrics": {"p": {"quantity": "active_power", "unit": "kWh"}}},
        r"\[1\]\.metrics\.p: unit should be one of W, mW, kW",
    ),
    "a sign for a voltage": (
        {"metrics": {"v": {"quantity": "voltage", "sign": -1}}},
        r"\[1\]\.metrics\.v: sign is only for",
    ),
    "a period that does not divide a day": ({"sample_period_s": 7}, r"\[1\]: sample_period_s should divide a day"),
    "local time without a zone": ({"dialect": "tasmota"}, r"\[1\]: time_zone should be the IANA zone"),
    "a zone that is none": ({"time_zone": "Mars/Olympus"}, r"\[1\]: time_zone should be an IANA name"),
    "a misspelt key": ({"divices": {}}, r"\[1\]\.divices: Extra"),
    "sparkplug elsewhere": ({"dialect": "sparkplug-b", "filter": "spbv/#"}, r"\[1\]: filter should begin with spBv1"),
    "a sparkplug device without its node": (
        {"dialect": "sparkplug-b", "filter": "spBv1.0/#", "devices": {"meter": "m"}},
        r"\[1\]: devices should be named group/node",
    ),
    "a filter twice": ({"filter": ENTRY["filter"]}, r"\[1\]\.filter stands twice"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_entry_is_named_and_told_what_it_should_be(what: str) -> None:
    changes, says = WRONG[what]
    second = ENTRY | {"filter": "other/+"} | changes

    with pytest.raises(ConfigError, match=r"GATEWAY_DIALECTS" + says):
        read_entries(json.dumps([ENTRY, second]))


@pytest.mark.parametrize("text", ["[", "/no/such/file.toml", "[1]", "[" * 5_000])
def test_what_cannot_be_read_is_a_config_error(text: str) -> None:
    with pytest.raises(ConfigError, match="GATEWAY_DIALECTS"):
        read_entries(text)


def test_a_file_without_a_list_is_a_config_error(tmp_path: Path) -> None:
    for name, text in {"a.toml": "x = [", "b.yaml": "a: [", "c.yaml": "a: 1", "d.json": "{}"}.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(ConfigError, match="GATEWAY_DIALECTS"):
            read_entries(str(tmp_path / name))


@pytest.mark.parametrize(
    ("wanted", "topic", "name"),
    [
        ("tele/+/SENSOR", "tele/pow1/SENSOR", "pow1"),
        ("tele/+/SENSOR", "tele/pow1/STATE", None),
        ("tele/+/SENSOR", "tele/a/b/SENSOR", None),
        ("zigbee2mqtt/#", "zigbee2mqtt/kitchen/plug", "kitchen/plug"),
        ("zigbee2mqtt/#", "zigbee2mqtt", "zigbee2mqtt"),
        ("+/status/#", "shelly-1/status/em:0", "shelly-1"),
        ("+/x/+", "a/x/b", "a/b"),
        ("meters/hall", "meters/hall", "meters/hall"),
        ("/oetzi/iomtsgdata/+", "/oetzi/iomtsgdata/k-1", "k-1"),
    ],
)
def test_a_topic_names_its_device(wanted: str, topic: str, name: str | None) -> None:
    assert named_by(wanted.split("/"), topic) == name


def test_the_first_entry_that_matches_reads_the_topic() -> None:
    second = ENTRY | {"filter": "+/events/+", "dialect": "sunspec"}
    dialects = Dialects.from_setting(json.dumps([ENTRY, second]))

    found = [dialects.find(topic) for topic in ("a/events/rpc", "a/events/b", "a/b/c")]

    assert [dialect.name if dialect else None for dialect in found] == ["shelly-gen2", "sunspec", None]
    assert dialects.filters() == ("+/events/rpc", "+/events/+")
    assert found[0] is not None
    assert found[0].place == ("demo", "home-01")
