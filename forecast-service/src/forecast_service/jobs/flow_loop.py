"""Runs flows: by cron and data, on request, with retries, one run of a flow at a time, for as long as it leads."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter

from forecast_service.jobs.flows import FORECAST_PREFIX, Ended, Flow, FlowRun, due
from forecast_service.store.flow_runs import FlowRuns
from gridseal.errors import ConfigError, UnavailableError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
Step = Callable[[FlowRun], Awaitable[Ended]]
LOOK_EVERY_S = 1.0
STOPPED = "stopped with the scheduler: it will run again"


@dataclass(frozen=True, slots=True)
class FlowRule:
    """Bounds of every run."""

    gap_s: float
    """Wall seconds between two starts of a flow by its own trigger: domain time may run fast."""
    limit_s: float
    """Wall seconds after which a try is given up."""


@dataclass(slots=True)
class FlowsState:
    """What ``/status`` shows: flow → what it does, or what its last run came to."""

    flows: dict[str, str] = field(default_factory=dict)


class FlowLoop:
    """The scheduler of flows. What a flow does is its step; ``forecast-`` stands for every product's."""

    def __init__(
        self, runs: FlowRuns, standard: Sequence[Flow], steps: Mapping[str, Step],
        data: Mapping[str, Callable[[], datetime | None]], clock: Clock, registry: CollectorRegistry, rule: FlowRule,
        state: FlowsState,
    ) -> None:  # fmt: skip
        self._runs = runs
        self._standard = standard
        self._steps = steps
        self._data = data
        self._clock = clock
        self._rule = rule
        self._state = state
        self._since = clock.now()
        self._fired: dict[str, float] = {}
        self._ended = Counter("gridseal_flow_runs_total", "Runs of flows ended", ["flow", "outcome"], registry=registry)

    async def run(self) -> None:
        """Schedule and run until cancelled; a run that this interrupts goes back into the queue."""
        await asyncio.to_thread(self._runs.seed, self._standard)
        left = await asyncio.to_thread(self._runs.take_over)
        if left:
            log.warning("flow_runs_taken_over", runs=left)
        under_way: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                under_way = {name: task for name, task in under_way.items() if not task.done()}
                try:
                    await self.look()
                    for run in await asyncio.to_thread(self._runs.ready):
                        if run.job_id not in under_way:
                            under_way[run.job_id] = group.create_task(self.execute(run))
                except UnavailableError as error:
                    log.warning("flows_wait", detail=str(error))
                await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Queue every flow that is due."""
        now, wall = self._clock.now(), asyncio.get_running_loop().time()
        for flow in await asyncio.to_thread(self._runs.flows):
            if flow.name not in self._steps or wall - self._fired.get(flow.name, -1e9) < self._rule.gap_s:
                continue
            last, seen = await asyncio.to_thread(self._runs.last, flow.name)
            source = self._data.get(flow.name) if flow.data_step_s else None
            data = await asyncio.to_thread(source) if source else None
            cause = due(flow, now, last or self._since, data, seen)
            if cause is not None:
                self._fired[flow.name] = wall
                reason = f"cron {flow.cron}" if cause == "schedule" else f"data until {data:%Y-%m-%dT%H:%M:%SZ}"
                await asyncio.to_thread(self._runs.enqueue, flow.name, cause, reason, now, data_until=data)

    async def execute(self, run: FlowRun) -> None:
        """One try of one run, and what is recorded of it."""
        try:
            await asyncio.to_thread(self._runs.started, run.job_id)
            self._state.flows[run.flow] = f"running: {run.cause}, {run.reason}"
            log.info("flow_started", flow=run.flow, cause=run.cause, reason=run.reason, attempt=run.attempt + 1)
            async with asyncio.timeout(self._rule.limit_s):
                ended = await self._step(run.flow)(run)
            await asyncio.to_thread(self._runs.ended, run.job_id, ended.state, ended.detail)
            self._tell(run, ended.state, ended.detail)
        except asyncio.CancelledError:
            await asyncio.to_thread(self._runs.put_back, run.job_id, STOPPED)
            raise
        except Exception as error:  # a flow may fail in any way; the others go on
            await self._failed(run, error)

    def _step(self, flow: str) -> Step:
        step = self._steps.get(FORECAST_PREFIX if flow.startswith(FORECAST_PREFIX) else flow)
        if step is None:
            raise ConfigError(f"flow {flow} has no step in this program")
        return step

    async def _failed(self, run: FlowRun, error: Exception) -> None:
        detail = "it took too long" if isinstance(error, TimeoutError) else f"{error}" or type(error).__name__
        flows = {flow.name: flow for flow in await asyncio.to_thread(self._runs.flows)}
        rule = flows.get(run.flow, Flow(run.flow))
        if run.attempt < rule.retries and not isinstance(error, ConfigError):
            log.warning("flow_try_failed", flow=run.flow, attempt=run.attempt + 1, detail=detail, exc_info=error)
            await asyncio.to_thread(self._runs.retry, run.job_id, rule.retry_s, detail)
            self._state.flows[run.flow] = f"try {run.attempt + 1} failed, next in {rule.retry_s} s: {detail}"
        else:
            log.error("flow_failed", flow=run.flow, attempt=run.attempt + 1, detail=detail, exc_info=error)
            await asyncio.to_thread(self._runs.ended, run.job_id, "failed", detail)
            self._tell(run, "failed", detail)

    def _tell(self, run: FlowRun, state: str, detail: str) -> None:
        self._ended.labels(run.flow, state).inc()
        self._state.flows[run.flow] = f"{state}: {detail}"
        log.info("flow_ended", flow=run.flow, outcome=state, detail=detail)
