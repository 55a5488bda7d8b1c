"""Check a proof file from a program, with the same checks as ``gridseal verify``."""

from dataclasses import dataclass

from gridseal.client.json_rpc import JsonRpcChain
from gridseal.notary.check import check_chain, check_offline
from gridseal.notary.outcome import Check
from gridseal.notary.pins import Pins, check_pins
from gridseal.notary.proof_file import ProofFile, read_proof

NO_PINS = Pins()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a proof file."""

    proof: ProofFile
    checks: tuple[Check, ...]
    """Each with its name, its outcome and a sentence."""
    chain_asked: bool

    @property
    def verified(self) -> bool:
        """Every check passed, those of the chain among them: what could not be checked is not verified."""
        return self.chain_asked and all(check.passed for check in self.checks)


def verify(payload: bytes, rpc_url: str | None = None, pins: Pins = NO_PINS) -> Verdict:
    """Check a proof file.

    Args:
        payload: Its bytes.
        rpc_url: Any node of the chain; without one nothing is verified, only checked in itself.
        pins: What the file must name.

    Raises:
        WireError: It is no proof file.
        UnavailableError: The node does not answer.
    """
    proof = read_proof(payload)
    checks = [*check_offline(proof), *check_pins(proof, pins)]
    if rpc_url is not None:
        with JsonRpcChain(rpc_url) as chain:
            checks += check_chain(proof, chain)
    return Verdict(proof, tuple(checks), rpc_url is not None)
