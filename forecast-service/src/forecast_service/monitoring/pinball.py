"""Scores of one matured forecast. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

LOW_BPS, HIGH_BPS = 500, 9_500


@dataclass(frozen=True, slots=True)
class Score:
    """Losses are divided by the range of the series, so that series of any size compare."""

    level_ratios: tuple[float, ...]
    """Pinball loss of each level."""
    pinball_ratio: float
    """Their mean."""
    covered_90: bool | None
    """Whether the outcome fell between the levels 0.05 and 0.95; none where one of them is not issued."""


def score(values_milli: Sequence[int], levels_bps: Sequence[int], actual_milli: int, range_milli: int) -> Score:
    """Score quantiles against what came.

    Args:
        values_milli: One value per level, non-decreasing.
        levels_bps: Levels in basis points.
        actual_milli: The outcome.
        range_milli: P99 - P1 of the series, above zero.
    """
    ratios = []
    for value, level in zip(values_milli, levels_bps, strict=True):
        error = actual_milli - value
        # Whole numbers up to the one division: the same on every machine.
        loss = level * error if error >= 0 else (level - 10_000) * error
        ratios.append(loss / (10_000 * range_milli))
    by_level = dict(zip(levels_bps, values_milli, strict=True))
    covered = None
    if LOW_BPS in by_level and HIGH_BPS in by_level:
        covered = by_level[LOW_BPS] <= actual_milli <= by_level[HIGH_BPS]
    return Score(tuple(ratios), sum(ratios) / len(ratios), covered)
