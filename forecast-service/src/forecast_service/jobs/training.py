"""The flows ``retrain`` and ``fine-tune``: each runs ``python -m forecast_service train`` as a child, one at a time."""

import asyncio
import ctypes
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry, Counter

from forecast_service.catalog import Catalog
from forecast_service.jobs.flows import RETRAIN, Ended, FlowRun
from forecast_service.jobs.scheduler import SchedulerState
from forecast_service.jobs.slots import history_days
from forecast_service.jobs.training_due import TrainingRule, training_due
from forecast_service.store.flow_runs import FlowRuns
from forecast_service.store.job_runs import JobRuns
from forecast_service.store.telemetry import TelemetryReader
from gridseal.errors import ConfigError, UnavailableError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger
from gridseal.wire.catalog import Series

log = get_logger(__name__)
NICENESS = 10
LOOK_EVERY_S = 5.0
COMMAND = ("-m", "forecast_service", "train")
_PR_SET_PDEATHSIG = 1
JUDGED_SHARE = 0.6
"""Of the days that a fine-tuning has, those that judge it; the others are learned and calibrate."""
BAD_REQUEST = 2
"""Exit status of a setting or parameter that is wrong: trying again does not help."""


class TrainingLoop:
    """Looks whether a training is due by history or schedule, and queues it."""

    def __init__(
        self, jobs: JobRuns, runs: FlowRuns, telemetry: TelemetryReader, catalog: Catalog, clock: Clock,
        rule: TrainingRule, state: SchedulerState,
    ) -> None:  # fmt: skip
        self._jobs = jobs
        self._runs = runs
        self._telemetry = telemetry
        self._catalog = catalog
        self._clock = clock
        self._rule = rule
        self._state = state

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self._look()
            except UnavailableError as error:
                self._state.training = str(error)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self) -> None:
        if self._state.waiting_for:
            self._state.training = "waits for telemetry to catch up"
            return
        extents = await asyncio.to_thread(self._telemetry.extents, series_of(self._catalog))
        days = history_days(extents)
        self._state.history_days = days
        past = await asyncio.to_thread(self._jobs.training)
        reason = training_due(self._rule, past, days, datetime.now(UTC), self._clock.now())
        if reason is not None:
            await asyncio.to_thread(self._runs.enqueue, RETRAIN, "schedule", reason, self._clock.now())
        elif days < self._rule.min_days:
            self._state.training = f"waits for history: {days:.0f} of {self._rule.min_days:g} days"


class RetrainFlow:
    """One training: skipped where there is too little to learn from; afterwards the reference of drift is renewed."""

    def __init__(
        self, rows: Callable[[list[Series], int], int], catalog: Catalog, registry: CollectorRegistry,
        state: SchedulerState, min_rows: int, renew: Callable[[FlowRun], str],
    ) -> None:  # fmt: skip
        """Make the step.

        Args:
            rows: Counts complete windows of series, up to a number.
            catalog: Whose series are learned from.
            registry: Of the counters.
            state: Where the sentence about trainings stands.
            min_rows: Fewer rows are not worth a training.
            renew: Renews the reference after a training; one sentence about it.
        """
        self._rows = rows
        self._catalog = catalog
        self._state = state
        self._min_rows = min_rows
        self._renew = renew
        self._ended = Counter("gridseal_trainings_total", "Trainings ended", ["outcome"], registry=registry)
        self._alone = asyncio.Lock()

    async def __call__(self, run: FlowRun) -> Ended:
        """Train, then renew the reference.

        Raises:
            UnavailableError: The training failed: another try may help.
            ConfigError: It was asked for something that does not exist.
        """
        ended = await self.train(run)
        if ended.state != "done":
            return ended
        renewed = await asyncio.to_thread(self._renew, run)
        return Ended("done", f"{ended.detail}; {renewed}")

    async def train(self, run: FlowRun) -> Ended:
        """One training, after the one that is under way.

        Raises:
            UnavailableError: The training failed: another try may help.
            ConfigError: It was asked for something that does not exist.
        """
        async with self._alone:
            return await self._train(run)

    async def _train(self, run: FlowRun) -> Ended:
        found = await asyncio.to_thread(self._rows, series_of(self._catalog), self._min_rows)
        if found < self._min_rows:
            self._ended.labels("skipped").inc()
            self._state.training = f"skipped: {found} rows of {self._min_rows}"
            return Ended("skipped", f"{found} rows are there, {self._min_rows} are needed")
        self._state.training = f"running ({run.reason or run.cause})"
        code, last = await _child(run)
        outcome = "done" if code == 0 else "failed"
        self._ended.labels(outcome).inc()
        if code == BAD_REQUEST:
            self._state.training = f"refused: {last}"
            raise ConfigError(last)
        if code != 0:
            self._state.training = f"failed: exit {code}: {last}"
            raise UnavailableError(f"training ended with exit {code}: {last}")
        self._state.training = f"done: {last}"
        return Ended("done", last)


class FineTuneFlow:
    """Learning on from the champion on what came since, as often as its cron says; gated like every training.

    Skipped where there is nothing to start from, or too little new: the gate compares whole days that the champion
    has not seen, and of the new days only a part may judge.
    """

    def __init__(
        self, train: Callable[[FlowRun], Awaitable[Ended]], trained_until: Callable[[], datetime | None], clock: Clock,
        least: timedelta,
    ) -> None:  # fmt: skip
        """Make the step.

        Args:
            train: ``RetrainFlow.train``: whatever it learns, the reference of drift stays.
            trained_until: Domain time of the newest data that the champion learned from; none while there is none.
            clock: Domain time.
            least: New data without which it is not worth it, unless a person asks.
        """
        self._train = train
        self._trained_until = trained_until
        self._clock = clock
        self._least = least

    async def __call__(self, run: FlowRun) -> Ended:
        """Fine-tune.

        Raises:
            UnavailableError: The training failed, or the registry does not answer: another try may help.
            ConfigError: It was asked for something that does not exist.
        """
        learned = await asyncio.to_thread(self._trained_until)
        if learned is None:
            return Ended("skipped", "there is no champion to learn on from yet")
        new, day = self._clock.now() - learned, timedelta(days=1)
        if new < self._least and run.cause == "schedule":
            return Ended("skipped", f"{new / day:.1f} days are new to the champion, {self._least / day:.1f} are needed")
        return await self._train(replace(run, parameters={**run.parameters, "mode": "finetune"}))


def series_of(catalog: Catalog) -> list[Series]:
    """Every series that some product forecasts, once."""
    return list({s.series_id: s for p in catalog.products for s in catalog.series_of(p)}.values())


async def _child(run: FlowRun) -> tuple[int, str]:
    """Run the training; its exit status and the last line it printed. Its output goes on to ours."""
    told = {
        "FORECAST_TRAIN_CAUSE": run.cause,
        "FORECAST_TRAIN_REASON": run.reason,
        "FORECAST_TRAIN_PARAMETERS": json.dumps(dict(run.parameters)),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, *COMMAND, env=os.environ | told,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, limit=2**20, preexec_fn=_low_and_bound,
    )  # fmt: skip
    assert process.stdout is not None
    last = "no output"
    try:
        async for raw in process.stdout:
            line = raw.decode(errors="replace").rstrip()
            if line:
                last = line
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
        return await process.wait(), last
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise


def _low_and_bound() -> None:
    """In the child, before it runs: yield to serving, and end when the scheduler does."""
    os.nice(NICENESS)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
