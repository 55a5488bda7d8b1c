"""Tells features and Kafka of changed windows, behind the batches and in a thread of its own.

A window is a state, so of several changes that wait only the last one goes out. The ledger says which
batches have been told; what a crash left untold is told again at the next start.
"""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from gridseal.errors import UnavailableError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger
from streaming_processor.patience import patiently
from streaming_processor.ports import BatchId, FeatureStep, Outbox, Publisher
from streaming_processor.window_states import WindowStates, joined, newest_state_of_each

log = get_logger(__name__)
_MOST_WAITING: Final = 500_000
"""Windows that may wait; then the batches wait."""
_REST: Final = 2.0
"""Rests so many times as long as the telling took: news may have a third of a core, batches come first."""
_LONGEST_REST_S: Final = 0.5
_NOTE_EVERY_S: Final = 1.0


class Teller:
    """``offer`` is called by the batches, everything else happens in the thread."""

    def __init__(
        self, *, features: FeatureStep | None, publisher: Publisher, outbox: Outbox, clock: Clock, retry_s: float
    ) -> None:
        self._features = features
        self._publisher = publisher
        self._outbox = outbox
        self._clock = clock
        self._retry_s = retry_s
        self._moved = threading.Condition()
        self._waiting: list[WindowStates] = []
        self._batch: BatchId | None = None
        self._noted: BatchId | None = None
        self._noted_at = 0.0
        self._busy = self._closing = self._hurry = False
        self._failure: UnavailableError | None = None
        self._thread = threading.Thread(target=self._run, name="teller", daemon=True)
        self._thread.start()

    def offer(self, windows: WindowStates, batch: BatchId | None) -> None:
        """Take note of what has to be told.

        Raises:
            UnavailableError: A server has been gone for longer than ``retry_s``.
        """
        with self._moved:
            self._moved.wait_for(lambda: self._failure or sum(map(len, self._waiting)) < _MOST_WAITING)
            if self._failure is not None:
                raise self._failure
            if len(windows):
                self._waiting.append(windows)
            self._batch = batch or self._batch
            self._moved.notify_all()

    def drain(self, within_s: float) -> None:
        """Wait until everything offered so far is told and noted.

        Raises:
            UnavailableError: It was not, in time.
        """
        with self._moved:
            self._hurry = True
            self._moved.notify_all()
            done = self._moved.wait_for(lambda: self._failure or self._idle(), within_s)
            self._hurry = False
            if self._failure is not None:
                raise self._failure
            if not done:
                raise UnavailableError("what the stream has to tell cannot be told: Kafka or a feature store is slow")

    def close(self, within_s: float = 10.0) -> None:
        """Tell what waits, then end. What cannot be told is told at the next start."""
        try:
            self.drain(within_s)
        except UnavailableError as error:
            log.warning("news_left_for_the_next_start", error=str(error))
        with self._moved:
            self._closing = True
            self._moved.notify_all()
        self._thread.join(within_s)

    def _idle(self) -> bool:
        return not self._waiting and not self._busy and self._noted == self._batch

    def _run(self) -> None:
        while True:
            with self._moved:
                self._moved.wait_for(self._something_to_do, _NOTE_EVERY_S if self._noted != self._batch else None)
                if self._closing or self._failure is not None:
                    return
                waiting, self._waiting, batch = self._waiting, [], self._batch
                self._busy = True
            began = time.monotonic()
            try:
                self._tell(waiting, batch)
            except UnavailableError as error:
                self._failure = error
            except Exception as error:
                log.error("telling_failed", exc_info=error)
                self._failure = UnavailableError(f"telling of windows failed: {type(error).__name__}: {error}")
            with self._moved:
                self._busy = False
                self._moved.notify_all()
                rest = min(_REST * (time.monotonic() - began), _LONGEST_REST_S)
                self._moved.wait_for(lambda: self._hurry or self._closing, rest)

    def _something_to_do(self) -> bool:
        late = self._noted != self._batch and time.monotonic() - self._noted_at >= _NOTE_EVERY_S
        hurried = self._hurry and self._noted != self._batch
        return bool(self._waiting or late or hurried or self._closing or self._failure)

    def _tell(self, waiting: list[WindowStates], batch: BatchId | None) -> None:
        for windows in _by_reference(waiting):
            self._patiently(partial(self._tell_of, windows))
        if batch is not None and (self._hurry or time.monotonic() - self._noted_at >= _NOTE_EVERY_S):
            self._patiently(lambda: self._outbox.told(batch))
            self._noted, self._noted_at = batch, time.monotonic()

    def _tell_of(self, windows: WindowStates) -> None:
        if self._features is not None:
            self._features.follow(windows, self._clock.now())
        self._publisher.windows(windows)

    def _patiently(self, act: Callable[[], None]) -> None:
        patiently(act, self._retry_s, lambda: self._closing)


def _by_reference(waiting: list[WindowStates]) -> list[WindowStates]:
    """The newest state of each window; those of one picture of the reference together, in order of arrival."""
    groups: list[list[WindowStates]] = []
    for windows in waiting:
        if groups and groups[-1][0].reference is windows.reference:
            groups[-1].append(windows)
        else:
            groups.append([windows])
    return [newest_state_of_each(joined(group)) for group in groups]
