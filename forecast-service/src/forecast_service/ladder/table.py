"""The figures of every rung, as rows and as text. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecast_service.backtest.ports import Floats
from forecast_service.backtest.rolling import Plan, before_test
from forecast_service.backtest.scores import figures_of, parts_of, yardstick
from forecast_service.ladder.measure import RUNGS

SHOWN = ("rcrps", "rmae", "coverage80", "coverage90", "width80", "crossings")


@dataclass(frozen=True, slots=True)
class Rung:
    """One line of the table: means over the series."""

    rung: int
    figures: Mapping[str, float]
    against_analogues: float
    """rCRPS in relation to rung 3, minus 1: below 0 is better."""

    @property
    def name(self) -> str:
        """What is switched off."""
        return RUNGS[self.rung]


def rungs_of(made: Plan, forecasts: Mapping[int, Floats]) -> list[Rung]:
    """Score each rung on the outcomes of the plan."""
    figures = {rung: _mean_figures(made, quantiles) for rung, quantiles in forecasts.items()}
    base = figures[3]["rcrps"]
    return [Rung(rung, own, own["rcrps"] / base - 1) for rung, own in sorted(figures.items())]


def _mean_figures(made: Plan, quantiles: Floats) -> dict[str, float]:
    levels, before = made.part.task.levels_bps, before_test(made)
    every: list[Mapping[str, Floats]] = []
    for s, series in enumerate(made.series):
        measure = yardstick(made.outcomes[s], before[series.series_id])
        parts = parts_of(made.outcomes[s], quantiles[s], levels, measure)
        every.append(figures_of(parts.sum(axis=0), levels, measure))
    return {name: float(np.mean([one[name] for one in every])) for name in every[0]}


def text_of(title: str, rungs: Sequence[Rung]) -> str:
    """The table as it is printed."""
    head = f"{'rung':<32}" + "".join(f"{name:>12}" for name in SHOWN) + f"{'vs rung 3':>12}"
    lines = [
        f"{r.rung} {r.name:<30}" + "".join(f"{r.figures[n]:>12.4f}" for n in SHOWN) + f"{r.against_analogues:>+12.1%}"
        for r in rungs
    ]
    return "\n".join([title, head, *lines])
