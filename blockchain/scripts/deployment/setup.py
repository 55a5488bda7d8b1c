"""What an admin has to call after the contracts stand: authorities, roles, terms. Only what is still to be done."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak
from web3 import Web3
from web3.exceptions import ContractCustomError, ContractLogicError

from deployment.contracts import at
from deployment.node import Node

KINDS = {"account": 1, "contract": 2}
ROLES = {"operators": "OPERATOR_ROLE", "providers": "PROVIDER_ROLE", "guardians": "GUARDIAN_ROLE"}


@dataclass(frozen=True, slots=True)
class Terms:
    """``ISettlement.Terms`` of a product, with its levels in the clear."""

    benchmark: str
    levels_bps: Sequence[int]
    gate_window: int
    reveal_window: int
    threshold: int
    slope_bps: int
    cap_bps: int

    def as_tuple(self) -> tuple[Any, ...]:
        """The struct as ABI values."""
        levels = keccak(abi_encode(["uint16[]"], [list(self.levels_bps)]))
        return (Web3.to_checksum_address(self.benchmark), levels, self.gate_window, self.reveal_window,
                self.threshold, self.slope_bps, self.cap_bps)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """The state to reach. Addresses by role as in ``ROLES``; kinds of authorities as in ``KINDS``."""

    authorities: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    terms: Mapping[str, Terms] = field(default_factory=dict)
    terms_lead: int = 3_600
    """Seconds ahead of the newest block at which first terms begin: the call takes a while to get into a block."""


@dataclass(frozen=True, slots=True)
class AdminCall:
    """One call, ready to be sent by the admin, whoever that is."""

    to: str
    data: str
    says: str


def calls_of(node: Node, known: Mapping[str, str], wanted: Wanted) -> Iterator[AdminCall]:
    """The calls that lead from the state of the chain to the one that is wanted."""
    registry, operations = (
        at(node, "ForecastRegistry", known["ForecastRegistry"]),
        at(node, "Operations", known["Operations"]),
    )
    for authority, kind in wanted.authorities.items():
        address = Web3.to_checksum_address(authority)
        if registry.functions.signerKind(address).call() == 0:
            yield _call(registry, "registerAuthority", address, KINDS[kind])
    for group, holders in wanted.roles.items():
        role = keccak(ROLES[group].encode())
        for holder in map(Web3.to_checksum_address, holders):
            if not operations.functions.hasRole(role, holder).call():
                yield _call(operations, "grantRole", role, holder)
    settlement, now = at(node, "Settlement", known["Settlement"]), node.now()
    for product, terms in wanted.terms.items():
        key = keccak(product.encode())
        if not has_terms(settlement, key, now + wanted.terms_lead):
            yield _call(settlement, "setTerms", key, now + wanted.terms_lead, terms.as_tuple())


def has_terms(settlement: Any, product: bytes, slot: int) -> bool:
    """Whether a slot of a product has terms."""
    try:
        settlement.functions.termsOf(product, slot).call()
    except (ContractCustomError, ContractLogicError):
        return False
    return True


def _call(contract: Any, method: str, *arguments: Any) -> AdminCall:
    shown = ", ".join("0x" + a.hex() if isinstance(a, bytes) else str(a) for a in arguments)
    return AdminCall(str(contract.address), contract.encode_abi(method, list(arguments)), f"{method}({shown})")
