"""The local chain after its contracts stand: money, roles, authorities, terms, stakes.

Every step asks first whether it is done, so that running it again changes nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from eth_utils.crypto import keccak

from deployment.contracts import Settings, at
from deployment.node import Account, Node
from deployment.setup import Terms, Wanted, calls_of

HOUR, DAY = 3_600, 86_400
UNIT = 10**18
GAS_MONEY = 1_000 * UNIT
STAKE = 1_000 * UNIT
BOND = 50 * UNIT
PROVIDER_MONEY, OPERATOR_MONEY = 100_000 * UNIT, 10_000 * UNIT
ENDLESS = 2**256 - 1

OPERATOR_ACCOUNT, ARBITER_ACCOUNT, GUARDIAN_ACCOUNT = 1, 2, 3
"""Accounts of the Hardhat node, whose keys everybody knows: people of the demo can import them into a wallet."""

REVEAL_WINDOW = 2 * HOUR
DISPUTE_WINDOW = 2 * HOUR
RULING_WINDOW = 12 * HOUR
UNBONDING = 4 * DAY
MODULE_DELAY = 5 * DAY
GATE_WINDOW = 2 * HOUR
"""Sixty times faster than the wall a round of six hours is settled some eleven wall minutes after its slot, and a
dispute leaves the arbiter twelve. The longest way, a day-ahead run whose actuals are voided once, takes under
three days: unbonding is longer than that."""
THRESHOLD = UNIT // 200
SLOPE_BPS, CAP_BPS = 20_000, 500
"""Half a percent of capacity worse than the benchmark is free; each percent beyond it takes two percent of the
stake, never more than five in one round."""
PRODUCTS_FILE = Path(__file__).resolve().parents[3] / "asset-service/src/asset_service/catalog/products.yaml"


@dataclass(frozen=True, slots=True)
class People:
    """Accounts of the local chain."""

    admin: Account
    authority: Account
    benchmark: Account
    provider: Account
    relayer: str
    keeper: str
    operator: str
    guardian: str


def local_settings(admin: str, arbiter_owner: str) -> Settings:
    """What the constructors are told on the local chain."""
    return Settings(
        admin=admin, admin_delay=DAY, arbitrator=None, arbiter_owner=arbiter_owner, token=None, unbonding=UNBONDING,
        module_delay=MODULE_DELAY, bond=BOND, dispute_window=DISPUTE_WINDOW, ruling_window=RULING_WINDOW,
    )  # fmt: skip


def products_of(file: Path = PRODUCTS_FILE) -> dict[str, tuple[int, ...]]:
    """Quantile levels of each product of a catalog file, basis points."""
    told = yaml.safe_load(file.read_text())["products"]
    return {str(p["product_id"]): tuple(int(level) for level in p["levels_bps"]) for p in told}


class LocalChain:
    """Brings the local chain into the state that the demo starts from."""

    def __init__(self, node: Node, known: Mapping[str, str], people: People) -> None:
        self._node = node
        self._people = people
        self._known = known
        self._contracts = {name: at(node, name, address) for name, address in known.items()}

    def prepare(self, products: Mapping[str, Sequence[int]]) -> None:
        """All steps that are still to be done, in batches of what does not depend on each other."""
        for step in (self._money, self._allowances, self._stakes):
            self._node.send_all(list(step()))
        self._node.send_all(list(self._setup(products)))
        self._node.send_all(list(self._members(products)))

    def _money(self) -> Iterator[tuple[Account, dict[str, Any]]]:
        """Gas and tokens."""
        people, admin = self._people, self._people.admin
        purses = {
            people.authority.address: STAKE,
            people.benchmark.address: STAKE,
            people.provider.address: PROVIDER_MONEY,
            people.operator: OPERATOR_MONEY,
        }
        for address in {*purses, people.relayer, people.keeper}:
            if self._node.web3.eth.get_balance(address) < GAS_MONEY // 10:  # type: ignore[arg-type]
                yield admin, {"to": address, "value": GAS_MONEY, "gas": 21_000}
        if not self._ask("Token", "totalSupply"):
            for address, amount in purses.items():
                yield self._call(admin, "Token", "mint", address, amount)

    def _setup(self, products: Mapping[str, Sequence[int]]) -> Iterator[tuple[Account, dict[str, Any]]]:
        people = self._people
        wanted = Wanted(
            authorities={people.authority.address: "account", people.benchmark.address: "account"},
            roles={
                "operators": [people.operator],
                "providers": [people.provider.address],
                "guardians": [people.guardian],
            },
            terms={
                name: Terms(people.benchmark.address, levels, GATE_WINDOW, REVEAL_WINDOW, THRESHOLD, SLOPE_BPS, CAP_BPS)
                for name, levels in products.items()
            },
        )
        for call in calls_of(self._node, self._known, wanted):
            yield people.admin, {"to": call.to, "data": call.data, "gas": 400_000}

    def _allowances(self) -> Iterator[tuple[Account, dict[str, Any]]]:
        people = self._people
        for account, spender in (
            (people.authority, "StakePool"), (people.benchmark, "StakePool"), (people.provider, "ActualsRegistry"),
        ):  # fmt: skip
            address = self._contracts[spender].address
            if self._ask("Token", "allowance", account.address, address) < ENDLESS // 2:
                yield self._call(account, "Token", "approve", address, ENDLESS)

    def _stakes(self) -> Iterator[tuple[Account, dict[str, Any]]]:
        for account in (self._people.authority, self._people.benchmark):
            held = self._ask("Token", "balanceOf", account.address)
            if self._ask("StakePool", "stakeOf", account.address) == 0 and held >= STAKE:
                yield self._call(account, "StakePool", "deposit", account.address, STAKE)

    def _members(self, products: Mapping[str, Sequence[int]]) -> Iterator[tuple[Account, dict[str, Any]]]:
        authority, later = self._people.authority, self._node.now() + DAY
        for name in products:
            if authority.address not in self._ask("Settlement", "participants", keccak(name.encode()), later):
                yield self._call(authority, "Settlement", "join", keccak(name.encode()))

    def _ask(self, contract: str, method: str, *arguments: Any) -> Any:
        return self._contracts[contract].functions[method](*arguments).call()

    def _call(self, account: Account, contract: str, method: str, *arguments: Any) -> tuple[Account, dict[str, Any]]:
        known = self._contracts[contract]
        return account, {"to": known.address, "data": known.encode_abi(method, list(arguments)), "gas": 400_000}
