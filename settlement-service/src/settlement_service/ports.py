"""What the rules and loops need from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from gridseal.errors import UnavailableError
from gridseal.notary.batch import Batch, SigningDomain
from gridseal.wire.forecasts import ForecastRun
from settlement_service.sealing import ChainView, Deployment, Position, Sealing, Signer, Signing, State


class NodeAwayError(UnavailableError):
    """The chain's node does not answer; the writer waits for it and loses nothing."""


class Chain(Protocol):
    """The registry behind a JSON-RPC node. Every call may raise NodeAwayError, or ChainError for a refusal."""

    async def deployment(self, authority: str) -> Deployment | None:
        """Where the registry is; None while its code is not there or the authority may not seal."""
        ...

    async def height(self) -> int:
        """Number of the newest block."""
        ...

    async def view(self, deployment: Deployment, sealing: Sealing) -> ChainView:
        """What the chain says about one run."""
        ...

    async def position(self, deployment: Deployment, root: str) -> Position | None:
        """Where the event of a root stands."""
        ...

    async def call_of(self, deployment: Deployment, signing: Signing) -> tuple[str, tuple[Any, ...]]:
        """The registry's method that takes a signature, and its arguments."""
        ...

    def call_of_many(self, deployment: Deployment, signings: Sequence[Signing]) -> tuple[str, tuple[Any, ...]]:
        """The registry's method that takes several signatures, all or none, and its arguments."""
        ...


class BatchSigner(Protocol):
    """Holds the authority's key."""

    @property
    def address(self) -> str:
        """Checksummed address of the authority."""
        ...

    async def sign_batch(self, batch: Batch, domain: SigningDomain) -> bytes:
        """Its signature over a batch. May raise NodeAwayError where a remote signer does not answer."""
        ...


class SealStore(Protocol):
    """The writer's side of one authority's runs: holds the one-writer lock while it is open."""

    async def head(self) -> Sealing | None:
        """The oldest run that is not settled."""
        ...

    async def following(self, head: Sealing, limit: int) -> Sequence[Sealing]:
        """Runs behind the head that are not settled, oldest first."""
        ...

    async def save_group(self, members: Sequence[tuple[Sealing, Signing]], deployment: Deployment) -> Sequence[Sealing]:
        """Keep the signatures of runs that go together, all or none of them."""
        ...

    async def leave_group(self, sealing: Sealing) -> Sealing:
        """The run goes by itself."""
        ...

    async def save_signing(self, sealing: Sealing, signing: Signing, deployment: Deployment) -> Sealing:
        """Keep a signature; the run is ``signed``."""
        ...

    async def save_state(
        self, sealing: Sealing, state: State, *, position: Position | None = None, detail: str = ""
    ) -> Sealing:
        """Change the state and write the event that tells of it, in one transaction. An open state has no block."""
        ...

    async def highest_block(self, deployment: Deployment) -> int:
        """Highest block of a mined run of this deployment; 0 if there is none."""
        ...

    async def recent_sealed(self, deployment: Deployment, limit: int) -> Sequence[Sealing]:
        """The newest runs that are mined or final, newest first."""
        ...

    async def to_follow(self, deployment: Deployment) -> Sequence[Sealing]:
        """Runs whose order has moved on since: mined ones, and given up ones that got in after all."""
        ...


class RunBook(Protocol):
    """What the REST face asks of the outbox."""

    async def add(self, run: ForecastRun, signer: Signer = "forecast") -> bool:
        """Queue a run for sealing under one of our authorities; False if it is known already."""
        ...

    async def retry(self, run_id: str, domain_now: datetime) -> bool:
        """Queue a failed or late run again while its gate is open."""
        ...

    async def find(self, run_id: str) -> Sealing | None:
        """One run by its id."""
        ...

    async def find_by_transaction(self, tx_hash: str) -> Sealing | None:
        """The run that a transaction was made for."""
        ...

    async def issued(self, run_id: str) -> ForecastRun | None:
        """A run as forecast-service stored it."""
        ...

    async def summary(self) -> dict[str, int]:
        """Number of runs per state."""
        ...
