"""Turns requests on the chain into jobs and links what came of them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from gridseal.errors import ChainError, UnavailableError, WireError
from gridseal.runtime.logs import get_logger
from settlement_service.overrides.ports import Jobs, Overrides
from settlement_service.overrides.values import Override, state_after

log = get_logger(__name__)
LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True, slots=True)
class Settled:
    """Which deployment is followed, and up to which block nothing will change."""

    deployment_id: str
    block: int


@dataclass
class OverrideLoop:
    """Looks every few seconds. A request becomes a job only once its block is deep enough not to go away."""

    store: Overrides
    jobs: Jobs
    settled: Callable[[], Awaitable[Settled]]
    every_s: float = 2.0

    async def run(self) -> None:
        """Go on until cancelled; whoever is away is waited for."""
        pause = self.every_s
        while True:
            try:
                await self.look()
                pause = self.every_s
            except (UnavailableError, ChainError) as error:
                log.warning("overrides_wait", reason=str(error))
                pause = min(pause * 2, LONGEST_PAUSE_S)
            await asyncio.sleep(pause)

    async def look(self) -> None:
        """One step of every request."""
        settled = await self.settled()
        await self.store.take(settled.deployment_id, settled.block)
        for override in await self.store.unfinished(settled.deployment_id):
            await self._step(override)

    async def _step(self, override: Override) -> None:
        try:
            if override.state == "asked":
                await self._ask(override)
            elif override.state == "done":
                await self._link(override)
            elif override.flow is not None and override.job_id is not None:
                job = await self.jobs.look(override.flow, override.job_id)
                await self.store.set_job(override, state_after(job), job)
        except WireError as error:
            log.error("override_failed", request_id=override.request_id, reason=str(error))
            await self.store.set_failed(override, str(error))

    async def _ask(self, override: Override) -> None:
        product = override.product_id or await self.store.product_named(override.product_hash)
        if product is None:
            await self.store.set_failed(override, "no product of this hash was ever sealed")
            return
        await self.store.set_product(override, product)
        job = await self.jobs.ask(replace(override, product_id=product))
        await self.store.set_job(override, state_after(job), job)
        log.info("override_queued", request_id=override.request_id, product=product, job=job.job_id)

    async def _link(self, override: Override) -> None:
        if override.product_id is None or override.done_at is None:
            return
        version = await self.store.first_run_after(override.product_id, override.done_at)
        if version is not None:
            await self.store.set_version(override, version)
            log.info("override_linked", request_id=override.request_id, model_version=version.model_version)
