"""One round, played in full on any client: two authorities seal, actuals become final, all is settled."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3.contract import Contract

from gridseal.notary.batch import Batch, SigningDomain, batch_of, sign_batch, tree_of
from gridseal.notary.leaf import Leaf, leaves_of, levels_hash, name_hash, salt_of
from gridseal.notary.merkle import MerkleTree
from gridseal.notary.multiproof import multiproof
from gridseal.notary.score import ActualLeaf, actual_leaf_hash
from gridseal.wire.forecasts import ForecastRun

from .sealing import FUNDS, LEVELS, SECRET, Chain, a_run

DAY, UNIT = 86_400, 10**18
PRODUCT = name_hash("site-6h")
PERIODS = 4


@dataclass
class Played:
    """Where everything is, and what was sealed."""

    chain: Chain
    contracts: dict[str, Contract]
    authority: LocalAccount
    benchmark: LocalAccount
    run: ForecastRun

    def write(self, path: Path) -> None:
        """What a deployment leaves behind."""
        addresses = {name: contract.address for name, contract in self.contracts.items()}
        told = {
            "chain_id": self.chain.web3.eth.chain_id,
            "registry": addresses["ForecastRegistry"],
            "authority": self.authority.address,
            "deployed_block": 0,
            "contracts": addresses,
        }
        path.write_text(json.dumps(told))


def play(chain: Chain) -> Played:
    """Deploy, seal, measure, reveal, settle."""
    authority, benchmark, hour = Account.create(), Account.create(), chain.hour_s
    contracts = _deploy(chain)
    _prepare(chain, contracts, authority, benchmark)
    run = a_run(datetime.fromtimestamp(chain.now(), UTC), PERIODS, hour)
    better = _shifted(run, -100_000)
    sealed = [(authority, better, _seal(chain, contracts, authority, better))]
    sealed.append((benchmark, run, _seal(chain, contracts, benchmark, run)))
    leaves = leaves_of(run)
    actuals = [ActualLeaf(x.series_id, x.target_start, x.resolution_s, x.values_milli[2], 20_000_000) for x in leaves]
    tree = MerkleTree([actual_leaf_hash(leaf, salt_of(SECRET, i)) for i, leaf in enumerate(actuals)])
    slot = int(run.slot.timestamp())
    chain.wait((PERIODS + 2) * hour)
    chain.call(contracts["ActualsRegistry"], "propose", PRODUCT, slot, tree.root, len(actuals))
    chain.wait(2 * hour + 1)
    chain.call(contracts["ActualsRegistry"], "finalize", PRODUCT, slot)
    chain.call(contracts["Settlement"], "open", PRODUCT, slot)
    for account, made, batch in sealed:
        _reveal(chain, contracts, account, made, batch, actuals, tree)
    chain.wait(2 * hour + 1)
    chain.call(contracts["Settlement"], "settle", PRODUCT, slot)
    return Played(chain, contracts, authority, benchmark, better)


def _deploy(chain: Chain) -> dict[str, Contract]:
    admin, hour = chain.payer.address, chain.hour_s
    made: dict[str, Contract] = {}
    made["ForecastRegistry"] = chain.deploy("ForecastRegistry", admin)
    made["QuantileScorer"] = chain.deploy("QuantileScorer")
    made["Operations"] = chain.deploy("Operations", DAY, admin)
    made["Arbiter"] = chain.deploy("Arbiter", admin, 0)
    made["Token"] = chain.deploy("LocalToken", admin)
    operations, token = made["Operations"].address, made["Token"].address
    made["StakePool"] = chain.deploy("StakePool", operations, token, 4 * DAY, 5 * DAY)
    pool = made["StakePool"].address
    made["ActualsRegistry"] = chain.deploy(
        "ActualsRegistry", operations, token, pool, made["Arbiter"].address, UNIT, 2 * hour, 12 * hour
    )
    parts = ("Operations", "ForecastRegistry", "StakePool", "ActualsRegistry", "QuantileScorer")
    made["Settlement"] = chain.deploy("Settlement", *[made[name].address for name in parts])
    chain.call(made["StakePool"], "proposeSettlement", made["Settlement"].address)
    chain.call(made["StakePool"], "changeSettlement")
    return made


def _prepare(chain: Chain, contracts: dict[str, Contract], authority: LocalAccount, benchmark: LocalAccount) -> None:
    operations, token, hour = contracts["Operations"], contracts["Token"], chain.hour_s
    role = operations.functions.PROVIDER_ROLE().call()
    chain.call(operations, "grantRole", role, chain.payer.address)
    terms = (benchmark.address, levels_hash(LEVELS), 2 * hour, 2 * hour, UNIT // 200, 20_000, 500)
    chain.call(contracts["Settlement"], "setTerms", PRODUCT, chain.now() + hour, terms)
    chain.call(token, "mint", chain.payer.address, 10 * UNIT)
    chain.call(token, "approve", contracts["ActualsRegistry"].address, 10 * UNIT)
    for account in (authority, benchmark):
        if not chain.free_gas:
            chain.send(to=account.address, value=FUNDS // 10, data=b"")
        chain.call(contracts["ForecastRegistry"], "registerAuthority", account.address, 1)
        chain.call(token, "mint", account.address, 1_000 * UNIT)
        chain.call(token, "approve", contracts["StakePool"].address, 1_000 * UNIT, sender=account)
        chain.call(contracts["StakePool"], "deposit", account.address, 1_000 * UNIT, sender=account)
    chain.call(contracts["Settlement"], "join", PRODUCT, sender=authority)
    chain.wait(2 * hour)


def _shifted(run: ForecastRun, by_milli: int) -> ForecastRun:
    """The same run with all values moved."""
    series = tuple(
        s.model_copy(
            update={
                "points": tuple(
                    p.model_copy(update={"values_milli": tuple(v + by_milli for v in p.values_milli)}) for p in s.points
                )
            }
        )
        for s in run.series
    )
    return run.model_copy(update={"series": series})


def _seal(chain: Chain, contracts: dict[str, Contract], account: LocalAccount, run: ForecastRun) -> Batch:
    registry = contracts["ForecastRegistry"]
    last = "0x" + registry.functions.lastBatch(account.address).call().hex()
    batch = batch_of(run, tree_of(run, SECRET).root, prev_batch=last, nonce=0)
    domain = SigningDomain(chain_id=chain.web3.eth.chain_id, registry=registry.address)
    chain.call(registry, "notarize", batch.as_tuple(), account.address, sign_batch(batch, domain, bytes(account.key)))
    return batch


def _reveal(
    chain: Chain,
    contracts: dict[str, Contract],
    account: LocalAccount,
    run: ForecastRun,
    batch: Batch,
    actuals: list[ActualLeaf],
    actuals_tree: MerkleTree,
) -> None:
    every = list(range(len(actuals)))
    opened, measured = multiproof(tree_of(run, SECRET), every), multiproof(actuals_tree, every)
    forecasts = [_forecast(leaf, i) for i, leaf in enumerate(leaves_of(run))]
    chain.call(
        contracts["Settlement"], "reveal", account.address, batch.as_tuple(), list(run.levels_bps), forecasts,
        (opened.proof, opened.flags), [_actual(leaf, i) for i, leaf in enumerate(actuals)],
        (measured.proof, measured.flags),
    )  # fmt: skip


def _forecast(leaf: Leaf, index: int) -> tuple[Any, ...]:
    series, salt = name_hash(leaf.series_id), salt_of(SECRET, index)
    return (series, leaf.target_start, leaf.resolution_s, list(leaf.values_milli), salt)


def _actual(leaf: ActualLeaf, index: int) -> tuple[Any, ...]:
    series, salt = name_hash(leaf.series_id), salt_of(SECRET, index)
    return (series, leaf.target_start, leaf.resolution_s, leaf.value_milli, leaf.capacity_milli, salt)
