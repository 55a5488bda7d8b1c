"""What a training needs besides data: who signs, who is trusted, the limits of the gate, where it is written down."""

from collections.abc import Callable
from dataclasses import dataclass, field

from forecast_service.inference.events import Journal, forgotten
from forecast_service.model.sealed import Keys, Signer
from forecast_service.training.rules import GateRule


@dataclass(frozen=True, slots=True)
class Desk:
    """The defaults sign nothing and remember nothing: for tests and experiments."""

    signer: Signer | None = None
    trusted: Callable[[], Keys] | None = None
    rule: GateRule = field(default_factory=GateRule)
    journal: Journal = forgotten
    cause: str = "manual"
    """``schedule``, ``drift``, ``performance`` or ``manual``."""
    reason: str = ""
    """One sentence of who or what asked."""
