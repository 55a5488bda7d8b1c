"""Watches what the champion does live, and takes it back when that became significantly worse."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Counter

from forecast_service.inference.registry import NothingToRollBackError
from forecast_service.inference.rollback import LiveLosses, RollbackRule, worsened
from forecast_service.inference.steward import Steward
from gridseal.errors import UnavailableError
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
LOOK_BACK = timedelta(days=28)

LossReader = Callable[[str, str, datetime, datetime], LiveLosses]
"""Model, version, since, until: losses of the slots in between. ``store.live_losses.LiveLossStore.of`` is one."""


class RollbackWatch:
    """One look at a time; it needs no PyTorch."""

    def __init__(
        self, models: Callable[[], list[str]], steward: Steward, losses: LossReader, now: Callable[[], datetime],
        registry: CollectorRegistry, rule: RollbackRule, *, matured_after: timedelta, every_s: float,
    ) -> None:  # fmt: skip
        """Make the watch.

        Args:
            models: Names of the models that serve.
            steward: Rolls back.
            losses: Reads what came of runs.
            now: Domain time.
            registry: Of the counter.
            rule: When to act.
            matured_after: Slots younger than this still wait for outcomes of their longest leads.
            every_s: Wall seconds between two looks.
        """
        self._models, self._steward, self._losses, self._now = models, steward, losses, now
        self._rule, self._matured_after, self._every_s = rule, matured_after, every_s
        self._done = Counter(
            "gridseal_model_rollbacks_total", "Champions taken back by the watch", ["model"], registry=registry
        )

    async def run(self) -> None:
        """Look until cancelled; what is away is waited for."""
        while True:
            for model in self._models():
                try:
                    await asyncio.to_thread(self.look, model)
                except UnavailableError as error:
                    log.warning("rollback_watch_waits", model=model, detail=str(error))
            await asyncio.sleep(self._every_s)

    def look(self, model: str) -> str | None:
        """Judge the champion once; the reason if it was taken back.

        Raises:
            UnavailableError: The registry or the store does not answer.
        """
        aliases = self._steward.aliases(model)
        champion, before = aliases.get("champion"), aliases.get("previous")
        if champion is None or before is None:
            return None
        until = self._now() - self._matured_after
        after = self._losses(model, champion.version, until - LOOK_BACK, until)
        reason = worsened(self._losses(model, before.version, until - LOOK_BACK, until), after, self._rule)
        if reason is None:
            return None
        try:
            bad, good = self._steward.rollback(model, reason, "watch")
        except NothingToRollBackError:
            return None
        self._done.labels(model).inc()
        log.error("model_rolled_back", model=model, taken_back=bad.version, serves=good.version, reason=reason)
        return reason
