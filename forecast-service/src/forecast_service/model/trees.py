"""Gradient-boosted quantile trees of one kind of series: the second member of the blend.

They predict the same thing as the network, the deviation from the reference in units, level by level.
They travel as LightGBM's text form; nothing of it is executed while loading.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import lightgbm
import numpy as np
from numpy.typing import NDArray

from forecast_service.model.grid import Floats


@dataclass(frozen=True)
class TreeSet:
    """One booster per level, ascending."""

    texts: tuple[str, ...]
    boosters: tuple[lightgbm.Booster, ...]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "TreeSet":
        """Parse the text of each booster.

        Raises:
            ValueError: A text is no model.
        """
        try:
            return cls(tuple(texts), tuple(lightgbm.Booster(model_str=text) for text in texts))
        except lightgbm.basic.LightGBMError as error:
            raise ValueError("not the text of a tree model") from error

    def deviations(self, columns: NDArray[np.float32]) -> Floats:
        """Deviations from the reference in units: ``(n, H, Q)`` from ``(n, H, F)``, ascending along Q."""
        flat = np.ascontiguousarray(columns.reshape(-1, columns.shape[-1]))
        raw = [np.asarray(booster.predict(flat, num_threads=1)) for booster in self.boosters]
        return np.sort(np.stack(raw, axis=-1).reshape(*columns.shape[:-1], len(raw)), axis=-1)
