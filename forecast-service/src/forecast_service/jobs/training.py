"""Starts ``python -m forecast_service train`` as a child process, one at a time."""

import asyncio
import ctypes
import os
import signal
import sys
import uuid
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter

from forecast_service.catalog import Catalog
from forecast_service.jobs.scheduler import SchedulerState
from forecast_service.jobs.slots import history_days
from forecast_service.jobs.training_due import TrainingRule, training_due
from forecast_service.store.job_runs import JobRuns
from forecast_service.store.telemetry import TelemetryReader
from gridseal.errors import UnavailableError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
NICENESS = 10
LOOK_EVERY_S = 5.0
_PR_SET_PDEATHSIG = 1


class TrainingLoop:
    """Looks whether a training is due, runs it and records what came of it."""

    def __init__(
        self, jobs: JobRuns, telemetry: TelemetryReader, catalog: Catalog, clock: Clock,
        registry: CollectorRegistry, rule: TrainingRule, state: SchedulerState,
    ) -> None:  # fmt: skip
        self._jobs = jobs
        self._telemetry = telemetry
        self._catalog = catalog
        self._clock = clock
        self._rule = rule
        self._state = state
        self._ended = Counter("gridseal_trainings_total", "Trainings ended", ["outcome"], registry=registry)

    async def run(self) -> None:
        """Train when due, until cancelled."""
        await asyncio.to_thread(self._jobs.close_orphans)
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
        series = [s for p in self._catalog.products for s in self._catalog.series_of(p)]
        extents = await asyncio.to_thread(self._telemetry.extents, series)
        days = history_days(extents)
        self._state.history_days = days
        past = await asyncio.to_thread(self._jobs.training)
        reason = training_due(self._rule, past, days, datetime.now(UTC), self._clock.now())
        if reason is not None:
            await self._train(reason, past.failures + 1)
        elif days < self._rule.min_days:
            self._state.training = f"waits for history: {days:.0f} of {self._rule.min_days:g} days"

    async def _train(self, reason: str, attempt: int) -> None:
        name = f"train-{uuid.uuid4().hex[:12]}"
        await asyncio.to_thread(self._jobs.started, name, attempt, self._clock.now())
        self._state.training = f"running ({reason})"
        log.info("training_started", reason=reason, attempt=attempt)
        code, last = await _child()
        outcome = "done" if code == 0 else "failed"
        detail = last if code == 0 else f"exit {code}: {last}"
        self._ended.labels(outcome).inc()
        self._state.training = f"{outcome}: {detail}"
        log.info("training_ended", outcome=outcome, detail=detail)
        await asyncio.to_thread(self._jobs.finished, name, outcome, detail[:1_000])


async def _child() -> tuple[int, str]:
    """Run the training; its exit status and the last line it printed. Its output goes on to ours."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "forecast_service", "train",
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
