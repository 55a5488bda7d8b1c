"""Two hours that share their stamps, told apart: the right order is the smooth one.

In spring every stamp of one hour stands twice in the turbine file and the hour before is absent.
The copies lie in the file in no order. Wind direction, speed, power and temperature change little
in ten minutes, so of all ways to deal each pair to the two hours, the one with the least change
from the record before to the record after is taken.
"""

from itertools import product

import numpy as np

from edge_agent.datasets.tracks import Floats


def earlier_copies(before: Floats, pairs: Floats, after: Floats, full_turn: int) -> list[int]:
    """Which copy of each pair belongs to the earlier hour.

    Args:
        before: The record before both hours, ``(channels,)``.
        pairs: ``(stamps, 2, channels)``.
        after: The record after both hours.
        full_turn: Channel that is a direction in degrees.

    Returns:
        0 or 1 for each stamp.
    """
    stamps = np.arange(len(pairs))
    scale = np.ptp(np.concatenate([before[None], pairs.reshape(-1, len(before)), after[None]]), axis=0) + 1e-9
    best: tuple[float, list[int]] = (np.inf, [0] * len(pairs))
    for choice in product((0, 1), repeat=len(pairs)):
        first = np.array(choice)
        line = np.concatenate([before[None], pairs[stamps, first], pairs[stamps, 1 - first], after[None]])
        change = np.abs(np.diff(line, axis=0))
        change[:, full_turn] = np.minimum(change[:, full_turn], 360 - change[:, full_turn])
        cost = float(np.nansum(change / scale))
        if cost < best[0]:
            best = (cost, list(choice))
    return best[1]
