"""Say what happens while it happens: milestones once, a line of figures now and then."""

import time
from dataclasses import dataclass, field

from rich.console import Console

from local_stack.report.figures import Figures

LINE_EVERY_S = 15.0
ON_THE_WAY = 100
"""Readings that a live stream may have between device and store at any moment."""


@dataclass
class Progress:
    """Prints what is new since the last look. Seconds count from ``began``."""

    console: Console
    began: float
    milestones: dict[str, float] = field(default_factory=dict)
    backfill_readings_per_s: float | None = None
    """Device to store, from the first look that saw readings to the one that saw all of them stored."""
    _next_line: float = 0.0
    _first: tuple[float, int] | None = None

    def milestone(self, name: str) -> None:
        """Note when something was first seen."""
        if name not in self.milestones:
            self.milestones[name] = time.time() - self.began
            self.console.print(f"[{self.milestones[name]:5.0f} s] {name}", style="bold", highlight=False, markup=False)

    def _time_backfill(self, figures: Figures) -> None:
        flow, now = figures.flow, time.time()
        if flow is None or ("back-fill done" in self.milestones and self.backfill_readings_per_s):
            return
        if self._first is None:
            self._first = (now, flow.readings_stored)
        began, stored = self._first
        if "back-fill done" in self.milestones and flow.readings_stored - stored > ON_THE_WAY:
            self.backfill_readings_per_s = (flow.readings_stored - stored) / (now - began)

    def show(self, figures: Figures) -> None:
        """Milestones that ``figures`` reach, and every few seconds one line."""
        flow, seals = figures.flow, figures.seals
        if flow is not None and flow.readings_stored:
            self.milestone("first reading stored")
        if flow is not None and flow.caught_up and flow.readings_lost <= ON_THE_WAY:
            self.milestone("back-fill done")
        self._time_backfill(figures)
        if seals is not None and seals.runs_issued:
            self.milestone("first forecast issued")
        if seals is not None and seals.verified:
            self.milestone("first forecast sealed and verified")
        if figures.rounds is not None and figures.rounds.settled:
            self.milestone("first round settled on the chain")
        if figures.training is not None:
            self.milestone("first training job ended")
        if figures.champion is not None:
            self.milestone("champion serves")
        if time.time() >= self._next_line:
            self._next_line = time.time() + LINE_EVERY_S
            self.console.print(_line(figures), highlight=False, markup=False)


def _line(figures: Figures) -> str:
    parts = [f"[{figures.elapsed_s:5.0f} s]"]
    if figures.flow is not None:
        flow = figures.flow
        parts.append(f"{flow.readings_stored:,} of {flow.readings_sent:,} readings stored")
        if flow.p50_ms is not None and flow.p99_ms is not None:
            parts.append(f"device → queryable {flow.p50_ms:.0f}/{flow.p99_ms:.0f} ms")
    if figures.seals is not None:
        seals = figures.seals
        parts.append(f"{seals.runs_issued} runs issued, {seals.runs_mined} sealed, {seals.runs_late} late")
        parts.append(f"{sum(seals.verified.values())} verified")
    if figures.silent:
        parts.append("waiting for " + ", ".join(text.split(":")[0] for text in figures.silent))
    return " · ".join(parts)
