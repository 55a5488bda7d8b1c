"""Sends what is due, with patience."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from prometheus_client import CollectorRegistry, Counter

from forecast_service.notify.events import Event
from forecast_service.notify.post import TIMEOUT_S, Poster
from forecast_service.notify.shapes import body_of
from forecast_service.notify.signature import signed_headers
from forecast_service.notify.targets import Target
from forecast_service.store.notifications import Due, Notifications
from gridseal.errors import UnavailableError
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
LOOK_EVERY_S: Final = 1.0
AT_ONCE: Final = 8
FIRST_WAIT_S: Final = 5.0
LONGEST_WAIT_S: Final = 3_600.0
TRIES: Final = 14
"""With the waits below about seven hours; then somebody else has noticed."""


def wait_s(tries: int, asked: float | None) -> float:
    """Seconds until the next try: doubles from 5 s, at most an hour, at least what the receiver asked for."""
    own = FIRST_WAIT_S * 2.0 ** min(tries - 1, 20)
    return min(max(own, asked or 0.0), LONGEST_WAIT_S)


class Deliverer:
    """Only one may run: the scheduler that leads. A second would still not send a row twice at the same time."""

    def __init__(
        self, rows: Notifications, targets: Sequence[Target], poster: Poster, page: str, registry: CollectorRegistry
    ) -> None:
        self._rows = rows
        self._targets: Mapping[str, Target] = {target.name: target for target in targets}
        self._poster = poster
        self._page = page
        self._ended = Counter(
            "gridseal_notifications_total", "Tries of notifications, by how they ended", ["target", "outcome"],
            registry=registry,
        )  # fmt: skip

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            try:
                sent = await self.look()
            except UnavailableError as error:
                log.warning("notifications_wait", detail=str(error))
                sent = 0
            if not sent:
                await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> int:
        """Try everything that is due once; how many there were."""
        lease = timedelta(seconds=3 * TIMEOUT_S)
        due = await asyncio.to_thread(self._rows.claim, list(self._targets), AT_ONCE, lease)
        await asyncio.gather(*(self._try(one) for one in due))
        return len(due)

    async def _try(self, due: Due) -> None:
        target = self._targets[due.target]
        body = body_of(Event.model_validate(due.event), target, self._page)
        secret = target.secret.get_secret_value() if target.secret else None
        answer = await self._poster.post(target.address, body, signed_headers(secret, due.key, int(time.time()), body))
        outcome = answer.outcome
        if outcome != "again":
            await asyncio.to_thread(self._rows.end, due, outcome, answer.said)
        elif due.tries >= TRIES:
            await asyncio.to_thread(self._rows.end, due, "given_up", answer.said)
        else:
            wait = timedelta(seconds=wait_s(due.tries, answer.wait_s))
            await asyncio.to_thread(self._rows.later, due, wait, answer.said)
        self._ended.labels(due.target, outcome).inc()
        if outcome != "delivered":
            log.warning("notification_not_taken", target=due.target, tries=due.tries, detail=answer.said)
