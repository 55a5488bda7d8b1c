"""What a measurement comes to, and how a group of them is shown and kept."""

import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Figure:
    """One number, beside the peer's from the same run where there is one."""

    name: str
    """As the issue names it: ``gateway_throughput_msgs_per_s``."""
    value: float
    unit: str
    better: Literal["more", "less"]
    goal: float | None = None
    peer: str = ""
    peer_value: float | None = None
    runs: int = 1
    """How many runs the value is the median of."""

    @property
    def ratio(self) -> float | None:
        """Ours to the peer's; above 1 is better where more is better, below 1 where less is."""
        return None if not self.peer_value else self.value / self.peer_value

    @property
    def reached(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.better == "more" else self.value <= self.goal


def row(figure: Figure) -> str:
    """One line of the table."""
    goal = "" if figure.goal is None else f"{'≥' if figure.better == 'more' else '≤'} {figure.goal:,.6g}"
    mark = {None: " ", True: "✓", False: "✗"}[figure.reached]
    peer = "" if figure.peer_value is None else f"{figure.peer} {figure.peer_value:,.6g}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}×"
    return f"{figure.name:<44} {figure.value:>14,.6g} {figure.unit:<10} {goal:>14} {mark}  {ratio:>8}  {peer}"


def keep(group: str, figures: Iterable[Figure]) -> Path:
    """Write ``.local/bench/<group>.jsonl``, one object per figure; figures that were not measured now stay."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    path = ROOT / ".local" / "bench" / f"{group}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {row["name"]: row for row in map(json.loads, path.read_text().splitlines())} if path.exists() else {}
    for figure in figures:
        extra = {"ratio": figure.ratio, "load_average": os.getloadavg()[0], "commit": commit.stdout.strip()}
        kept[figure.name] = asdict(figure) | extra
    path.write_text("".join(json.dumps(row) + "\n" for row in kept.values()))
    return path
