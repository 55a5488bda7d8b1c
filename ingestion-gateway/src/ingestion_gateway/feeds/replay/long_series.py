"""Long public series from files, for time-lapses and trainings: days of recordings are too short for either.

A YAML file says which column of which Parquet file stands for which code of which provider. What is read here is
spoken in the words of the providers by ``spoken``; nothing of it is a recorded answer, and the page
``docs/products.md`` says so of every run that uses it. Hourly series only.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gridseal.errors import ConfigError

CATALOG: Final = Path(__file__).with_name("long_series.yaml")
HOUR_S: Final = 3_600


class LongSet(BaseModel):
    """One file, and what its columns are called by the provider."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: Literal["eia", "entsoe", "open-meteo"]
    file: Annotated[str, Field(pattern=r"^[^/]+\.parquet$")]
    time: str
    """Column of stamps, as the provider gives them: of EIA the end of the hour, of the others its start."""
    key: str | None = None
    """Column that tells series apart; without it the file is one series."""
    codes: Mapping[str, str] = Field(default_factory=dict)
    """The provider's code → what stands in that column; without an entry a code stands for itself."""
    values: Mapping[str, str]
    """What the provider calls a content (``D``, ``A16``, ``temperature_2m``) → column."""
    note: str = ""
    """Where it comes from and under which licence."""


@dataclass(frozen=True, slots=True)
class Hours:
    """One series: stamps in seconds, ascending, and a value or none for each content at each of them."""

    stamps_s: Sequence[int]
    values: Mapping[str, Sequence[float | None]]

    def between(self, content: str, begin_s: int, end_s: int) -> list[tuple[int, float | None]]:
        """Stamps in ``[begin_s, end_s)`` with their values."""
        first, last = bisect_left(self.stamps_s, begin_s), bisect_left(self.stamps_s, end_s)
        column = self.values[content]
        return [(self.stamps_s[n], column[n]) for n in range(first, last)]


class LongSeries:
    """What the files of a folder say, read when it is first asked for."""

    def __init__(self, folder: Path, sets: Sequence[LongSet]) -> None:
        self._folder, self._sets = folder, sets
        self._read: dict[str, dict[str, Hours]] = {}

    @classmethod
    def of(cls, folder: Path, catalog: Path = CATALOG) -> "LongSeries":
        """Those of the sets whose file is in the folder.

        Raises:
            ConfigError: The catalog cannot be read, or none of its files is there.
        """
        sets = [each for each in _sets_in(catalog) if (folder / each.file).is_file()]
        if not sets:
            raise ConfigError(f"{folder} has none of the files that {catalog.name} names")
        return cls(folder, sets)

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files that are there."""
        return tuple(each.file for each in self._sets)

    def find(self, provider: str, code: str, content: str) -> Hours | None:
        """The series that a provider would give for a code; none where no file has it."""
        for each in self._sets:
            if each.provider == provider and content in each.values:
                found = self._hours(each).get(each.codes.get(code, code) if each.key else "")
                if found is not None:
                    return found
        return None

    def _hours(self, wanted: LongSet) -> dict[str, Hours]:
        name = f"{wanted.provider}/{wanted.file}"
        if name not in self._read:
            self._read[name] = _hours_of(self._folder / wanted.file, wanted)
        return self._read[name]


def _sets_in(catalog: Path) -> list[LongSet]:
    try:
        content: Any = yaml.safe_load(catalog.read_text())
        return [LongSet.model_validate(each) for each in content["sets"]]
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValidationError) as error:
        raise ConfigError(f"{catalog} cannot be read as long series: {type(error).__name__}") from error


def _hours_of(path: Path, wanted: LongSet) -> dict[str, Hours]:
    names = list(dict.fromkeys([wanted.time, *([wanted.key] if wanted.key else []), *wanted.values.values()]))
    try:
        table = pq.read_table(path, columns=names).sort_by(wanted.time)
    except (OSError, KeyError, pa.ArrowException) as error:
        raise ConfigError(f"{path.name} has not the columns {', '.join(names)}") from error
    if wanted.key is None:
        return {"": _one(table, wanted)}
    keys = pc.cast(table[wanted.key], pa.string())
    return {str(key): _one(table.filter(pc.equal(keys, key)), wanted) for key in pc.unique(keys).to_pylist()}


def _one(table: pa.Table, wanted: LongSet) -> Hours:
    stamps = pc.cast(pc.cast(table[wanted.time], pa.timestamp("s", "UTC"), safe=False), pa.int64()).to_pylist()
    columns = {}
    for content, name in wanted.values.items():
        column = pc.cast(table[name], pa.float64())
        columns[content] = pc.if_else(pc.is_nan(column), None, column).to_pylist()
    return Hours(stamps, columns)
