"""From a Parquet or CSV file to series on a regular grid. Says what is wrong with a file, and where."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from forecast_service.backtest.config import Part, Source
from forecast_service.backtest.ports import Floats, TableSeries
from gridseal.errors import ConfigError

READERS: Mapping[str, Callable[[Path], pd.DataFrame]] = {
    ".parquet": pd.read_parquet,
    ".csv": pd.read_csv,
    ".gz": pd.read_csv,
}


def load_series(part: Part, folders: tuple[Path, ...]) -> list[TableSeries]:
    """Every series of one part, in the order of their ids.

    Args:
        part: Says which file and columns.
        folders: Where a relative path is looked for, first hit wins.

    Raises:
        ConfigError: The file, a column, a stamp or a value is not what the config says; the text names it.
    """
    source = part.source
    path = _found(source.path, folders)
    frame = _read(path, source)
    frame["__start"] = _starts(frame, part, path)
    frame = frame[frame["__start"].notna()].astype({"__start": np.int64})
    ids = frame[source.series].astype(str) if source.series else pd.Series("all", index=frame.index)
    missing = sorted(set(source.keep) - set(ids))
    if missing:
        raise ConfigError(f"{path}: no series {', '.join(missing)} in column {source.series}")
    wanted = sorted(set(source.keep) or set(ids.dropna()))
    return [_series(frame[ids == name], name, part, path) for name in wanted]


def _found(name: str, folders: tuple[Path, ...]) -> Path:
    tried = [Path(name)] if Path(name).is_absolute() else [folder / name for folder in folders]
    for path in tried:
        if path.is_file():
            return path
    raise ConfigError(f"source.path: no file {' or '.join(str(p) for p in tried)}")


def _read(path: Path, source: Source) -> pd.DataFrame:
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ConfigError(f"{path}: a Parquet or CSV file is expected (.parquet, .csv, .csv.gz)")
    try:
        frame = reader(path)
    except Exception as error:  # the readers raise a dozen kinds; any of them means the same to the reader
        raise ConfigError(f"{path}: cannot be read as {path.suffix[1:]}: {error}") from error
    if isinstance(frame.index, pd.DatetimeIndex) and frame.index.name and frame.index.name not in frame:
        frame = frame.reset_index()
    if frame.empty:
        raise ConfigError(f"{path}: no rows")
    used = [source.period_start, source.target, *([source.series] if source.series else [])]
    absent = [c for c in (*used, *source.past, *source.future) if c not in frame]
    if absent:
        raise ConfigError(f"{path}: no column {', '.join(absent)}; it has {', '.join(map(str, frame.columns))}")
    twice = [c for c in (*source.past, *source.future) if c == source.target]
    if twice:
        raise ConfigError(f"{path}: {twice[0]} is the target; it cannot also be a past or future column")
    return frame


def _starts(frame: pd.DataFrame, part: Part, path: Path) -> "pd.Series[float]":
    """Unix seconds; NaN for a row that is to be dropped."""
    source = part.source
    stamps = frame[source.period_start]
    if pd.api.types.is_numeric_dtype(stamps):
        raise ConfigError(
            f"{path}: column {source.period_start} holds numbers; times such as 2024-01-31 06:00 are expected"
        )
    try:
        read = pd.to_datetime(stamps, utc=False)
    except (ValueError, TypeError):
        try:  # mixed offsets, as a zone with summer time writes them
            read = pd.to_datetime(stamps, utc=True)
        except (ValueError, TypeError) as error:
            raise ConfigError(f"{path}: column {source.period_start} does not hold times: {error}") from None
    if not pd.api.types.is_datetime64_any_dtype(read) or read.isna().any():
        bad = int(pd.isna(read).sum())
        raise ConfigError(f"{path}: column {source.period_start} holds {bad or 'only'} rows that are no times")
    if source.stamp == "end":
        read = read - pd.Timedelta(seconds=part.resolution)
    if read.dt.tz is None:
        read = _localized(read, frame, source, path)
    seconds = read.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[s]").astype(np.int64).astype(float)
    return seconds.where(read.notna())


def _localized(
    read: "pd.Series[pd.Timestamp]", frame: pd.DataFrame, source: Source, path: Path
) -> "pd.Series[pd.Timestamp]":
    """Wall-clock stamps in their zone: of a doubled hour the first is summer time, an impossible one is NaT."""
    by = [read] if source.series is None else [read, frame[source.series]]
    summer = (read.groupby(by, observed=True).cumcount() == 0).to_numpy()
    local: pd.Series[pd.Timestamp] = read.dt.tz_localize(source.stamps, ambiguous=summer, nonexistent="NaT")
    if local.isna().any() and source.impossible == "refuse":
        first = read[local.isna()].iloc[0]
        raise ConfigError(
            f"{path}: column {source.period_start}: {int(local.isna().sum())} stamps do not exist on a clock in "
            f"{source.stamps}, first {first}: check source.stamps, or say source.impossible: drop"
        )
    return local


def _series(rows: pd.DataFrame, name: str, part: Part, path: Path) -> TableSeries:
    source, step = part.source, part.resolution
    start = rows["__start"].to_numpy()
    first = int(start.min())
    at = (start - first) // step
    off = np.flatnonzero((start - first) % step)
    if len(off):
        stamp = pd.Timestamp(int(start[off[0]]), unit="s", tz="UTC")
        raise ConfigError(
            f"{path}: series {name}: {len(off)} rows are not on the grid of {step // 60} min that starts at "
            f"{pd.Timestamp(first, unit='s', tz='UTC')}, first {stamp}: check resolution"
        )
    unique, count = np.unique(at, return_counts=True)
    if (count > 1).any():
        stamp = pd.Timestamp(int(first + unique[count > 1][0] * step), unit="s", tz="UTC")
        raise ConfigError(
            f"{path}: series {name}: {int((count > 1).sum())} periods occur more than once, first {stamp}: "
            "name the column that tells series apart (source.series), or the zone of the stamps (source.stamps)"
        )

    def column(label: str) -> Floats:
        values = pd.to_numeric(rows[label], errors="coerce")
        words = values.isna() & rows[label].notna()
        if words.any():
            many = int(words.sum())
            raise ConfigError(f"{path}: series {name}: column {label} holds {many} values that are no numbers")
        out = np.full(int(at.max()) + 1, np.nan)
        out[at] = values.to_numpy(dtype=np.float64)
        out[~np.isfinite(out)] = np.nan
        return out

    target = source.sign * column(source.target)
    if not np.isfinite(target).any():
        raise ConfigError(f"{path}: series {name}: column {source.target} holds no value")
    return TableSeries(
        series_id=name,
        start_s=first,
        resolution_s=step,
        target=target,
        past={c: column(c) for c in source.past},
        future={c: column(c) for c in source.future},
        zone=part.calendar.zone,
        country=part.calendar.country,
        subdivision=part.calendar.subdivision,
        kind=part.kind,
    )
