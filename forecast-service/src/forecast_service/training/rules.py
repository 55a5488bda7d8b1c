"""What a challenger must show before it serves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GateRule:
    """Limits of the gate. Losses are rCRPS on slots that the challenger never saw."""

    alpha: float = 0.05
    """Both tests, block bootstrap and Diebold–Mariano, must find the champion beaten at this level."""
    min_days: float = 5.0
    """Days of paired slots after the champion's own training without which no champion is replaced."""
    every_s: int = 10_800
    """Distance of the slots at which challenger and champion are compared."""
    coverage_slack: float = 0.05
    """How far the shares inside the 80 % and 90 % bands may be off, unless the champion is further off."""
    kind_slack: float = 0.10
    """How much worse than the champion a single kind may get."""
    probe_slots: int = 3
    """Slots at which the probes for leaks and the smoke test ask the challenger."""
    by_hand: bool = False
    """Whether a person must approve what passed."""
