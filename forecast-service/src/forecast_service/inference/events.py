"""What happened to models, for people who ask later."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

EventKind = Literal["published", "refused", "staged", "approved", "promoted", "rolled_back"]


@dataclass(frozen=True, slots=True)
class ModelEvent:
    """One step of one version."""

    kind: EventKind
    model_name: str
    version: str
    model_hash: str
    reason: str
    """One sentence: why."""
    by: str
    """``gate``, ``watch`` or who asked."""
    figures: Mapping[str, float] = field(default_factory=dict)


Journal = Callable[[ModelEvent], None]
"""Keeps an event. Raises ``UnavailableError``."""


def forgotten(event: ModelEvent) -> None:
    """A journal for trainings without a database: the registry's tags still say what happened."""
