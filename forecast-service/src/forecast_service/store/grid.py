"""One series on its regular grid, growing at both ends. Pure."""

import numpy as np
from numpy.typing import NDArray

from forecast_service.ports import Floats


class SeriesGrid:
    """Complete windows of one series, by position; NaN where there is none."""

    def __init__(self, start_s: int, resolution_s: int) -> None:
        self.start_s = start_s
        self._step = resolution_s
        self._values: Floats = np.full(256, np.nan)
        self._used = 0

    def put(self, starts_s: NDArray[np.int64], means_milli: NDArray[np.int64]) -> None:
        """Set the windows that start at these moments; a corrected one replaces what stood there.

        What lies before the start of the grid, or between its points, is left out.
        """
        place, rest = np.divmod(starts_s - self.start_s, self._step)
        fits = (place >= 0) & (rest == 0)
        place, means = place[fits], means_milli[fits]
        if len(place) == 0:
            return
        used = max(self._used, int(place.max()) + 1)
        if used > len(self._values):
            grown = np.full(max(used, 2 * len(self._values)), np.nan)
            grown[: self._used] = self._values[: self._used]
            self._values = grown
        self._used = used
        self._values[place] = means / 1_000

    def cut(self, start_s: int, until_s: int) -> tuple[int, Floats]:
        """Values of all periods within ``[start_s, until_s)``, and the start of the first."""
        first = -(-(start_s - self.start_s) // self._step)
        last = max((until_s - self.start_s) // self._step, first)
        out: Floats = np.full(last - first, np.nan)
        low, high = max(first, 0), min(last, self._used)
        if high > low:
            out[low - first : high - first] = self._values[low:high]
        return self.start_s + first * self._step, out
