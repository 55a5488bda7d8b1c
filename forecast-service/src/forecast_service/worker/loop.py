"""The worker's loops: jobs, champion, seals."""

import asyncio
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from forecast_service.catalog import Catalog
from forecast_service.jobs.queue import Job, JobQueue
from forecast_service.jobs.slots import job_id
from forecast_service.ports import ChampionSource
from forecast_service.store.catalog_reader import CatalogReader
from forecast_service.store.job_runs import JobRuns
from forecast_service.store.seals import SealStore
from forecast_service.worker.issue import Issuer, Outcome
from forecast_service.worker.metrics import WorkerMetrics
from forecast_service.worker.relay import Relay
from gridseal.errors import GridsealError, UnavailableError, WireError
from gridseal.runtime.kafka import client_options
from gridseal.runtime.logs import get_logger
from gridseal.wire.codec import decode
from gridseal.wire.forecasts import Seal
from gridseal.wire.topics import FORECASTS_SEALED

log = get_logger(__name__)
SEALS_GROUP = "forecast-service-seals"
BLOCK_S = 1.0


class WorkerLoop:
    """Takes jobs from the stream: compute, commit, publish, acknowledge, in this order."""

    def __init__(
        self, name: str, queue: JobQueue, issuer: Issuer, relay: Relay, jobs: JobRuns, catalog: CatalogReader,
        metrics: WorkerMetrics, idle_s: float,
    ) -> None:  # fmt: skip
        self._name = name
        self._queue = queue
        self._issuer = issuer
        self._relay = relay
        self._jobs = jobs
        self._catalog = catalog
        self._metrics = metrics
        self._idle_s = idle_s

    async def run(self) -> None:
        """Work until cancelled."""
        await self._catalog.complete()
        await self._queue.open()
        await self._relay.flush()
        for job in await self._queue.mine(self._name):
            await self._handle(job)
        while True:
            for job in await self._queue.take(self._name, idle_s=self._idle_s, block_s=BLOCK_S):
                await self._handle(job)

    async def _handle(self, job: Job) -> None:
        with self._metrics.stage("job"):
            try:
                outcome = await self._issuer.issue(job)
            except UnavailableError:
                raise  # the job stays pending; the restarted worker takes it up again
            except Exception as error:  # a job that cannot be done must not come back for ever
                log.error("job_failed", slot=str(job.slot), exc_info=error)
                outcome = Outcome("failed", f"{type(error).__name__}: see the worker's log")
            with self._metrics.stage("publish"):
                await self._relay.flush()
        self._metrics.runs.labels(job.product_id, outcome.label).inc()
        log.info("job_done", product=job.product_id, slot=str(job.slot), outcome=outcome.label, detail=outcome.detail)
        if outcome.label != "repeated":
            name = job_id(job.product_id, job.slot)
            await asyncio.to_thread(self._jobs.finished, name, outcome.label, outcome.detail)
        await self._queue.done(job)


class ChampionLoop:
    """Keeps the issuer's models in step with the registry's aliases, one model per product of the catalog.

    Sources are built in a thread: importing PyTorch takes seconds, in which the baseline serves.
    """

    def __init__(
        self, build: Callable[[str], ChampionSource], catalog: Catalog, issuer: Issuer, metrics: WorkerMetrics,
        every_s: float,
    ) -> None:  # fmt: skip
        self._build = build
        self._catalog = catalog
        self._issuer = issuer
        self._metrics = metrics
        self._every_s = every_s
        self._sources: dict[str, ChampionSource] = {}

    async def run(self) -> None:
        """Poll until cancelled; what serves goes on serving while the registry is away."""
        while True:
            for product in self._catalog.products:
                await self.look(product.product_id)
            await asyncio.sleep(self._every_s)

    async def look(self, product_id: str) -> None:
        """Bring one product's model up to date."""
        try:
            if product_id not in self._sources:
                self._sources[product_id] = await asyncio.to_thread(self._build, product_id)
            champion = await asyncio.to_thread(self._sources[product_id].poll)
        except GridsealError as error:
            log.warning("champion_unknown", product=product_id, detail=str(error))
            return
        if champion is not self._issuer.champions.get(product_id):
            name = f"{champion.name}/{champion.version}" if champion else "none, the baseline serves"
            log.info("champion_changed", product=product_id, champion=name)
        if champion is None:
            self._issuer.champions.pop(product_id, None)
        else:
            self._issuer.champions[product_id] = champion
        self._metrics.champion.labels(product_id).set(champion is not None)


class SealLoop:
    """Takes ``forecasts.sealed`` into ``forecast.seals``: stored first, offset committed after."""

    def __init__(self, bootstrap: str, store: SealStore, metrics: WorkerMetrics, group: str = SEALS_GROUP) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._store = store
        self._metrics = metrics

    async def run(self) -> None:
        """Follow until cancelled.

        Raises:
            UnavailableError: Kafka or PostgreSQL does not answer.
        """
        consumer = AIOKafkaConsumer(
            FORECASTS_SEALED, **client_options(self._bootstrap), group_id=self._group, enable_auto_commit=False,
            auto_offset_reset="earliest",
        )  # fmt: skip
        try:
            await consumer.start()
            while True:
                batch = await consumer.getmany(timeout_ms=500, max_records=500)
                seals = [s for records in batch.values() for r in records if (s := self._decode(r.value)) is not None]
                if seals:
                    await asyncio.to_thread(self._store.upsert, seals)
                if batch:
                    await consumer.commit()
        except KafkaError as error:
            raise UnavailableError("Kafka does not answer: seals cannot be followed") from error
        finally:
            await consumer.stop()

    def _decode(self, value: bytes | None) -> Seal | None:
        try:
            seal = decode(Seal, value or b"")
        except WireError as error:
            self._metrics.seals_refused.inc()
            log.warning("seal_refused", reason=error.reason, detail=str(error))
            return None
        self._metrics.seals.labels(seal.state).inc()
        return seal
