"""GATEWAY_DIALECTS: which topics speak which dialect, and who of ours stands behind a foreign name."""

import json
import tomllib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from gridseal.errors import ConfigError
from gridseal.wire.fields import Slug
from gridseal.wire.units import UNITS, Quantity
from ingestion_gateway.dialects.topics import check_filter, named_by
from ingestion_gateway.dialects.units import ucum

DialectName = Literal[
    "senml",
    "sparkplug-b",
    "shelly-gen2",
    "tasmota",
    "zigbee2mqtt",
    "sinapsi-alfa",
    "cim-rtd",
    "dsmr-p1",
    "ieee2030.5",
    "sunspec",
]
SIGNED: Final = frozenset({"active_power", "reactive_power", "current", "power_factor"})
_NEED_ZONE: Final = frozenset({"tasmota", "dsmr-p1"})
_VARIABLE: Final = "GATEWAY_DIALECTS"


def _topic_filter(wanted: str) -> str:
    fault = check_filter(wanted)
    if fault is not None:
        raise ValueError(fault)
    return wanted


class MetricSetting(BaseModel):
    """What a foreign metric is to us."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quantity: Quantity
    unit: str | None = None
    """UCUM or a usual spelling of it. None: what the payload or the dialect says."""
    sign: Literal[1, -1] | None = None
    """-1 where the device counts as positive what comes out of the grid. None: as the dialect does."""

    @model_validator(mode="after")
    def _check(self) -> "MetricSetting":
        if self.unit is not None and ucum(self.unit) not in UNITS[self.quantity]:
            raise ValueError(f"unit should be one of {', '.join(list(UNITS[self.quantity])[:7])} for {self.quantity}")
        if self.sign is not None and self.quantity not in SIGNED:
            raise ValueError(f"sign is only for {', '.join(sorted(SIGNED))}")
        return self


class Entry(BaseModel):
    """One element of GATEWAY_DIALECTS."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    filter: Annotated[str, AfterValidator(_topic_filter)]
    dialect: DialectName
    tenant: Slug
    site: Slug
    devices: dict[str, Slug] = Field(min_length=1)
    """Foreign name (from the topic; ``name#part`` for a part of the payload) → device id."""
    metrics: dict[str, MetricSetting | None] = {}
    """Foreign metric → what it is to us; null switches a metric of the dialect off."""
    sample_period_s: int = Field(default=60, ge=1, le=86_400)
    """How often the device speaks: a sample stands for the whole period before it."""
    time_zone: str | None = None
    """IANA name, for dialects whose clocks are local."""
    rebirths_per_minute: int = Field(default=6, ge=1, le=60)
    """Sparkplug B: how often at most one edge node is asked for a birth."""

    @model_validator(mode="after")
    def _check(self) -> "Entry":
        if 86_400 % self.sample_period_s:
            raise ValueError("sample_period_s should divide a day (86400 s)")
        if self.dialect in _NEED_ZONE and self.time_zone is None:
            raise ValueError(f"time_zone should be the IANA zone of the devices' clocks: {self.dialect} has local time")
        if self.dialect == "sparkplug-b" and not self.filter.startswith("spBv1.0/"):
            raise ValueError("filter should begin with spBv1.0/ for sparkplug-b")
        if self.dialect == "sparkplug-b" and not all(name.count("/") in (1, 2) for name in self.devices):
            raise ValueError("devices should be named group/node or group/node/device for sparkplug-b")
        try:
            self.zone  # noqa: B018
        except (ValueError, OSError, KeyError) as error:
            raise ValueError("time_zone should be an IANA name such as Europe/Madrid") from error
        return self

    @cached_property
    def zone(self) -> ZoneInfo:
        """The devices' time zone; UTC where none is given."""
        return ZoneInfo(self.time_zone or "UTC")

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """The filter, split."""
        return tuple(self.filter.split("/"))

    def foreign_name(self, topic: str) -> str | None:
        """The foreign device that a topic names; None when the topic is not of this entry."""
        return named_by(self.levels, topic)


def read_entries(setting: str) -> tuple[Entry, ...]:
    """Read GATEWAY_DIALECTS: a JSON list, or the path of a TOML, YAML or JSON file with one.

    Raises:
        ConfigError: Says which entry is wrong, and what it should be.
    """
    text = setting.strip()
    if not text:
        return ()
    content = _parse_json(text, "it") if text.startswith("[") else _read_file(Path(text))
    if isinstance(content, Mapping):
        content = content.get("dialects")
    if not isinstance(content, list):
        raise ConfigError(f"{_VARIABLE} should be a list of entries, or a file with a list named dialects")
    entries = tuple(_entry(number, item) for number, item in enumerate(content))
    filters = [entry.filter for entry in entries]
    for number, wanted in enumerate(filters):
        if wanted in filters[:number]:
            raise ConfigError(f"{_VARIABLE}[{number}].filter stands twice: one topic filter, one dialect")
    return entries


def _read_file(path: Path) -> Any:
    try:
        text = path.read_text()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{_VARIABLE} should be a JSON list or a readable file: {path} is neither") from error
    try:
        if path.suffix == ".toml":
            return tomllib.loads(text)
        if path.suffix in (".yaml", ".yml"):
            return yaml.safe_load(text)
    except (tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{_VARIABLE}: {path} cannot be read: {error}") from error
    return _parse_json(text, str(path))


def _parse_json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{_VARIABLE}: {what} should be JSON: {error}") from error


def _entry(number: int, item: Any) -> Entry:
    try:
        return Entry.model_validate(item)
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f".{part}" for part in first["loc"])
        says = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{_VARIABLE}[{number}]{place}: {says}") from error
