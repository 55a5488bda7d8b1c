"""Homes with a meter and PV each, the region they make, and pasts and forecasts of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import numpy as np

from forecast_service.ports import Floats, QuantileForecast, SeriesHistory
from gridseal.wire.catalog import Series, SeriesInput, SeriesKind

SLOT = datetime(2026, 6, 1, 12, tzinfo=UTC)
SLOT_S = int(SLOT.timestamp())
LEVELS = (500, 1_000, 2_500, 5_000, 7_500, 9_000, 9_500)


def a_sum(series_id: str, inputs: Sequence[tuple[str, Literal[1, -1]]], kind: SeriesKind = "home_net") -> Series:
    return Series.model_validate(
        {
            "tenant_id": "demo", "series_id": series_id, "site_id": series_id.split("/")[0], "name": series_id,
            "kind": kind, "unit": "W", "resolution_s": 3_600, "issue_every_s": 3_600,
            "direction": "from_grid" if kind == "home_load" else "into_grid",
            "inputs": tuple(SeriesInput(device_id=d, quantity="active_power", sign=s) for d, s in inputs),
        }
    )  # fmt: skip


def a_fleet(homes: int) -> list[Series]:
    out: list[Series] = []
    for n in range(1, homes + 1):
        meter, pv = f"home-{n}-meter", f"home-{n}-pv"
        out += [
            a_sum(f"home-{n}/load", [(meter, -1)], "home_load"),
            a_sum(f"home-{n}/pv", [(pv, 1)], "home_pv"),
            a_sum(f"home-{n}/net", [(meter, 1), (pv, 1)]),
        ]
    every: list[tuple[str, Literal[1, -1]]] = [
        (f"home-{n}-{part}", 1) for n in range(1, homes + 1) for part in ("meter", "pv")
    ]
    out += [a_sum("region/net", every), a_sum("region/pv", [e for e in every if e[0].endswith("pv")], "home_pv")]
    return out


def some_past(series: Sequence[Series], days: int, seed: int = 1) -> dict[str, Floats]:
    """Values over whole days that add up; homes share their weather and go to bed at their own times."""
    rng, hour = np.random.default_rng(seed), (np.arange(24 * days) + 12) % 24
    sun = np.maximum(np.sin((hour - 6) / 12 * np.pi), 0).round(6) * np.repeat(rng.uniform(0.2, 1, days), 24)
    devices: dict[str, Floats] = {}
    for one in series:
        for source in one.inputs:
            if source.device_id not in devices:
                noise = rng.gamma(2, 200, 24 * days)
                devices[source.device_id] = 4_000 * sun if "pv" in source.device_id else -(300 + noise)
    return {s.series_id: sum_of(s, devices) for s in series}


def sum_of(series: Series, devices: dict[str, Floats]) -> Floats:
    return np.asarray(sum(source.sign * devices[source.device_id] for source in series.inputs))


def histories(series: Sequence[Series], past: dict[str, Floats]) -> list[SeriesHistory]:
    start = SLOT_S - 3_600 * len(next(iter(past.values())))
    return [SeriesHistory(s, start, past[s.series_id]) for s in series]


def forecasts(series: Sequence[Series], past: dict[str, Floats], hours: int = 6) -> list[QuantileForecast]:
    """Quantiles of each hour of the day over the past: each series for itself, so they do not add up."""
    out = []
    for s in series:
        by_hour = past[s.series_id].reshape(-1, 24)
        at = [(13 + h - 12) % 24 for h in range(hours)]  # the past begins at 12:00
        values = np.quantile(by_hour[:, at], [b / 10_000 for b in LEVELS], axis=0).T
        out.append(
            QuantileForecast(s.series_id, SLOT_S + 3_600, np.rint(values * 1_000).astype(np.int64), "lstm", 1, 0)
        )
    return out
