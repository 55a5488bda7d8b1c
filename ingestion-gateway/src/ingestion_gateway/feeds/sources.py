"""Sources: which provider feeds which series, as YAML records.

A further region of a known provider is one more record; a further provider is one more file with ``make``,
named by ``feed``: a module of ``ingestion_gateway.feeds.providers``, or a dotted path of your own.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gridseal.errors import ConfigError
from gridseal.wire.fields import SeriesId, Slug

CATALOG: Final = Path(__file__).with_name("catalog")
HOUR_S: Final = 3_600
DAY_S: Final = 86_400


class Source(BaseModel):
    """One thing to pull. Spans are in seconds of domain time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_id: Slug
    feed: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_.]*$")]
    region_id: Slug
    series_id: SeriesId | None = None
    """What demand and prices are for; weather is for ``region_id``."""
    code: str = ""
    """The provider's name of it."""
    content: Annotated[str, Field(pattern=r"^[a-z_]+$")] = "actual"
    """``actual``, ``day_ahead_forecast``, ``price``; of weather ``archive``, ``forecast``, ``nowcast``."""
    latitude: float | None = None
    longitude: float | None = None
    timezone: str = "UTC"
    every_s: int = Field(default=HOUR_S, ge=60)
    """How often a live pull is made."""
    look_back_s: int = Field(default=7 * DAY_S, ge=0)
    """How far behind the cursor each live pull begins: that is how corrections are seen."""
    look_ahead_s: int = Field(default=0, ge=0)
    """How far beyond now it reaches: prices and forecasts of tomorrow."""
    chunk_s: int = Field(default=30 * DAY_S, ge=HOUR_S)
    """Longest span of one request."""
    fresh_s: int = Field(default=2 * DAY_S, ge=60)
    """Older than this the newest value counts as stale."""
    history: bool = True
    """Whether a back-fill makes sense: a forecast of yesterday cannot be asked for any more."""
    options: dict[str, str] = Field(default_factory=dict)
    """What only this provider knows."""

    @property
    def series(self) -> str:
        """The series it feeds.

        Raises:
            ConfigError: The record names none.
        """
        if self.series_id is None:
            raise ConfigError(f"source {self.source_id} has no series_id: say what its values are for")
        return self.series_id

    @property
    def place(self) -> tuple[float, float]:
        """Latitude and longitude.

        Raises:
            ConfigError: The record names none.
        """
        if self.latitude is None or self.longitude is None:
            raise ConfigError(f"source {self.source_id} has no latitude and longitude")
        return self.latitude, self.longitude


def load_sources(folders: Iterable[Path] = (CATALOG,), only: Iterable[str] = ()) -> tuple[Source, ...]:
    """Every record of every ``*.yaml`` in the folders, by id.

    Args:
        folders: Where to look.
        only: Source ids or names of files (without ``.yaml``) to keep; empty: all.

    Raises:
        ConfigError: A file that cannot be read, a record that does not fit, an id twice, a name in ``only`` of nothing.
    """
    found: dict[str, tuple[str, Source]] = {}
    for path in (p for folder in folders for p in sorted(folder.glob("*.yaml"))):
        for source in _records(path):
            if source.source_id in found:
                raise ConfigError(f"{path.name}: source {source.source_id} is there twice")
            found[source.source_id] = (path.stem, source)
    wanted = set(only)
    known = {stem for stem, _ in found.values()} | set(found)
    if wanted - known:
        raise ConfigError(f"FEEDS_ONLY names {min(wanted - known)}, there are {', '.join(sorted(known))}")
    return tuple(s for name, (stem, s) in sorted(found.items()) if not wanted or name in wanted or stem in wanted)


def _records(path: Path) -> list[Source]:
    try:
        content: Any = yaml.safe_load(path.read_text())
        return [Source.model_validate(each) for each in content["sources"]]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise ConfigError(f"{path.name} cannot be read as sources: {type(error).__name__}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{path.name}: {where or 'a record'} is wrong: {first['msg']}") from error
