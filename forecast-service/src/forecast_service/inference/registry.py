"""The model registry as the rest of the service sees it: versions of one model, and aliases that say their state.

``challenger``: the newest that was trained. ``staging``: passed the gate, waits for its smoke test or
for a person. ``champion``: serves. ``previous``: served before, and serves again after a roll-back.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from gridseal.errors import GridsealError

Alias = Literal["challenger", "staging", "champion", "previous"]
ALIASES: tuple[Alias, ...] = ("challenger", "staging", "champion", "previous")
HASH_TAG = "gridseal.model_hash"
REPLACES_TAG = "gridseal.replaces"
"""Version that served before this one was promoted."""
TRAINED_UNTIL_TAG = "gridseal.trained_until"
"""Domain time of the newest data that a version learned from, RFC 3339."""
ROLLED_BACK_TAG = "gridseal.rolled_back"
"""Why this version must not serve again."""
DECISION_TAG = "gridseal.decision"


class NothingToRollBackError(GridsealError):
    """No earlier version is known that could serve instead. What serves goes on serving."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A version of the model in the registry."""

    version: str
    model_hash: str
    source: str
    """Where the registry keeps the files, in its own words."""
    tags: Mapping[str, str] = field(default_factory=dict, compare=False)
    """As they were when this was read."""


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """What is logged about one training."""

    params: Mapping[str, str | int | float]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    texts: Mapping[str, str] = field(default_factory=dict)
    """Files of text to keep with it, by name: ``gate.json``, ``feature_importance.csv``."""


class ModelRegistry(Protocol):
    """Keeps versions of one model under one name. Every call may raise ``UnavailableError``."""

    @property
    def model_name(self) -> str:
        """Name of the registered model."""
        ...

    def champion(self) -> Registered | None:
        """The version that serves, if one does."""
        ...

    def aliased(self, alias: Alias) -> Registered | None:
        """The version under an alias, if there is one."""
        ...

    def fetch(self, registered: Registered, into: Path) -> Path:
        """Bring the files of a version under ``into``; the folder they lie in."""
        ...

    def publish(self, folder: Path, model_hash: str, record: TrainingRecord) -> Registered:
        """Log a training with its files and register them as a new version, the ``challenger``."""
        ...

    def record(self, record: TrainingRecord) -> None:
        """Log a training that gave nothing to register."""
        ...

    def stage(self, registered: Registered) -> None:
        """Say that a version passed the gate: ``staging``."""
        ...

    def tag(self, registered: Registered, tags: Mapping[str, str]) -> None:
        """Write on a version what became of it."""
        ...

    def promote(self, registered: Registered) -> None:
        """Let a version serve; the one that served becomes ``previous``."""
        ...

    def rollback(self, reason: str) -> tuple[Registered, Registered]:
        """Let ``previous`` serve again; the version that was taken back, and the one that serves now.

        The version taken back is marked with the reason. The version that the good one had replaced
        becomes ``previous``, unless it was taken back itself: roll-backs can be repeated, never undone
        by repetition.

        Raises:
            NothingToRollBackError: There is no ``previous``.
        """
        ...


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for model files that goes away by itself."""
    return tempfile.TemporaryDirectory(prefix="gridseal-model-")
