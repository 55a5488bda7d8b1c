"""What the loop of requests needs from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from settlement_service.overrides.values import Job, NewVersion, Override, OverrideState


class Overrides(Protocol):
    """Requests, as they were made on the chain."""

    async def take(self, deployment_id: str, up_to_block: int) -> None:
        """Make rows of the events in blocks up to this one, once each."""
        ...

    async def unfinished(self, deployment_id: str) -> Sequence[Override]:
        """Requests that something is still to be done for, oldest first."""
        ...

    async def product_named(self, product_hash: str) -> str | None:
        """The product of a hash."""
        ...

    async def set_product(self, override: Override, product_id: str) -> None:
        """Its product is known now."""
        ...

    async def set_job(self, override: Override, state: OverrideState, job: Job) -> None:
        """How its job fares."""
        ...

    async def set_failed(self, override: Override, detail: str) -> None:
        """Nothing can be done."""
        ...

    async def set_version(self, override: Override, version: NewVersion) -> None:
        """The new version that it led to."""
        ...

    async def first_run_after(self, product_id: str, moment: datetime) -> NewVersion | None:
        """The first run of a product that was received after a wall time."""
        ...


class Jobs(Protocol):
    """forecast-service. Calls may raise UnavailableError, or WireError where the job is refused."""

    async def ask(self, override: Override) -> Job:
        """Queue the job of a request, once."""
        ...

    async def look(self, flow: str, job_id: str) -> Job:
        """How a job fares."""
        ...
