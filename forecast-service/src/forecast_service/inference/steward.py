"""What a person, or the watch, may do with the versions of a model: look, approve, roll back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from forecast_service.inference.events import Journal, ModelEvent
from forecast_service.inference.registry import ALIASES, Alias, ModelRegistry, Registered
from gridseal.errors import GridsealError


class NothingToApproveError(GridsealError):
    """No version waits for approval. What serves goes on serving."""


@dataclass(frozen=True, slots=True)
class Steward:
    """Moves aliases and writes down who did it and why. Methods block and may raise ``UnavailableError``."""

    registry: Callable[[str], ModelRegistry]
    """By name of the model."""
    journal: Journal

    def aliases(self, model: str) -> Mapping[Alias, Registered]:
        """Which version stands where."""
        registry = self.registry(model)
        found = {alias: registry.aliased(alias) for alias in ALIASES}
        return {alias: version for alias, version in found.items() if version is not None}

    def rollback(self, model: str, reason: str, by: str) -> tuple[Registered, Registered]:
        """Let the previous version serve again: the one taken back, and the one that serves now.

        Raises:
            NothingToRollBackError: There is no previous version.
        """
        bad, good = self.registry(model).rollback(reason)
        self.journal(ModelEvent("rolled_back", model, bad.version, bad.model_hash, reason, by))
        self.journal(
            ModelEvent("promoted", model, good.version, good.model_hash, f"version {bad.version} was taken back", by)
        )
        return bad, good

    def approve(self, model: str, reason: str, by: str) -> Registered:
        """Let the version serve that passed the gate and its smoke test and waits.

        Raises:
            NothingToApproveError: None waits.
        """
        registry = self.registry(model)
        waiting = registry.aliased("staging")
        if waiting is None or waiting.tags.get(APPROVAL_TAG) != AWAITED:
            raise NothingToApproveError(f"no version of {model} waits for approval")
        registry.tag(waiting, {APPROVAL_TAG: f"given by {by}: {reason}"})
        self.journal(ModelEvent("approved", model, waiting.version, waiting.model_hash, reason, by))
        registry.promote(waiting)
        self.journal(ModelEvent("promoted", model, waiting.version, waiting.model_hash, reason, by))
        return waiting


APPROVAL_TAG, AWAITED = "gridseal.approval", "awaited"
