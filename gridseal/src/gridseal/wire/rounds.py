"""Where the settlement of one slot stands, on ``rounds.changed``.

A round is one slot of one product. What is told is what the contracts said, so that anybody can read the same from the
chain; scores and amounts are whole numbers as text (scores of 10^18, amounts in the token's smallest unit).
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from gridseal.wire.fields import Address, Hex32, Message, Slug, UtcTime

RoundState = Literal["waiting", "proposed", "disputed", "void", "final", "revealing", "settled", "neutral", "skipped"]
"""``waiting`` for the outcome; ``proposed``, ``disputed``, ``void`` or ``final`` are the measured values; ``revealing``
the forecasts; ``settled``, ``neutral`` and ``skipped`` end a round."""
Count = Annotated[str, Field(pattern=r"^[0-9]{1,78}$")]
"""A whole number that outgrows what JavaScript counts exactly."""
Ruling = Annotated[int, Field(ge=0, le=2)]
"""1 for the provider, 2 for the challenger, 0 for neither or none in time."""
MOST_STEPS: Final = 200


class RoundStep(Message):
    """One event of a contract."""

    event: str
    tx_hash: Hex32
    block_number: int
    block_time: UtcTime
    account: Address | None = None
    """Whom it is about."""


class RoundActuals(Message):
    """The newest version of the measured values."""

    version: int
    root: Hex32
    leaf_count: int
    final_at: UtcTime
    """The chain's time at which they are final, if nobody disputes them."""
    challenger: Address | None = None
    ruling: Ruling | None = None
    """Of a version that is void."""


class RoundChange(Message):
    """Where one round stands. Sent whenever the chain said something about it; the newest message says all.

    After a reorganization of the chain it may go back. ``steps`` are only what is new since the message before.
    """

    schema_: Annotated[Literal["round/1"], Field(alias="schema")] = "round/1"
    product_id: Slug
    slot: UtcTime
    state: RoundState
    chain_id: int
    settlement: Address
    actuals: RoundActuals | None = None
    deadline: UtcTime | None = None
    """End of the reveals, the chain's time."""
    revealed: dict[str, int] = Field(default_factory=dict)
    """Leaves, by authority."""
    scores: dict[str, Count] = Field(default_factory=dict)
    """By authority; 0 is perfect, 10^18 the worst."""
    taken: Count | None = None
    given: Count | None = None
    steps: Annotated[tuple[RoundStep, ...], Field(max_length=MOST_STEPS)] = ()
