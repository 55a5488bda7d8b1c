"""Put all contracts on the local chain: keys, money, roles, terms, stakes. Run again, it changes nothing.

    python blockchain/scripts/deploy.py --rpc http://127.0.0.1:28545 --keys .local/keys --state .local/chain

The node's own first account (its key is public, it is for the local chain only) pays, deploys and administrates;
a real chain is deployed to by ``deploy_chain.py``.
"""

import argparse
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from deployment import record
from deployment.contracts import NAMES, build_hash, code_hash, install_settlement, put_up
from deployment.keys import ROLES, keep_key, keep_secret, open_key
from deployment.local import (
    ARBITER_ACCOUNT,
    GUARDIAN_ACCOUNT,
    OPERATOR_ACCOUNT,
    LocalChain,
    People,
    local_settings,
    products_of,
)
from deployment.node import KeyAccount, Node, NotYetError, UnlockedAccount, wait_for
from web3 import HTTPProvider, Web3

LOCAL_CHAIN_ID = 31337


def deploy(rpc: str, keys: Path, state: Path, deadline: float) -> dict[str, Any]:
    """Do what is still to do and return what ``deployment.json`` says."""
    addresses = {role: keep_key(keys, role) for role in ROLES}
    keep_secret(keys, "batch-secrets.key")
    web3 = Web3(HTTPProvider(rpc, request_kwargs={"timeout": 10}))
    chain_id = wait_for(f"node at {rpc}", deadline, lambda: web3.eth.chain_id)
    if chain_id != LOCAL_CHAIN_ID:
        raise NotYetError(f"the node serves chain {chain_id}: this script deploys to {LOCAL_CHAIN_ID} only")
    wait_for("chain clock", deadline, lambda: _caught_up(web3, state))
    node, path = Node(web3, deadline), state / "deployment.json"
    admin = UnlockedAccount(web3, 0)
    written = _contracts(node, admin, record.read(path))
    written |= {"chain_id": chain_id, "authority": addresses["authority"], "keys": addresses}
    people = _people(node, admin, keys, addresses)
    install_settlement(node, admin, written["contracts"])
    LocalChain(node, written["contracts"], people).prepare(products_of())
    written["people"] = {"admin": admin.address, "operator": people.operator, "guardian": people.guardian,
                         "arbiter": UnlockedAccount(web3, ARBITER_ACCOUNT).address}  # fmt: skip
    record.write(path, written)
    return written


def _contracts(node: Node, admin: UnlockedAccount, known: dict[str, Any] | None) -> dict[str, Any]:
    """The contracts of ``deployment.json`` if they stand and are of this build; else all of them anew.

    All or none, with a new deployment id: other code is another system, and what follows the chain starts from there.
    """
    builds = {name: build_hash(name) for name in NAMES}
    if known is not None and known.get("builds") == builds and _stand(node, known):
        return known
    addresses: dict[str, str] = {}
    blocks: list[int] = []
    settings = local_settings(admin.address, UnlockedAccount(node.web3, ARBITER_ACCOUNT).address)
    put_up(node, admin, settings, addresses, lambda name, receipt: blocks.append(int(receipt["blockNumber"])))
    return {
        "registry": addresses["ForecastRegistry"],
        "deployed_block": blocks[0],
        "code_hash": code_hash(node, addresses["ForecastRegistry"]),
        # Tells a new chain from a restarted one: address, block and code are the same in both.
        "deployment_id": secrets.token_hex(8),
        "contracts": addresses,
        "builds": builds,
        "code_hashes": {name: code_hash(node, address) for name, address in addresses.items()},
    }


def _stand(node: Node, known: dict[str, Any]) -> bool:
    return all(code_hash(node, known["contracts"][name]) == known["code_hashes"][name] for name in NAMES)


def _people(node: Node, admin: UnlockedAccount, keys: Path, addresses: dict[str, str]) -> People:
    def held(role: str) -> KeyAccount:
        return KeyAccount(node.web3, open_key(keys / f"{role}.json", keys / f"{role}.pass"))

    return People(
        admin=admin, authority=held("authority"), benchmark=held("benchmark"), provider=held("provider"),
        relayer=addresses["relayer"], keeper=addresses["keeper"],
        operator=UnlockedAccount(node.web3, OPERATOR_ACCOUNT).address,
        guardian=UnlockedAccount(node.web3, GUARDIAN_ACCOUNT).address,
    )  # fmt: skip


def _caught_up(web3: Web3, state: Path) -> bool | None:
    # Block 1 is the clock's first; below the journal's height it is still replaying.
    return web3.eth.block_number >= max(1, record.journal_height(state)) or None


def main() -> int:
    """Entry; says in one sentence what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rpc", default="http://127.0.0.1:28545")
    parser.add_argument("--keys", type=Path, default=Path(".local/keys"))
    parser.add_argument("--state", type=Path, default=Path(".local/chain"))
    parser.add_argument("--wait", type=float, default=180.0, help="seconds to wait for the node and its clock")
    given = parser.parse_args()
    try:
        done = deploy(given.rpc, given.keys, given.state, time.monotonic() + given.wait)
    except NotYetError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 1
    print(f"registry {done['registry']} and {len(done['contracts']) - 1} more contracts on chain {done['chain_id']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
