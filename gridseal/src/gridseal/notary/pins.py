"""What the reader of a proof file already knows: whose seal it must be, and on which chain.

Without pins a file shows that *somebody* sealed a forecast in *some* registry of this release. Who that was, and where,
the reader has to know from elsewhere; what he knows is compared here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gridseal.notary.outcome import Check
from gridseal.notary.proof_file import ProofFile


@dataclass(frozen=True, slots=True)
class Pins:
    """What must be named; nothing is compared that is not given. Addresses in any case of letters."""

    chain_id: int | None = None
    registry: str | None = None
    authority: str | None = None


def not_pinned(pins: Pins) -> list[str]:
    """The checks that are not made for want of a pin; the code of the registry is compared in any case."""
    given = {"expected chain id": pins.chain_id, "expected registry": pins.registry}
    return [name for name, pin in given.items() if pin is None]


def check_pins(proof: ProofFile, pins: Pins) -> Iterator[Check]:
    """One check for each pin that is given."""
    envelope = proof.erc8281
    if pins.chain_id is not None:
        found = int(envelope.chain_id)
        yield Check("expected chain id", found == pins.chain_id, f"the file names chain {found}")
    if pins.registry is not None:
        same = envelope.contract.lower() == pins.registry.lower()
        yield Check("expected registry", same, f"the file names registry {envelope.contract}")
    if pins.authority is not None:
        same = proof.authority.lower() == pins.authority.lower()
        yield Check("expected authority", same, f"the file names authority {proof.authority}")
