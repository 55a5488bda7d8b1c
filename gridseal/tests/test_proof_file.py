"""A proof file has one reading only, and one period of it is small."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from gridseal.cli.verify import verify_file
from gridseal.errors import WireError
from gridseal.notary.proof_file import open_points, read_proof
from gridseal.wire.codec import encode
from gridseal.wire.forecasts import Point, SeriesForecast

from .builders import LEVELS, SLOT, a_run
from .test_check import SECRET, a_proof

Change = Callable[[dict[str, Any]], object]

WRONG: dict[str, Change] = {
    "an older version": lambda f: f.update(format="gridseal-proof/1"),
    "an unknown field": lambda f: f.update(comment="trust me"),
    "a missing field": lambda f: f.pop("signature"),
    "a number as text": lambda f: f["batch"].update(version="1"),
    "a truth value as number": lambda f: f["batch"].update(version=True),
    "a negative moment": lambda f: f["batch"].update(slot=-1),
    "a slot beyond 64 bits": lambda f: f["batch"].update(slot=2**64),
    "a value beyond 64 bits": lambda f: f["forecast"]["points"][0]["values_milli"].__setitem__(0, 2**63),
    "no values": lambda f: f["forecast"]["points"][0].update(values_milli=[]),
    "another spelling of a moment": lambda f: f["forecast"].update(slot="2026-06-01T14:00:00+02:00"),
    "a day that is not": lambda f: f["forecast"].update(slot="2026-02-31T12:00:00Z"),
    "upper-case hex": lambda f: f["batch"].update(root=f["batch"]["root"].upper().replace("0X", "0x")),
    "an address without its check sum": lambda f: f["erc8281"].update(contract=f["erc8281"]["contract"].lower()),
    "a padded block number": lambda f: f["erc8281"].update(block_number="07"),
    "a hash function of the maker's choice": lambda f: f["erc8281"].update(hash_function="md5"),
    "no block hash": lambda f: f["erc8281"].pop("block_hash"),
    "a null origin": lambda f: f.update(origin={"inputs": "not base64!"}),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_not_exactly_a_proof_file_is_refused(what: str) -> None:
    content = json.loads(encode(a_proof()))
    WRONG[what](content)

    with pytest.raises(WireError, match="proof file refused"):
        read_proof(json.dumps(content).encode())


@pytest.mark.parametrize(
    "bend",
    [
        lambda text: text.replace('"version":1,', '"version":1,"version":1,', 1),
        lambda text: text.replace('"version":1,', '"version":1.0,', 1),
        lambda text: text.replace('"version":1,', '"version":NaN,', 1),
        lambda text: text + "{}",
        lambda text: "[" * 100_000,
    ],
)
def test_what_two_readers_could_understand_differently_is_refused(bend: Callable[[str], str]) -> None:
    text = encode(a_proof()).decode()
    assert bend(text) != text

    with pytest.raises(WireError, match="proof file refused"):
        read_proof(bend(text).encode())


def test_a_proof_file_survives_the_wire() -> None:
    assert read_proof(encode(a_proof())) == a_proof()


def test_one_period_of_a_day_of_ten_series_takes_at_most_4_kib() -> None:
    points = tuple(
        Point(target_start=SLOT + timedelta(minutes=15 * i + 60), values_milli=(-(2**62),) * len(LEVELS))
        for i in range(96)
    )
    series = tuple(
        SeriesForecast(
            series_id=f"la-haute-borne/turbine-{i}", unit="W", resolution_s=900, model="lstm", rung=0, data_age_s=0,
            points=points,
        )
        for i in range(10)
    )  # fmt: skip
    run = a_run(series=series)
    opened = open_points(run, series[0].series_id, SECRET, points[40].target_start)
    proof = a_proof()
    whole = proof.model_copy(update={"forecast": proof.forecast.model_copy(update={"points": opened})})

    assert len(opened) == 1
    assert len(opened[0].proof) == 10
    assert len(encode(whole)) <= 4_096


def test_a_series_or_period_that_the_run_has_not_is_said() -> None:
    with pytest.raises(KeyError):
        open_points(a_run(), "home-01/none", SECRET)
    with pytest.raises(KeyError):
        open_points(a_run(), "home-01/load", SECRET, SLOT)


def test_without_a_node_a_file_is_not_verified(tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    path.write_bytes(encode(a_proof()))
    console = Console(record=True, width=200)

    assert verify_file(path, None, console) == 2
    assert "the chain was not asked" in console.export_text()
