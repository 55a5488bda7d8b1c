"""What the rules and loops need from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from gridseal.errors import UnavailableError
from gridseal.wire.forecasts import ForecastRun
from settlement_service.sealing import ChainView, Deployment, Position, Sealing, Signer, Signing, State, Transaction


class NodeAwayError(UnavailableError):
    """The chain's node does not answer; the writer waits for it and loses nothing."""


class Chain(Protocol):
    """The registry behind a JSON-RPC node. Every call may raise NodeAwayError, or ChainError for a refusal."""

    async def deployment(self) -> Deployment | None:
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

    async def make_transaction(
        self, deployment: Deployment, signing: Signing, replaces: Transaction | None
    ) -> Transaction:
        """Sign a transaction of the relayer; not sent. One that replaces another has its nonce and higher fees."""
        ...

    async def send(self, transaction: Transaction) -> None:
        """Hand it in. Known already, or overtaken, is no error: the next view tells."""
        ...


class SealStore(Protocol):
    """The writer's side of the outbox: holds the one-writer lock while it is open."""

    async def head(self) -> Sealing | None:
        """The oldest run that is not settled."""
        ...

    async def save_signing(self, sealing: Sealing, signing: Signing, deployment: Deployment) -> Sealing:
        """Keep a signature; the run is ``signed``."""
        ...

    async def save_transaction(self, sealing: Sealing, transaction: Transaction) -> Sealing:
        """Keep a transaction before it is sent."""
        ...

    async def save_state(
        self, sealing: Sealing, state: State, *, position: Position | None = None, detail: str = ""
    ) -> Sealing:
        """Change the state and write the event that tells of it, in one transaction."""
        ...

    async def highest_block(self, deployment: Deployment) -> int:
        """Highest block of a mined run of this deployment; 0 if there is none."""
        ...

    async def newest_transaction(self) -> Transaction | None:
        """The transaction made last, of whichever run."""
        ...

    async def recent_mined(self, deployment: Deployment, limit: int) -> Sequence[Sealing]:
        """The newest mined runs, newest first."""
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
