"""One batch from arrival to news: judge, commit, then tell others.

Everything after the commit may happen twice: a batch that Spark hands over again is found in the
ledger, and only the telling is repeated. MongoDB and refused messages come before the batch is done;
of its windows features and Kafka are told behind it (``telling``). Redis takes the newest windows
while Spark fetches the next batch, where the outbox would bring them again after a crash.
"""

import time
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

import numpy as np

from gridseal.errors import UnavailableError
from gridseal.runtime.clock import Clock
from gridseal.runtime.failpoints import failpoint
from gridseal.runtime.logs import get_logger
from streaming_processor.arrays import Ints
from streaming_processor.patience import patiently
from streaming_processor.ports import AlertStore, BatchStore, Catalog, Committed, Delivery, HotStore, Publisher
from streaming_processor.progress import Progress
from streaming_processor.quality.judge import Judged, heard, judge, unknown_devices
from streaming_processor.quality.sequence import Tail
from streaming_processor.reference import Reference
from streaming_processor.telling import Teller

log = get_logger(__name__)
T = TypeVar("T")


class BatchRunner:
    """Handles batches one after the other."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        store: BatchStore,
        hot: HotStore,
        alerts: AlertStore,
        publisher: Publisher,
        teller: Teller,
        clock: Clock,
        progress: Progress,
        recent_s: int,
        live_s: int,
        retry_s: float,
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._hot = hot
        self._alerts = alerts
        self._publisher = publisher
        self._teller = teller
        self._clock = clock
        self._progress = progress
        self._recent_s = recent_s
        self._live_s = live_s
        self._retry_s = retry_s
        self._behind = True
        self._tails: dict[int, Tail] = {}
        self._heard: set[int] = set()
        self._seen: Reference | None = None
        self._behind_the_batch = ThreadPoolExecutor(1, "publish")
        self._publishing: Future[None] | None = None

    def handle(self, delivery: Delivery) -> None:
        """Store a batch and tell others.

        Raises:
            UnavailableError: A server was gone for longer than ``retry_s``. Nothing is lost: the
                same batch comes again after a restart.
            FencedError: Another driver took over.
        """
        reference = self._reference_for(delivery)
        now = self._clock.now()
        self.finish(delivery, judge(delivery.arrived, reference, int(now.timestamp()), self._tails), reference, now)

    def finish(self, delivery: Delivery, judged: Judged, reference: Reference, now: datetime) -> None:
        """Store a batch that is judged already, by ``reference`` at ``now``, and tell others."""
        began = time.monotonic()
        committed = self._patiently(lambda: self._store.commit(delivery, judged, reference, now))
        self._tails.update(judged.tails)
        failpoint("sink.after_commit_before_redis")
        self.settle()
        # The first batch after a start, and one that follows a full one, hold what had to wait.
        caught_up = not (delivery.full or self._behind)
        self._behind = delivery.full

        def publish() -> None:
            self._patiently(lambda: self._hot.put(committed.newest))
            queryable_ms = time.time() * 1_000
            self._tell(committed, delivery, now)
            live, rest = self._ages(judged, committed.fresh, queryable_ms, now, caught_up=caught_up)
            self._progress.batch_done(delivery, committed, time.monotonic() - began, live, rest)

        # The outbox knows recent windows only, and nothing of alerts and refused messages.
        if committed.history or committed.alerts or delivery.undecodable:
            publish()
        else:
            self._publishing = self._behind_the_batch.submit(publish)
        failpoint("sink.after_commit_before_checkpoint")

    def settle(self) -> None:
        """Wait until the last batch has reached Redis and the teller.

        Raises:
            UnavailableError: A server was gone for too long.
        """
        publishing, self._publishing = self._publishing, None
        if publishing is not None:
            publishing.result()

    def close(self) -> None:
        """Settle, as far as it goes: what is left is told at the next start."""
        try:
            self.settle()
        except UnavailableError as error:
            log.warning("news_left_for_the_next_start", error=str(error))
        self._behind_the_batch.shutdown()

    def tell_what_a_crash_left(self) -> None:
        """Before the first batch: what was committed and perhaps not told."""
        reference = self._catalog.current()
        windows = self._patiently(lambda: self._store.untold(reference, self._clock.now()))
        self._patiently(lambda: self._hot.put(windows))
        self._teller.offer(windows, None)

    def picture(self) -> tuple[Reference, dict[int, Tail], datetime]:
        """What a batch is judged by: the newest picture, where its sources stand, and domain time."""
        reference = self._catalog.current()
        if reference is not self._seen:
            # Device numbers belong to one picture.
            self._tails, self._heard, self._seen = {}, set(), reference
        return reference, self._tails, self._clock.now()

    def learn(self, devices: Collection[int], *, unknown: bool) -> bool:
        """Catch up for devices that speak and are not known, or whose state a restart forgot; whether there was any.

        Args:
            devices: Known ones, by position in the picture.
            unknown: There were others too.
        """
        if unknown and self._patiently(self._catalog.catch_up) is not self._seen:
            return True
        unheard = sorted(set(devices) - self._heard)
        if not unheard or self._seen is None:
            return False
        seen = self._seen
        # A restart forgets how the sources stood; the stored readings do not.
        self._tails |= self._patiently(lambda: self._store.tails(seen, unheard))
        self._heard.update(unheard)
        return True

    def _reference_for(self, delivery: Delivery) -> Reference:
        """The newest picture, read up to date if it lacks a device that speaks."""
        reference, *_ = self.picture()
        while self.learn(heard(delivery.arrived, reference), unknown=unknown_devices(delivery.arrived, reference)):
            reference, *_ = self.picture()
        return reference

    def _tell(self, committed: Committed, delivery: Delivery, now: datetime) -> None:
        oldest = now.timestamp() - self._recent_s
        news = [a for a in committed.alerts if a.period_end.timestamp() > oldest]
        self._patiently(lambda: self._alerts.put(committed.alerts))
        self._patiently(lambda: self._publisher.alerts(news))
        self._patiently(lambda: self._publisher.dead_letters(delivery.undecodable))
        self._teller.offer(committed.recent, delivery.batch)

    def _ages(
        self, judged: Judged, fresh: Ints, queryable_ms: float, now: datetime, *, caught_up: bool
    ) -> tuple[Ints, Ints]:
        """Milliseconds from device to queryable of the inserted rows: live ones, and the rest."""
        rows = judged.rows.take(fresh)
        age = np.maximum(queryable_ms - rows.sent_at_ms, 0).astype(np.int64)
        live = caught_up & (rows.start_s + rows.period_s > int(now.timestamp()) - self._live_s)
        return age[live], age[~live]

    def _patiently(self, act: Callable[[], T]) -> T:
        return patiently(act, self._retry_s)
