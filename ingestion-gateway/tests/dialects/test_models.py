"""The structured models: SunSpec points with scale factors, IEEE 2030.5 resources with multipliers."""

from typing import Any

import pytest

from gridseal.errors import WireError

from .builders import NOW_MS, of_device, recorded, said, values


def test_a_der_says_its_points_in_powers_of_ten() -> None:
    assert values(said("sunspec", recorded("sunspec/device_1547.json"))) == {
        "active_power": (9800.0, "W"),
        "apparent_power": (10000.0, "V.A"),
        "reactive_power": (200.0, "var"),
        "power_factor": (0.985, "1"),
        "current": (411.0, "10*-1.A"),
        "voltage": (2400.0, "10*-1.V"),
        "frequency": (60010.0, "10*-3.Hz"),
        "energy_export_register": (150.0, "10*3.W.h"),
        "energy_import_register": (0.0, "10*3.W.h"),
        "air_temperature": (45.0, "Cel"),
    }


def test_an_image_of_settings_and_curves_says_nothing_that_is_telemetry() -> None:
    assert said("sunspec", recorded("sunspec/inverter_123.json")).messages == ()


def test_an_inverter_of_the_older_models() -> None:
    model: dict[str, Any] = {
        "ID": 103,
        "W": 512,
        "W_SF": 1,
        "WH": 123456,
        "WH_SF": 0,
        "PF": -98,
        "PF_SF": 0,
        "PhVphA": 2301,
        "V_SF": -1,
    }
    missing: dict[str, Any] = {"A": 65_535, "Hz": None, "VA": -32_768}  # not implemented, in its three spellings

    adapted = said(
        "sunspec", {"models": [{"ID": 1, "Mn": "x"}, model | missing, {"ID": 802, "SoC": 415, "SoC_SF": -1}]}
    )

    assert values(adapted) == {
        "active_power": (512.0, "10*1.W"),
        "energy_export_register": (123456.0, "W.h"),
        "power_factor": (-98.0, "%"),
        "state_of_charge": (41.5, "%"),
    }
    assert of_device(adapted).sent_at_ms == NOW_MS


def test_the_power_of_a_meter_model_needs_a_sign_from_the_settings() -> None:
    meter = {"ID": 203, "W": 700, "TotWhImp": 5, "TotWh_SF": 3}

    silent = said("sunspec", {"models": [meter]})
    told = said("sunspec", {"models": [meter]}, metrics={"meter.W": {"quantity": "active_power", "sign": -1}})

    assert values(silent) == {"energy_import_register": (5.0, "10*3.W.h")}
    assert silent.unmapped == 1
    assert values(told)["active_power"] == (-700.0, "W")


@pytest.mark.parametrize("factor", [11, 1.5, "1", True])
def test_a_scale_factor_out_of_range_is_refused(factor: Any) -> None:
    with pytest.raises(WireError, match="scale factor"):
        said("sunspec", {"models": [{"ID": 103, "W": 1, "W_SF": factor}]})


@pytest.mark.parametrize(("setting", "percent"), [(None, 0.7), ({}, 0.7), ({"unit": "%"}, 70.0)])
def test_a_state_of_charge_is_in_hundredths_unless_the_settings_say_percent(setting: Any, percent: float) -> None:
    metrics = {} if setting is None else {"stateOfChargeStatus": {"quantity": "state_of_charge"} | setting}

    adapted = said("ieee2030.5", recorded("ieee2030_5/DERStatus.xml"), metrics=metrics)

    assert values(adapted) == {"state_of_charge": (percent, "%")}
    assert of_device(adapted).sent_at_ms == 1514906127000


@pytest.mark.parametrize("name", ["DERAvailability", "DERCapability", "DERSettings"])
def test_what_a_der_could_do_is_no_telemetry(name: str) -> None:
    assert said("ieee2030.5", recorded(f"ieee2030_5/{name}.xml")).messages == ()


def a_mirror(reading: str, kind: str) -> str:
    return (
        f'<MirrorUsagePoint xmlns="urn:ieee:std:2030.5:ns"><mRID>01</mRID><MirrorMeterReading><mRID>02</mRID>'
        f"<MirrorReadingSet><Reading>{reading}</Reading></MirrorReadingSet>"
        f"<ReadingType>{kind}</ReadingType></MirrorMeterReading></MirrorUsagePoint>"
    )


MOMENT = "<timePeriod><duration>0</duration><start>1780271940</start></timePeriod>"
QUARTER = "<timePeriod><duration>900</duration><start>1780271100</start></timePeriod>"
MIRRORS: dict[str, tuple[str, str, tuple[str, float, str, int, int]]] = {
    "power into the grid": (
        f"{MOMENT}<value>52</value>",
        "<flowDirection>19</flowDirection><powerOfTenMultiplier>2</powerOfTenMultiplier><uom>38</uom>",
        ("active_power", 52.0, "10*2.W", 1780271880000, 60_000),
    ),
    "power out of the grid, mean of a quarter": (
        f"{QUARTER}<value>52</value>",
        "<flowDirection>1</flowDirection><uom>38</uom>",
        ("active_power", -52.0, "W", 1780271100000, 900_000),
    ),
    "a register": (
        f"{MOMENT}<value>123</value>",
        "<accumulationBehaviour>9</accumulationBehaviour><flowDirection>1</flowDirection>"
        "<powerOfTenMultiplier>3</powerOfTenMultiplier><uom>72</uom>",
        ("energy_import_register", 123.0, "10*3.W.h", 1780271880000, 60_000),
    ),
    "the energy of a quarter": (
        f"{QUARTER}<value>250</value>",
        "<accumulationBehaviour>4</accumulationBehaviour><flowDirection>19</flowDirection><uom>72</uom>",
        ("active_energy_export", 250.0, "W.h", 1780271100000, 900_000),
    ),
    "a voltage": (
        f"{MOMENT}<value>2301</value>",
        "<powerOfTenMultiplier>-1</powerOfTenMultiplier><uom>29</uom>",
        ("voltage", 2301.0, "10*-1.V", 1780271880000, 60_000),
    ),
}


@pytest.mark.parametrize("what", MIRRORS)
def test_a_mirrored_reading_is_read_by_its_type(what: str) -> None:
    reading, kind, wanted = MIRRORS[what]

    (found,) = of_device(said("ieee2030.5", a_mirror(reading, kind))).readings

    assert (found.quantity, found.value, found.unit, found.period_start_ms, found.period_ms) == wanted


def test_a_questionable_reading_is_suspect_and_power_without_direction_says_nothing() -> None:
    doubtful = of_device(
        said("ieee2030.5", a_mirror(f"<qualityFlags>11</qualityFlags>{MOMENT}<value>1</value>", "<uom>33</uom>"))
    )
    silent = said("ieee2030.5", a_mirror(f"{MOMENT}<value>1</value>", "<uom>38</uom>"))

    assert doubtful.readings[0].quality == "suspect"
    assert (silent.messages, silent.unmapped) == ((), 1)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("<MirrorMeterReading><Reading><value>1</value></Reading></MirrorMeterReading>", "unsupported"),
        ("<EndDevice/>", "unsupported"),
        ("<DERStatus><stateOfChargeStatus><dateTime>x</dateTime></stateOfChargeStatus></DERStatus>", "malformed"),
        ("<DERStatus><stateOfChargeStatus><dateTime>-1</dateTime></stateOfChargeStatus></DERStatus>", "bad_time"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "not_xml"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "not_xml"),
        ('<?xml version="1.0" encoding="klingon"?><a/>', "not_xml"),
        ("<a>" * 80_000, "not_xml"),
        ("<a>" * 37_000 + "</a>" * 37_000, "unsupported"),
    ],
)
def test_xml_that_says_something_else_is_refused(payload: str, reason: str) -> None:
    with pytest.raises(WireError) as refused:
        said("ieee2030.5", payload)

    assert refused.value.reason == reason
