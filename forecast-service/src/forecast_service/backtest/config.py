"""A backtest as a person writes it: one YAML file, checked before anything is read or computed."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import yaml
from cronsim import CronSim, CronSimError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from forecast_service.backtest.ports import Task
from forecast_service.backtest.scores import OuterWeight
from forecast_service.model.levels import SITE_LEVELS_BPS
from gridseal.errors import ConfigError

Weather = Literal["forecast", "oracle"]
_UNITS_S = {"min": 60, "h": 3_600, "d": 86_400}


def _duration(value: object) -> object:
    """Seconds from ``15min``, ``1h`` or ``7d``."""
    found = re.fullmatch(r"(\d+)\s*(min|h|d)", str(value).strip())
    if found is None:
        raise ValueError("a duration is a whole number and min, h or d, as in 30min")
    return int(found[1]) * _UNITS_S[found[2]]


def _moment(value: object) -> object:
    """An ISO date or time; without a zone it is UTC."""
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _zone(value: object) -> object:
    try:
        ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):
        raise ValueError("not an IANA time zone, as Europe/Amsterdam") from None
    return value


Duration = Annotated[int, BeforeValidator(_duration), Field(gt=0)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Zone = Annotated[str, BeforeValidator(_zone)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """Which file, and which column is what."""

    path: str
    """Parquet or CSV; relative to this file, or to the data directory that the command is given."""
    period_start: str
    target: str
    series: str | None = None
    """Column that tells series apart; without it the file is one series."""
    keep: tuple[str, ...] = ()
    """Only these series; all when empty."""
    stamps: Zone = "UTC"
    """Zone of stamps that carry none. A doubled autumn hour is read in file order."""
    stamp: Literal["start", "end"] = "start"
    """Whether the stamp names the start of the period or its end."""
    impossible: Literal["refuse", "drop"] = "refuse"
    """What to do with rows in the hour that the spring change skips."""
    past: tuple[str, ...] = ()
    future: Mapping[str, Weather] = Field(default_factory=dict)
    """Columns known ahead: ``forecast`` as issued in time, ``oracle`` measured later (an upper bound)."""
    sign: Literal[1, -1] = 1
    """-1 where the file counts generation as negative."""


class Calendar(_Strict):
    """For local hours and public holidays."""

    zone: Zone = "UTC"
    country: str | None = None
    subdivision: str | None = None


class Issue(_Strict):
    """When forecasts are made: a cron rule in a zone, or every so many periods."""

    cron: str | None = None
    zone: Zone = "UTC"
    every: int | None = Field(default=None, gt=0)
    """Periods."""
    next_day_only: bool = False
    """Score only targets on the local day after the issue."""

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if (self.cron is None) == (self.every is None):
            raise ValueError("give either cron or every")
        if self.cron is not None:
            try:
                CronSim(self.cron, datetime(2020, 1, 1, tzinfo=UTC))
            except CronSimError:
                raise ValueError(f"cron: '{self.cron}' is not a rule of five fields") from None
        return self


class Window(_Strict):
    """First and last moment of the test; targets start in ``[start, end)``."""

    start: Moment
    end: Moment

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.end <= self.start:
            raise ValueError("end is not after start")
        return self


class Scale(_Strict):
    """How the score is normalized."""

    outer: OuterWeight = "unit"
    before: Duration | None = None
    """Take P99 - P1 from this long before the test, instead of from the test itself."""


class Part(_Strict):
    """One table of series with one task. A plain config is one part."""

    name: str
    source: Source
    resolution: Duration
    kind: str = "load"
    calendar: Calendar = Calendar()
    issue: Issue
    first_lead: int | Duration = 0
    """Periods, or a duration, from the issue to the first target period."""
    horizon: int | Duration
    """Periods, or a duration."""
    train_end: Moment
    test: Window
    refit: Duration | None = None
    """Train again this often during the test; never when left out."""
    quantiles: tuple[float, ...] = tuple(b / 10_000 for b in SITE_LEVELS_BPS)
    scale: Scale = Scale()

    @model_validator(mode="before")
    @classmethod
    def _periods(cls, raw: Any) -> Any:
        """Durations of ``first_lead`` and ``horizon`` in periods."""
        if isinstance(raw, dict) and "resolution" in raw:
            raw = dict(raw)
            try:
                step = _duration(raw["resolution"])
            except ValueError:
                return raw  # the field itself says so
            for name in ("first_lead", "horizon"):
                if isinstance(raw.get(name), str) and isinstance(step, int):
                    long = _duration(raw[name])
                    if not isinstance(long, int) or long % step:
                        raise ValueError(f"{name}: {raw[name]} is no whole number of periods of {raw['resolution']}")
                    raw[name] = long // step
        return raw

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if list(self.quantiles) != sorted(set(self.quantiles)) or not all(0 < p < 1 for p in self.quantiles):
            raise ValueError("quantiles: ascending, each once, between 0 and 1")
        if 0.5 not in self.quantiles or len(self.quantiles) < 3:
            raise ValueError("quantiles: at least three, with 0.5 among them")
        if self.horizon < 1:
            raise ValueError("horizon: at least one period")
        if self.train_end > self.test.start:
            raise ValueError("train_end: after the start of the test; a model may not train on what it is tested on")
        return self

    @property
    def task(self) -> Task:
        """What the forecasters are asked."""
        return Task(tuple(round(p * 10_000) for p in self.quantiles), int(self.first_lead), int(self.horizon))

    @property
    def weather(self) -> str:
        """``none``, ``forecast`` or ``oracle``: the most favorable thing known ahead."""
        labels = set(self.source.future.values())
        return "oracle" if "oracle" in labels else "forecast" if labels else "none"


class Backtest(_Strict):
    """A whole set."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str = ""
    note: str = ""
    """Said under the table: provenance, license, what to keep in mind."""
    models: tuple[str, ...]
    champion: Literal["engine", "site"] = "engine"
    """Which of our own models the rows ``champion`` are of: the general one, or that of ``site-6h``."""
    parts: tuple[Part, ...] = Field(min_length=1)

    @property
    def weather(self) -> str:
        """Of the part with the most favorable weather."""
        labels = {part.weather for part in self.parts}
        return "oracle" if "oracle" in labels else "forecast" if "forecast" in labels else "none"


DEFAULT_MODELS = (
    "champion", "persistence", "damped_anomaly", "seasonal_naive", "analogue13", "linear", "lightgbm",
    "lightgbm_tuned", "random_forest",
)  # fmt: skip


def read_config(path: Path) -> Backtest:
    """The set that a file describes. Keys beside ``parts`` hold for every part that does not say otherwise.

    Raises:
        ConfigError: Not readable, not YAML, or a key is missing, unknown or wrong; each is named.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not YAML: {error}") from None
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: a mapping of keys is expected, as in docs/forecasting.md")
    own = {k: raw.pop(k) for k in ("name", "title", "note", "models", "champion") if k in raw}
    parts = raw.pop("parts", None) or [{"name": "all"}]
    if not isinstance(parts, list) or not all(isinstance(p, dict) for p in parts):
        raise ConfigError(f"{path}: parts: a list of mappings is expected")
    try:
        return Backtest.model_validate(
            {"name": path.stem, "models": DEFAULT_MODELS, **own, "parts": [_merged(raw, p) for p in parts]}
        )
    except ValidationError as error:
        raise ConfigError(f"{path}: {_said(error)}") from None


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` on top of ``base``, mapping by mapping; a list or a value replaces."""
    out = dict(base)
    for key, value in over.items():
        old = out.get(key)
        out[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return out


def _said(error: ValidationError) -> str:
    told = []
    found = error.errors()
    # A part that is refused leaves an empty list behind, which is no fault of its own.
    for e in [e for e in found if e["type"] != "too_short"] or found:
        where = ".".join(str(x) for x in e["loc"] if x not in ("parts", 0))
        what = e["msg"].removeprefix("Value error, ")
        text = {"missing": "is missing", "extra_forbidden": "is not a key of a backtest"}.get(e["type"], what)
        told.append(f"{where}: {text}" if where else text)
    return "; ".join(dict.fromkeys(told))
