"""The table says what it means, or is refused with the entry and the field."""

from pathlib import Path

import numpy as np
import pytest

from gridseal.errors import ConfigError
from gridseal.wire.units import BASE_UNITS
from streaming_processor.quality.apply import limits_of
from streaming_processor.quality.rules import packaged_rules, read_rules
from streaming_processor.quantities import STORED

from ..builders import a_reference, an_asset

_RULE = """
[[rule]]
name = "range"
version = 1
kind = "range"
effect = "refuse"
severity = "warning"
title = "t"
advice = "a"
on = [{ quantity = "active_power", low = -1, high = 1 }]
"""


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("low = -1, ", "low = -1, lowest = 3, ", "lowest"),
        ("low = -1, ", "", "low"),
        ('kind = "range"', 'kind = "rang"', "unknown kind"),
        ('effect = "refuse"', 'effect = "drop"', "effect"),
        ('severity = "warning"', 'severity = "loud"', "severity"),
        ('quantity = "active_power"', 'quantity = "power"', "power"),
        ('quantity = "active_power"', 'quantity = "active_power", class = "windy"', "windy"),
        ('quantity = "active_power"', 'quantity = "active_power", scale = "huge"', "scale"),
        ("version = 1", "version = 0", "version"),
        ("version = 1", 'version = 1\ncolor = "red"', "color"),
        ("low = -1", 'low = "-1"', "numbers"),
        ("[[rule]]", "[[rules]]", "rules"),
        ("low = -1", "low = ", "cannot be read"),
    ],
)
def test_a_table_that_says_something_unknown_is_refused(tmp_path: Path, before: str, after: str, said: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(_RULE.replace(before, after, 1))

    with pytest.raises(ConfigError, match=said):
        read_rules(path)


def test_two_rules_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(_RULE + _RULE)

    with pytest.raises(ConfigError, match="twice"):
        read_rules(path)


def test_every_quantity_has_a_range_in_the_packaged_table() -> None:
    limits = packaged_rules().rules["range"].limits

    assert [q for i, q in enumerate(STORED) if np.isnan(limits["low"][:, :, i]).any()] == []
    assert list(BASE_UNITS) == list(STORED)


def test_a_later_entry_wins_and_a_rule_can_name_classes_and_scales() -> None:
    reference = a_reference(
        an_asset("large", rating_w=200_000_000, telemetry_class="meter"), an_asset("small", rating_w=5_000)
    )
    stuck = packaged_rules().rules["stuck"]
    sources = np.array([reference.source(d, "active_power") for d in ("large", "small")])

    assert limits_of(stuck, reference, sources)["after"].tolist() == [3, 12]
