"""Array types and the one grouping trick that several parts use."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Small = NDArray[np.int32]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def spread(counts: Ints) -> tuple[Ints, Ints]:
    """Repeat row ``i`` ``counts[i]`` times.

    Returns:
        The row of each copy, and the number of the copy within its row (0, 1, …).
    """
    rows = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    first = np.cumsum(counts) - counts
    return rows, np.arange(len(rows), dtype=np.int64) - first[rows]
