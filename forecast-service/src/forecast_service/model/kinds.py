"""What the models know about each kind of series."""

from typing import Literal

from gridseal.wire.catalog import SeriesKind

Reference = Literal["last", "index", "anomaly"]
"""``last``: the newest value. ``index``: half clear-sky index times envelope, half 7-day mean.
``anomaly``: 7-day mean plus the share of the newest deviation from it that survives to the lead."""

LEARNED: tuple[SeriesKind, ...] = ("wind", "pv", "home_load", "home_pv", "home_net", "household")
"""Order of the one-hot input: append only, an artifact depends on it."""

SOLAR = frozenset({"pv", "home_pv"})
LOADS = frozenset({"home_load", "home_net", "household"})

REFERENCE: dict[str, Reference] = {
    "wind": "last",
    "pv": "index",
    "home_load": "anomaly",
    "home_pv": "anomaly",
    "home_net": "anomaly",
    "household": "anomaly",
}

SHARE: dict[str, float] = {
    "wind": 0.67,
    "pv": 0.33,
    "home_load": 0.30,
    "home_pv": 0.35,
    "home_net": 0.25,
    "household": 0.10,
}
"""Share of the training samples among the kinds of one resolution."""

COLUMN_DROP: dict[str, float] = {"home_load": 0.03, "home_net": 0.03, "household": 0.03}
"""Chance that a decoder column is blanked in training; ``DEFAULT_DROP`` elsewhere. Without it the
lags of wind and solar are a fingerprint of the day and the net learns days by heart."""
DEFAULT_DROP = 0.20

TreeBlock = Literal["lags", "rough", "same_time", "group", "clear_sky"]
TREE_BLOCKS: dict[str, tuple[TreeBlock, ...]] = {
    "wind": ("lags", "rough", "group"),
    "pv": ("rough", "clear_sky"),
    "home_load": ("lags", "rough", "same_time", "group"),
    "home_pv": ("lags", "rough", "same_time", "group", "clear_sky"),
    "home_net": ("lags", "rough", "same_time", "group"),
    "household": (),
}
"""What the trees of a kind see beside the network's inputs. More was tried on two test months: what
marks a single day (wind's lags of days, a lone household's weeks) is learned by heart and costs."""
