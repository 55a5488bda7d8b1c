"""What the loop of rounds needs from outside."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

from gridseal.wire.forecasts import ForecastRun
from gridseal.wire.rounds import RoundState
from settlement_service.actuals.choose import Target
from settlement_service.contracts import Name, Place
from settlement_service.rounds.values import ActualSet, Round, RoundView
from settlement_service.sealing import Sealing

Fate = Literal["pending", "done", "failed"]
Role = Literal["provider", "keeper"]
"""Which key sends: the provider's proposes and claims, the keeper's does what anyone may do."""


class Ledger(Protocol):
    """The contracts. Every call may raise NodeAwayError, or ChainError for a refusal."""

    async def place(self) -> Place:
        """Where everything is."""
        ...

    async def chain_time(self) -> int:
        """Unix seconds of the newest block."""
        ...

    async def joined(self, product_id: str, slot: datetime) -> tuple[str, ...]:
        """Who takes part in a slot."""
        ...

    async def view(self, round_: Round, provider: str) -> RoundView:
        """What the chain says about a round."""
        ...


class Calls(Protocol):
    """Transactions that get there once, whatever dies meanwhile."""

    async def ask(self, key: str, role: Role, contract: Name, method: str, arguments: tuple[Any, ...]) -> Fate:
        """Order a call, or learn what became of it. The same key is the same call; a failed one is tried again."""
        ...


class Rounds(Protocol):
    """Rounds and proposed actuals."""

    async def products(self) -> list[str]:
        """Products that were ever sealed."""
        ...

    async def newest(self) -> int:
        """A number that grows with every run of the benchmark, 0 before the first."""
        ...

    async def next_due(self, deployment_id: str, domain_now: datetime) -> datetime | None:
        """When the next round that is not due yet is; none if there is no such round."""
        ...

    async def slots(self, product_id: str, since: datetime) -> list[datetime]:
        """Slots with a benchmark, oldest first."""
        ...

    async def settled(self, product_id: str, since: datetime) -> list[datetime]:
        """Slots that have a round."""
        ...

    async def benchmark_run(self, product_id: str, slot: datetime) -> ForecastRun | None:
        """The benchmark's run of a slot."""
        ...

    async def add(self, round_: Round, deployment_id: str) -> None:
        """Keep a round, once."""
        ...

    async def open(self, deployment_id: str, domain_now: datetime) -> list[Round]:
        """Rounds that are due and not ended."""
        ...

    async def save_state(self, round_: Round, state: RoundState, detail: str = "", *, ended: bool = False) -> None:
        """Change the state; one that ended is not looked at again."""
        ...

    async def save_actuals(self, round_: Round, actuals: ActualSet) -> ActualSet:
        """Keep a version before it is proposed."""
        ...

    async def actuals(self, product_id: str, slot: datetime, version: int) -> ActualSet | None:
        """One version."""
        ...


class Seals(Protocol):
    """What our authorities sealed."""

    async def sealed(self, product_id: str, slot: datetime) -> Sequence[Sealing]:
        """The seals that count for a slot, one per authority of ours."""
        ...


class Measured(Protocol):
    """Telemetry."""

    async def windows(self, targets: Sequence[Target]) -> Mapping[tuple[str, int], int]:
        """Mean of each complete window, by series and start."""
        ...

    async def largest(self, targets: Iterable[Target], slot: datetime) -> Mapping[str, int]:
        """Largest absolute mean of the year before, by series."""
        ...


class Catalog(Protocol):
    """The catalog."""

    async def capacities(self) -> Mapping[str, int]:
        """Watts, by series, of those that have a capacity."""
        ...
