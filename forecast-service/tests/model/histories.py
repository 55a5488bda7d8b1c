"""Histories that look enough like the real thing to test with. Synthetic: never in a product path."""

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np

from forecast_service.model.grid import DAY_S, Floats
from forecast_service.ports import SeriesHistory
from gridseal.wire.catalog import Series, SeriesInput, SeriesKind

START = datetime(2025, 1, 6, tzinfo=UTC)


def a_series(kind: SeriesKind = "home_load", name: str = "load", site: str = "home-01") -> Series:
    quarter_hourly = kind in ("wind", "pv")
    return Series(
        tenant_id="demo",
        series_id=f"{site}/{name}",
        site_id=site,
        name=name,
        kind=kind,
        unit="W",
        resolution_s=900 if quarter_hourly else 3600,
        issue_every_s={"wind": 1800, "pv": 900}.get(kind, 3600),
        direction="into_grid",
        inputs=(SeriesInput(device_id="a-device", quantity="active_power"),),
        capacity_w=10_000 if kind in ("wind", "pv", "home_pv") else None,
    )


def a_shape(kind: SeriesKind, hours: Floats, random: np.random.Generator) -> Floats:
    """A daily course with a random level that lasts for hours, W."""
    steps = len(hours)
    slow = np.zeros(steps)
    noise = random.normal(size=steps)
    keep = 0.95
    for k in range(1, steps):
        slow[k] = keep * slow[k - 1] + np.sqrt(1 - keep**2) * noise[k]
    sun = np.maximum(np.sin((hours % 24 - 6) / 12 * np.pi), 0)
    if kind == "wind":
        return np.clip(4_000 + 3_000 * slow, -50, 10_000)
    if kind in ("pv", "home_pv"):
        return 8_000 * sun * np.clip(0.7 + 0.25 * slow, 0.05, 1)
    load = 900 + 500 * np.sin((hours % 24 - 9) / 12 * np.pi) + 300 * slow + 80 * random.normal(size=steps)
    if kind == "home_net":
        return 3_000 * sun * np.clip(0.7 + 0.25 * slow, 0.05, 1) - np.maximum(load, 50)
    return np.maximum(load, 50)


def a_history(
    kind: SeriesKind = "home_load",
    *,
    days: int = 60,
    seed: int = 0,
    name: str | None = None,
    site: str = "home-01",
    holes: Iterable[int] = (),
) -> SeriesHistory:
    series = a_series(kind, name or kind.replace("_", "-"), site)
    steps = days * DAY_S // series.resolution_s
    hours = np.arange(steps) * series.resolution_s / 3600
    values = np.round(a_shape(kind, hours, np.random.default_rng(seed)), 3)
    values[list(holes)] = np.nan
    return SeriesHistory(series=series, start_s=int(START.timestamp()), values=values)
