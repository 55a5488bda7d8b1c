"""All contracts in the order in which they are put up, each with what its constructor is told."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak
from web3 import Web3
from web3.contract import Contract

from deployment.node import Account, Node

ABI_FOLDER = Path(__file__).resolve().parents[2] / "abi"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the constructors are told. Durations are seconds of the chain's time, amounts wei."""

    admin: str
    admin_delay: int
    arbitrator: str | None
    """An existing one; None for an Arbiter of ``arbiter_owner``."""
    arbiter_owner: str
    token: str | None
    """An existing ERC-20; None for a LocalToken."""
    unbonding: int
    module_delay: int
    bond: int
    dispute_window: int
    ruling_window: int


Known = Mapping[str, str]


def settlement_arguments(known: Known) -> list[Any]:
    """What the constructor of a settlement module is told: what it works on, which is never replaced."""
    names = ("Operations", "ForecastRegistry", "StakePool", "ActualsRegistry", "QuantileScorer")
    return [known[name] for name in names]


Arguments = Callable[[Settings, Known], list[Any]]
PLAN: tuple[tuple[str, str, Arguments], ...] = (
    ("ForecastRegistry", "ForecastRegistry", lambda s, at: [s.admin]),
    ("QuantileScorer", "QuantileScorer", lambda s, at: []),
    ("Operations", "Operations", lambda s, at: [s.admin_delay, s.admin]),
    ("Arbiter", "Arbiter", lambda s, at: [s.arbiter_owner, 0]),
    ("Token", "LocalToken", lambda s, at: [s.admin]),
    ("StakePool", "StakePool", lambda s, at: [at["Operations"], at["Token"], s.unbonding, s.module_delay]),
    (
        "ActualsRegistry",
        "ActualsRegistry",
        lambda s, at: [
            at["Operations"],
            at["Token"],
            at["StakePool"],
            at["Arbiter"],
            s.bond,
            s.dispute_window,
            s.ruling_window,
        ],
    ),
    ("Settlement", "Settlement", lambda s, at: settlement_arguments(at)),
)
"""Name by its role, name of the build, arguments."""
NAMES = tuple(name for name, _, _ in PLAN)
BUILDS = {name: build for name, build, _ in PLAN}


def built(name: str) -> dict[str, Any]:
    """ABI and bytecode of the contract with this role."""
    found: dict[str, Any] = json.loads((ABI_FOLDER / f"{BUILDS[name]}.json").read_text())
    return found


def build_hash(name: str) -> str:
    """Tells builds apart; what stands on the chain holds its constructor's arguments too and cannot be compared."""
    return "0x" + keccak(Web3.to_bytes(hexstr=built(name)["bytecode"])).hex()


def at(node: Node, name: str, address: str) -> Contract:
    """A contract that stands at an address."""
    return node.web3.eth.contract(address=Web3.to_checksum_address(address), abi=built(name)["abi"])


def code_hash(node: Node, address: str) -> str:
    """keccak256 of what stands at an address."""
    return "0x" + keccak(bytes(node.web3.eth.get_code(Web3.to_checksum_address(address)))).hex()


def put_up(
    node: Node, account: Account, settings: Settings, known: dict[str, str], keep: Callable[[str, Any], None]
) -> None:
    """Deploy every contract that ``known`` lacks; ``keep`` is told each with its receipt as soon as it stands."""
    given = {"Arbiter": settings.arbitrator, "Token": settings.token}
    for name, _, arguments in PLAN:
        existing = given.get(name)
        if existing is not None:
            known[name] = str(Web3.to_checksum_address(existing))
        if name in known:
            continue
        told = built(name)
        factory = node.web3.eth.contract(abi=told["abi"], bytecode=told["bytecode"])
        data = factory.constructor(*arguments(settings, known)).data_in_transaction
        receipt = node.send(account, {"data": data, "gas": 6_000_000})
        known[name] = str(receipt["contractAddress"])
        keep(name, receipt)


def install_settlement(node: Node, account: Account, known: Known) -> None:
    """Make Settlement the module of the pool, if it has none: the first one needs no delay."""
    pool = at(node, "StakePool", known["StakePool"])
    if int(pool.functions.settlement().call(), 16) == 0:
        for method, arguments in (("proposeSettlement", [known["Settlement"]]), ("changeSettlement", [])):
            node.send(account, {"to": pool.address, "data": pool.encode_abi(method, arguments), "gas": 150_000})
