"""A wrong config or file is refused with a sentence that names what is wrong."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tables import HOUR_S, config, frame

from forecast_service.backtest.config import read_config
from forecast_service.backtest.rolling import plan
from forecast_service.backtest.table import load_series
from gridseal.errors import ConfigError

SHIPPED = sorted(Path(str(f)) for f in files("forecast_service.backtest.sets").iterdir() if f.name.endswith(".yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_every_shipped_set_is_a_valid_config(path: Path) -> None:
    wanted = read_config(path)

    assert wanted.name == path.stem
    assert "champion" in wanted.models


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"horizon": None}, "horizon"),
        ({"resolutoin": "1h"}, "resolutoin: is not a key"),
        ({"resolution": "hourly"}, "resolution: a duration is"),
        ({"issue": {"cron": "every day"}}, "every day"),
        ({"issue": {"cron": "0 6 * * *", "every": 4}}, "either cron or every"),
        ({"calendar": {"zone": "Melbourne"}}, "calendar.zone: not an IANA time zone"),
        ({"train_end": "2021-04-02"}, "train_end: after the start of the test"),
        ({"test": {"start": "2021-04-15", "end": "2021-04-01"}}, "end is not after start"),
        ({"quantiles": [0.1, 0.9, 0.5]}, "quantiles: ascending"),
        ({"horizon": "90min"}, "no whole number of periods"),
        ({"source": {"path": "own.parquet", "period_start": "at", "target": "load", "future": {"temp": "good"}}},
         "source.future.temp"),
    ],
)  # fmt: skip
def test_a_wrong_key_is_named(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    path = config(tmp_path, frame(100), **changes)

    with pytest.raises(ConfigError, match=said):
        read_config(path)


def _load(path: Path) -> object:
    return load_series(read_config(path).parts[0], (path.parent,))


def _source(**changes: object) -> dict[str, object]:
    return {"source": {"path": "own.parquet", "period_start": "at", "target": "load", **changes}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (_source(path="other.parquet"), "source.path: no file .*other.parquet"),
        (_source(target="demand"), "no column demand; it has at, load, temp"),
        (_source(period_start="temp"), "column temp"),
        (_source(past=["load"]), "load is the target"),
        ({"resolution": "7h", "first_lead": 0, "horizon": 3}, "not on the grid of 420 min"),
    ],
)
def test_a_file_that_does_not_fit_is_named(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    path = config(tmp_path, frame(100), **changes)

    with pytest.raises(ConfigError, match=said):
        _load(path)


def test_words_among_numbers_are_counted(tmp_path: Path) -> None:
    table = frame(100).astype({"load": object})
    table.loc[5, "load"] = "n/a?"

    with pytest.raises(ConfigError, match="column load holds 1 values that are no numbers"):
        _load(config(tmp_path, table, name="own.csv", **_source(path="own.csv")))


def test_doubled_periods_ask_for_the_column_that_tells_series_apart(tmp_path: Path) -> None:
    table = pd.concat([frame(100), frame(100)])

    with pytest.raises(ConfigError, match=r"2400 periods occur more than once.*source\.series"):
        _load(config(tmp_path, table))


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    path = config(tmp_path, frame(100))
    (tmp_path / "own.parquet").write_text("at,load\n")

    with pytest.raises(ConfigError, match="cannot be read as parquet"):
        _load(path)


def test_a_test_window_without_outcomes_is_refused(tmp_path: Path) -> None:
    path = config(tmp_path, frame(60))
    part = read_config(path).parts[0]

    with pytest.raises(ConfigError, match="no outcome in the test window for all"):
        plan(part, load_series(part, (tmp_path,)))


def test_csv_and_parquet_read_the_same_and_holes_stay_holes(tmp_path: Path) -> None:
    table = frame(100).drop(index=[10, 11]).sample(frac=1, random_state=1)
    one = load_series(read_config(config(tmp_path, table)).parts[0], (tmp_path,))[0]
    other = config(tmp_path, table, name="own.csv", **_source(path="own.csv"))

    two = load_series(read_config(other).parts[0], (tmp_path,))[0]

    np.testing.assert_allclose(one.target, two.target)
    assert np.flatnonzero(np.isnan(one.target)).tolist() == [10, 11]
    assert one.start_s == 1_609_459_200


def test_wall_clock_stamps_are_placed_in_their_zone(tmp_path: Path) -> None:
    local = pd.date_range("2021-01-01", "2021-12-31", freq="h", tz="Europe/Amsterdam")
    table = pd.DataFrame({"at": local.tz_localize(None), "load": np.arange(len(local), dtype=float)})
    part = read_config(config(tmp_path, table, **_source(stamps="Europe/Amsterdam"))).parts[0]

    one = load_series(part, (tmp_path,))[0]

    np.testing.assert_array_equal(one.target, np.arange(len(local)))
    assert one.start_s == int(local[0].timestamp())


def test_a_stamp_that_no_clock_showed_is_refused_or_dropped(tmp_path: Path) -> None:
    stamps = pd.date_range("2021-03-01", periods=40 * 24, freq="h")
    table = pd.DataFrame({"at": stamps, "load": wave_of(len(stamps))})
    with pytest.raises(ConfigError, match="do not exist on a clock in Europe/Amsterdam, first 2021-03-28 02:00"):
        _load(config(tmp_path, table, **_source(stamps="Europe/Amsterdam")))

    dropping = read_config(config(tmp_path, table, **_source(stamps="Europe/Amsterdam", impossible="drop"))).parts[0]

    assert len(load_series(dropping, (tmp_path,))[0].target) == len(stamps) - 1


def test_stamps_at_the_end_of_a_period_are_moved_to_its_start(tmp_path: Path) -> None:
    table = frame(100)
    start = load_series(read_config(config(tmp_path, table)).parts[0], (tmp_path,))[0]

    end = load_series(read_config(config(tmp_path, table, **_source(stamp="end"))).parts[0], (tmp_path,))[0]

    assert end.start_s == start.start_s - HOUR_S


def wave_of(count: int) -> np.ndarray:
    return np.sin(np.arange(count) / 4)
