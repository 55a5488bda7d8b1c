"""Steps of the flows ``data-ingestion`` and ``forecast-<product>``."""

import asyncio
import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from forecast_service.catalog import Catalog
from forecast_service.jobs.flows import FORECAST_PREFIX, Ended, FlowRun
from forecast_service.jobs.queue import JobQueue
from forecast_service.jobs.slots import due_run, job_id
from forecast_service.store.job_runs import JobRuns
from forecast_service.store.training_features import Stock
from gridseal.errors import ConfigError, UnavailableError
from gridseal.runtime.clock import Clock
from gridseal.runtime.logs import get_logger
from gridseal.runtime.traces import new_traceparent
from gridseal.wire.fields import format_utc

log = get_logger(__name__)
DEFAULT_DAYS = 7


class IngestionFlow:
    """Brings the last seven days, or a range that was asked for, up to date and says what is there.

    Telemetry arrives by itself. What has to be fetched or computed anew is another program's work: it is started with
    the range and may be started again, and must change nothing where nothing is new.
    """

    def __init__(self, stock: Callable[[datetime, datetime], Stock], clock: Clock, command: str) -> None:
        """Make the step.

        Args:
            stock: What the feature table holds between two moments.
            clock: Domain time.
            command: A command line with ``{begin}`` and ``{end}``; empty where nothing has to be started.
        """
        self._stock = stock
        self._clock = clock
        self._command = command

    async def __call__(self, run: FlowRun) -> Ended:
        """Ingest.

        Raises:
            UnavailableError: The command failed: another try may help.
        """
        end = moment_of(run, "to") or self._clock.now()
        begin = moment_of(run, "from") or end - timedelta(days=DEFAULT_DAYS)
        if begin >= end:
            raise ConfigError("parameter from must lie before to")
        if self._command:
            words = [w.format(begin=format_utc(begin), end=format_utc(end)) for w in shlex.split(self._command)]
            await _finish(words)
        stock = await asyncio.to_thread(self._stock, begin, end)
        span = f"from {format_utc(begin)} to {format_utc(end)}"
        if stock.rows == 0:
            log.warning("ingestion_found_nothing", span=span)
            return Ended("skipped", f"no feature rows {span}")
        gaps = f", {stock.without_target} without their outcome yet" if stock.without_target else ""
        newest = format_utc(stock.newest) if stock.newest else "never"
        return Ended("done", f"{stock.rows} rows of {stock.respondents} regions {span}{gaps}, newest {newest}")


async def _finish(words: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        out, _ = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    if process.returncode != 0:
        last = (out.decode(errors="replace").strip().splitlines() or ["no output"])[-1]
        raise UnavailableError(f"ingestion ended with exit {process.returncode}: {last[:300]}")


class ForecastFlow:
    """Sends the job of a slot on request: the current one of its product unless another was named."""

    def __init__(self, catalog: Catalog, queue: JobQueue, jobs: JobRuns, clock: Clock) -> None:
        self._catalog = catalog
        self._queue = queue
        self._jobs = jobs
        self._clock = clock

    async def __call__(self, run: FlowRun) -> Ended:
        """Send it to the workers; they refuse a slot whose gate has closed."""
        product = self._catalog.product(run.flow.removeprefix(FORECAST_PREFIX))
        if product is None:
            raise ConfigError(f"flow {run.flow} is of a product that the catalog does not hold")
        now = self._clock.now()
        due = due_run(product, now, None)
        slot = moment_of(run, "slot") or (due.slot if due else now)
        name = job_id(product.product_id, slot)
        new = await self._queue.send(name, product.product_id, slot, new_traceparent())
        if not new:
            return Ended("skipped", f"slot {format_utc(slot)} has been sent before")
        await asyncio.to_thread(self._jobs.sent, name, product.product_id, slot, 0, now)
        return Ended("done", f"slot {format_utc(slot)} went to the workers")


def moment_of(run: FlowRun, name: str) -> datetime | None:
    """A parameter that is a moment; none where it is not given.

    Raises:
        ConfigError: It is no RFC 3339 moment with a zone.
    """
    given = run.parameters.get(name)
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError as error:
        raise ConfigError(f"parameter {name} must be a moment such as 2026-01-31T00:00:00Z") from error
    if moment.tzinfo is None:
        raise ConfigError(f"parameter {name} has no time zone: end it with Z")
    return moment.astimezone(UTC)
