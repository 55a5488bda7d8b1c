"""The rules, read from ``rules.toml``: what each quantity can be, and when a reading is doubted.

Values in the table are in base units; here, as everywhere behind the stream, in thousandths.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np

from gridseal.errors import ConfigError
from gridseal.wire.alerts import Severity
from gridseal.wire.topics import TELEMETRY_CLASSES
from streaming_processor.arrays import Floats
from streaming_processor.quantities import STORED

Reason = Literal[
    "undecodable",
    "unknown_device",
    "unknown_quantity",
    "unit",
    "period",
    "time",
    "value",
    "device_bad",
    "range",
]
"""Why a reading, or for ``undecodable`` a whole message, is not in ``telemetry.readings``."""
Effect = Literal["refuse", "doubt", "note"]

EARLIEST_S: Final = 946_684_800
"""2000-01-01: a period before it comes from a clock that was never set."""
FUTURE_S: Final = 3_600
"""A period may end at most this long after domain now."""
SYSTEM_RATING_MILLI: Final = 100_000_000_000
"""Devices rated 100 MW or more stand for a region or a substation."""

_MILLI: Final = 1_000
_REQUIRED: Final[dict[str, dict[str, float]]] = {
    "range": {"low": _MILLI, "high": _MILLI},
    "null": {},
    "rating": {"above_share": 1},
    "stuck": {"after": 1},
    "spike": {"times": 1},
    "ramp": {"share": 1},
    "register_back": {"tolerance": _MILLI},
    "time_back": {},
    "conflict": {},
    "gap": {"periods": 1},
    "freshness": {"periods": 1},
    "register_balance": {"share": 1, "at_least_wh": _MILLI},
    "site_balance": {"share": 1, "at_least": _MILLI},
}
"""Parameters of each kind that an entry must name, and the factor to what the code computes with."""
_OPTIONAL: Final[dict[str, dict[str, float]]] = {"spike": {"share": 1, "at_least": _MILLI}}
_SELECTORS: Final = {"quantity", "class", "scale"}
_NAMES: Final = {"site_balance": ("total", "parts")}
_FIELDS: Final = {"name", "version", "kind", "effect", "severity", "title", "advice", "on"}
_PACKAGED: Final = Path(__file__).with_name("rules.toml")


@dataclass(frozen=True, slots=True)
class Balance:
    """A meter, and the meters that should add up to it."""

    total: str
    parts: tuple[str, ...]
    share: float
    at_least: float


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    name: str
    version: int
    kind: str
    effect: Effect
    severity: Severity
    title: str
    advice: str
    limits: dict[str, Floats]
    """Parameter → ``[system scale, telemetry class, stored quantity]``; NaN where the rule does not apply."""
    balances: tuple[Balance, ...]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules, by name. A kind may occur under several names, but for ``range``, which is one."""

    rules: dict[str, Rule]

    def of_kind(self, kind: str) -> tuple[Rule, ...]:
        """The rules of a kind, in the order of the table."""
        return tuple(rule for rule in self.rules.values() if rule.kind == kind)

    def name_of(self, kind: str) -> str | None:
        """The first rule of a kind, None if the table has none."""
        return next((rule.name for rule in self.rules.values() if rule.kind == kind), None)


def read_rules(path: Path) -> RuleSet:
    """Read a table.

    Raises:
        ConfigError: It cannot be read, or says something that no rule knows.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"the quality rules cannot be read from {path.name}: {error}") from error
    if set(table) - {"rule"}:
        raise ConfigError(f"{path.name} has the unknown sections {sorted(set(table) - {'rule'})}: only [[rule]]")
    rules: dict[str, Rule] = {}
    for entry in table.get("rule", []):
        rule = _rule(entry)
        if rule.name in rules:
            raise ConfigError(f"quality rule '{rule.name}' stands in the table twice: give one of them another name")
        rules[rule.name] = rule
    found = RuleSet(rules)
    if len(found.of_kind("range")) != 1:
        raise ConfigError(f"{path.name} must have exactly one rule of kind 'range'")
    return found


@cache
def packaged_rules() -> RuleSet:
    """The table that comes with the service."""
    return read_rules(_PACKAGED)


def _rule(entry: dict[str, Any]) -> Rule:
    name = entry.get("name", "?")
    missing, unknown = _FIELDS - set(entry), set(entry) - _FIELDS
    if missing or unknown:
        raise ConfigError(f"quality rule '{name}' lacks {sorted(missing)} and has the unknown {sorted(unknown)}")
    kind = entry["kind"]
    if kind not in _REQUIRED:
        raise ConfigError(f"quality rule '{name}' is of the unknown kind '{kind}': one of {sorted(_REQUIRED)}")
    for field, allowed in (("effect", get_args(Effect)), ("severity", get_args(Severity))):
        if entry[field] not in allowed:
            raise ConfigError(f"quality rule '{name}' has the {field} '{entry[field]}': one of {list(allowed)}")
    if not isinstance(entry["version"], int) or entry["version"] < 1:
        raise ConfigError(f"quality rule '{name}' needs a whole version from 1 on")
    limits, balances = _limits(name, kind, entry["on"])
    return Rule(
        name, entry["version"], kind, entry["effect"], entry["severity"], entry["title"], entry["advice"],
        limits, balances,
    )  # fmt: skip


def _limits(name: str, kind: str, entries: list[dict[str, Any]]) -> tuple[dict[str, Floats], tuple[Balance, ...]]:
    factors = {"applies": 1.0, **_REQUIRED[kind], **_OPTIONAL.get(kind, {})}
    shape = (2, len(TELEMETRY_CLASSES), len(STORED))
    limits = {parameter: np.full(shape, np.nan) for parameter in factors}
    balances: list[Balance] = []
    for entry in entries:
        allowed = _SELECTORS | set(factors) - {"applies"} | set(_NAMES.get(kind, ()))
        missing = {"quantity", *_REQUIRED[kind], *_NAMES.get(kind, ())} - set(entry)
        if missing or set(entry) - allowed:
            raise ConfigError(
                f"quality rule '{name}', on {entry.get('quantity', '?')}: lacks {sorted(missing)},"
                f" unknown are {sorted(set(entry) - allowed)}"
            )
        numbers = {p: entry[p] for p in factors if p in entry}
        if wrong := [p for p, v in numbers.items() if isinstance(v, bool) or not isinstance(v, int | float)]:
            raise ConfigError(f"quality rule '{name}' needs numbers for {wrong}")
        cells = np.ix_(*_selected(name, entry))
        for parameter in factors:
            limits[parameter][cells] = 1 if parameter == "applies" else numbers.get(parameter, 0) * factors[parameter]
        if kind == "site_balance":
            parts = tuple(map(str, entry["parts"]))
            balances.append(Balance(str(entry["total"]), parts, entry["share"], entry["at_least"] * _MILLI))
    return limits, tuple(balances)


def _selected(name: str, entry: dict[str, Any]) -> tuple[list[int], list[int], list[int]]:
    scales = {"system": [1], "plant": [0], None: [0, 1]}
    if entry.get("scale") not in scales:
        raise ConfigError(f"quality rule '{name}' has the scale '{entry['scale']}': 'system' or 'plant'")
    return (
        scales[entry.get("scale")],
        _positions(name, "class", entry.get("class", "*"), TELEMETRY_CLASSES),
        _positions(name, "quantity", entry["quantity"], STORED),
    )


def _positions(name: str, field: str, wanted: str | list[str], known: tuple[str, ...]) -> list[int]:
    names = list(known) if wanted == "*" else [wanted] if isinstance(wanted, str) else wanted
    if unknown := [each for each in names if each not in known]:
        raise ConfigError(f"quality rule '{name}' has the unknown {field} {unknown}: of {list(known)}")
    return [known.index(each) for each in names]
