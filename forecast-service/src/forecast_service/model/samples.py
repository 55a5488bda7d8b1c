"""Which series are asked at which slots, and how much of their past is known there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast_service.model.grid import Ints


@dataclass(frozen=True, slots=True)
class Samples:
    """Slots of rows of one frame, ``(n,)`` each, and the horizon in periods."""

    rows: Ints
    slots: Ints
    known: Ints
    horizon: int
    first_lead: int = 1
    """Periods between the slot and its first target: live 1, for the period that begins at the slot already runs."""

    @property
    def targets(self) -> Ints:
        """``(n, H)``."""
        return np.asarray(self.slots[:, None] + self.first_lead + np.arange(self.horizon))

    def of(self, which: slice | NDArray[np.intp]) -> "Samples":
        """Some of the samples."""
        return Samples(self.rows[which], self.slots[which], self.known[which], self.horizon, self.first_lead)
