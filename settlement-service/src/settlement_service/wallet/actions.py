"""What a person may send from a wallet, as data for pages. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from settlement_service.contracts import Name


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a contract that a person may send."""

    name: str
    contract: Name
    method: str
    who: str
    """Whom the contract lets do it, as a person would say it."""
    first: str = ""
    """What has to stand on the chain before."""
    value: str = "0"
    """Wei to send along: ``0``, or the field of ``/contracts`` that says it."""


CALLS: Final[Sequence[Call]] = (
    Call("approve-stake", "Token", "approve", "anyone", "spender is StakePool"),
    Call("approve-bond", "Token", "approve", "anyone", "spender is ActualsRegistry"),
    Call("stake", "StakePool", "deposit", "the authority, or whom it admitted", "approve-stake"),
    Call("admit-backer", "StakePool", "admit", "an authority"),
    Call("unstake", "StakePool", "startUnbonding", "who holds shares"),
    Call("withdraw-stake", "StakePool", "withdraw", "who asked to unstake", "the request's ready_at has passed"),
    Call("join", "Settlement", "join", "an authority with a stake"),
    Call("leave", "Settlement", "leave", "an authority that joined"),
    Call("propose", "ActualsRegistry", "propose", "a provider", "approve-bond; no version is open"),
    Call("dispute", "ActualsRegistry", "dispute", "anyone", "approve-bond; before final_at", "arbitration_cost_wei"),
    Call("rule", "Arbiter", "giveRuling", "the arbiter", "the version is disputed"),
    Call("finalize", "ActualsRegistry", "finalize", "anyone", "final_at has passed without a dispute"),
    Call("expire", "ActualsRegistry", "expire", "anyone", "no ruling came in time"),
    Call("withdraw-bond", "ActualsRegistry", "withdraw", "who is owed something"),
    Call("pay-treasury", "ActualsRegistry", "payTreasury", "anyone", "half of a lost bond waits"),
    Call("open-round", "Settlement", "open", "anyone", "the actuals are final"),
    Call("settle-round", "Settlement", "settle", "anyone", "the deadline of the reveals has passed"),
    Call("request-recalibration", "Operations", "requestRecalibration", "an operator"),
)


def inputs_of(abi: Sequence[Mapping[str, Any]], method: str) -> list[tuple[str, str]]:
    """Names and Solidity types of a method's arguments, in order.

    Raises:
        KeyError: The contract has no such method.
    """
    for entry in abi:
        if entry.get("type") == "function" and entry.get("name") == method:
            return [(str(i["name"]), str(i["type"])) for i in entry["inputs"]]
    raise KeyError(method)
