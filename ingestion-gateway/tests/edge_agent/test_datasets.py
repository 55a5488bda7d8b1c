"""Loaders hand over what the files hold: gaps stay gaps, faults stay faults."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from edge_agent.datasets import sources
from edge_agent.datasets.cache import read_tracks, write_tracks
from edge_agent.datasets.doubled_hour import earlier_copies
from edge_agent.datasets.sources import SOURCES, load_source
from edge_agent.datasets.tracks import Channel, Track, make_track
from edge_agent.datasets.wheel import OPENDSM, open_wheel
from edge_agent.fleet import fleet
from edge_agent.survey import as_table, stuck_records, survey
from gridseal.errors import ConfigError
from gridseal.wire.units import UNITS

from .conftest import WHEELS


def a_track(
    device_id: str = "meter-1", starts: tuple[int, ...] = (0, 3_600), values: tuple[float, ...] = (1, 2)
) -> Track:
    channel = Channel("active_energy_import", "kW.h")
    return make_track(device_id, 3_600, {channel: np.array(values)}, np.array(starts, dtype=np.int64))


def test_every_device_of_the_fleet_has_a_data_set_and_the_other_way_round(tracks: dict[str, Track]) -> None:
    assert set(tracks) == {device.device_id for device in fleet("demo")}
    assert len(tracks) == 44


def test_every_channel_has_a_unit_of_the_contract(tracks: dict[str, Track]) -> None:
    for track in tracks.values():
        assert track.values.shape == (len(track.starts_s), len(track.channels))
        for channel in track.channels:
            assert channel.unit in UNITS[channel.quantity]


def test_every_value_is_a_whole_number_of_thousandths_of_its_base_unit(tracks: dict[str, Track]) -> None:
    for track in tracks.values():
        for number, channel in enumerate(track.channels):
            thousandths = track.values[:, number] * float(UNITS[channel.quantity][channel.unit] * 1_000)
            present = thousandths[~np.isnan(thousandths)]
            assert np.abs(present - np.round(present)).max() < 1e-3


def test_gaps_and_sensor_faults_are_kept(tracks: dict[str, Track]) -> None:
    turbines = [tracks[f"lhb-{name}"] for name in ("r80711", "r80721", "r80736", "r80790")]

    assert sum(int(np.isnan(track.values[:, 0]).sum()) for track in turbines) == 2_569
    assert sum(int((track.values[:, 2] < -50).sum()) for track in turbines) == 34
    assert int(np.isnan(tracks["nrel-pv-ac"].values).sum()) == 2_896
    assert (tracks["lhb-plant"].values < 0).sum() > 10_000


def test_the_autumn_hour_of_the_homes_is_a_hole_and_the_spring_hour_is_none(tracks: dict[str, Track]) -> None:
    steps = np.diff(tracks["home-01-meter"].starts_s)

    assert (steps == 7_200).sum() == 1
    assert set(steps) == {3_600, 7_200}
    assert tracks["home-01-meter"].left_out == 1


def test_every_set_lies_around_the_origin_on_the_same_weekday() -> None:
    for source in SOURCES:
        assert source.shift_days % 7 == 0
        assert abs(source.shift_days / 365.25 - round(source.shift_days / 365.25)) < 0.06


def test_a_wheel_that_is_absent_is_named_with_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"opendsm-1\.2\.7-py3-none-any\.whl is not in .*make setup.*opendsm==1\.2\.7"
    ):
        open_wheel(OPENDSM, tmp_path)


def test_a_wheel_that_was_changed_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / OPENDSM.filename
    shutil.copy(WHEELS / OPENDSM.filename, copy)
    with copy.open("r+b") as stream:
        stream.seek(1_000)
        stream.write(b"x")

    with pytest.raises(ConfigError, match="not the pinned file"):
        open_wheel(OPENDSM, tmp_path)


def test_the_second_start_reads_the_cache_and_needs_no_wheel(tmp_path: Path) -> None:
    source = next(source for source in SOURCES if source.module == "opendsm")
    first = load_source(source, WHEELS, tmp_path)

    again = load_source(source, tmp_path / "nowhere", tmp_path)

    for before, after in zip(first, again, strict=True):
        assert (before.device_id, before.period_s, before.channels) == (after.device_id, after.period_s, after.channels)
        np.testing.assert_array_equal(before.values, after.values)
        np.testing.assert_array_equal(before.starts_s, after.starts_s)


def test_a_changed_loader_or_pin_is_a_miss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = next(source for source in SOURCES if source.module == "opendsm")
    load_source(source, WHEELS, tmp_path)
    monkeypatch.setattr(sources, "_loader_digest", lambda module: "changed")

    with pytest.raises(ConfigError):
        load_source(source, tmp_path / "nowhere", tmp_path)


def test_a_damaged_cache_is_read_again_from_the_wheel(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    write_tracks(path, [a_track()])
    whole = path.read_bytes()

    for damaged in (b"", whole[:100], whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        assert read_tracks(path) is None


def test_pairs_are_dealt_so_that_the_line_is_smooth() -> None:
    early = np.array([[10.0, 350.0], [12.0, 355.0], [14.0, 359.0]])
    late = np.array([[40.0, 3.0], [42.0, 8.0], [44.0, 12.0]])
    pairs = np.stack([np.stack([early[0], late[0]]), np.stack([late[1], early[1]]), np.stack([early[2], late[2]])])

    assert earlier_copies(np.array([9.0, 349.0]), pairs, np.array([45.0, 13.0]), full_turn=1) == [0, 1, 0]


def test_the_survey_counts_what_is_missing_twice_and_stuck() -> None:
    track = a_track(starts=(0, 0, 3_600, 10_800), values=(1, 1, float("nan"), 3))

    line = dict(zip(*survey([track]), strict=True))

    assert (line["rows"], line["no value"], line["holes"], line["twice"]) == ("4", "1", "1", "1")
    assert stuck_records(np.array([5.0] * 6 + [1, 1, 0, 0, 0, 0, 0, 0, 0])) == 6
    assert as_table([("a", "bb"), ("ccc", "d")]) == "a    bb\nccc  d"
