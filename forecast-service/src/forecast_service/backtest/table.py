"""From a Parquet or CSV file to series on a regular grid. Says what is wrong with a file, and where."""

from pathlib import Path

import numpy as np
import pandas as pd

from forecast_service.backtest.config import Part, Source
from forecast_service.backtest.ports import Floats, TableSeries
from gridseal.errors import ConfigError

READERS = {".parquet": pd.read_parquet, ".csv": pd.read_csv, ".gz": pd.read_csv}


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
    frame["__start"] = _starts(frame[source.period_start], source, path)
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
        frame: pd.DataFrame = reader(path)
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


def _starts(stamps: "pd.Series[object]", source: Source, path: Path) -> "pd.Series[int]":
    """Unix seconds."""
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
    if read.dt.tz is None:
        read = _localized(read, source, path)
    return read.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[s]").astype(np.int64)


def _localized(read: "pd.Series[pd.Timestamp]", source: Source, path: Path) -> "pd.Series[pd.Timestamp]":
    """Wall-clock stamps in their zone: the first of a doubled hour is summer time, an impossible one an error."""
    by = [read, *([] if source.series is None else [])]
    again = read.groupby(by).cumcount() if source.series is None else None
    summer = np.ones(len(read), dtype=bool) if again is None else (again == 0).to_numpy()
    try:
        return read.dt.tz_localize(source.stamps, ambiguous=summer)
    except ValueError as error:
        raise ConfigError(f"{path}: column {source.period_start} read in {source.stamps}: {error}") from None


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
            raise ConfigError(f"{path}: series {name}: column {label} holds {int(words.sum())} values that are no numbers")
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
