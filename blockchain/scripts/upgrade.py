"""Replace the settlement module of a deployment, in two steps with the pool's delay between them.

    python blockchain/scripts/upgrade.py propose RECORD --rpc URL --keystore FILE --passphrase-file FILE
    python blockchain/scripts/upgrade.py finish RECORD --rpc URL --keystore FILE --passphrase-file FILE

``propose`` puts up a new Settlement over the same registry, pool, actuals and scorer and proposes it; whoever
disagrees can unbond before it comes in. ``finish`` puts it in place once the delay is over and writes it down.
The registry, the actuals and the pool are never replaced. The key is the admin's.
"""

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deployment import record
from deployment.contracts import at, build_hash, built, code_hash, settlement_arguments
from deployment.keys import open_key
from deployment.node import Account, KeyAccount, Node, NotYetError
from web3 import HTTPProvider, Web3


def propose(node: Node, account: Account, written: dict[str, Any]) -> dict[str, Any]:
    """Put up a new module and propose it; the record with it as ``next_settlement``."""
    if "next_settlement" in written:
        raise NotYetError(f"{written['next_settlement']['address']} is proposed already: finish that first")
    told = built("Settlement")
    factory = node.web3.eth.contract(abi=told["abi"], bytecode=told["bytecode"])
    data = factory.constructor(*settlement_arguments(written["contracts"])).data_in_transaction
    address = str(node.send(account, {"data": data, "gas": 6_000_000})["contractAddress"])
    pool = at(node, "StakePool", written["contracts"]["StakePool"])
    node.send(account, {"to": pool.address, "data": pool.encode_abi("proposeSettlement", [address]), "gas": 150_000})
    ready_at = int(pool.functions.nextSettlementAt().call())
    return {**written, "next_settlement": {"address": address, "ready_at": ready_at, "build": build_hash("Settlement")}}


def finish(node: Node, account: Account, written: dict[str, Any]) -> dict[str, Any]:
    """Put the proposed module in place; the record with it as ``Settlement``."""
    proposed = written.get("next_settlement")
    if proposed is None:
        raise NotYetError("nothing is proposed: run propose first")
    if node.now() < proposed["ready_at"]:
        raise NotYetError(f"the module may come in at {datetime.fromtimestamp(proposed['ready_at'], UTC)}, not before")
    pool = at(node, "StakePool", written["contracts"]["StakePool"])
    node.send(account, {"to": pool.address, "data": pool.encode_abi("changeSettlement", []), "gas": 150_000})
    address = str(proposed["address"])
    done = {name: value for name, value in written.items() if name != "next_settlement"}
    return done | {
        "contracts": {**written["contracts"], "Settlement": address},
        "builds": {**written["builds"], "Settlement": proposed["build"]},
        "code_hashes": {**written["code_hashes"], "Settlement": code_hash(node, address)},
        "former": [*written.get("former", []), {"Settlement": written["contracts"]["Settlement"]}],
    }


def main() -> int:
    """Entry; says in one sentence what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["propose", "finish"])
    parser.add_argument("record", type=Path)
    parser.add_argument("--rpc", required=True)
    parser.add_argument("--keystore", type=Path, required=True)
    parser.add_argument("--passphrase-file", type=Path, required=True)
    parser.add_argument("--wait", type=float, default=900.0)
    given = parser.parse_args()
    web3 = Web3(HTTPProvider(given.rpc, request_kwargs={"timeout": 30}))
    node = Node(web3, time.monotonic() + given.wait)
    account = KeyAccount(web3, open_key(given.keystore, given.passphrase_file))
    written = record.read(given.record)
    try:
        if written is None:
            raise NotYetError(f"{given.record} does not exist")
        done = (propose if given.step == "propose" else finish)(node, account, written)
    except NotYetError as error:
        print(f"upgrade: {error}", file=sys.stderr)
        return 1
    record.write(given.record, done)
    print(f"{given.step}: done, {given.record} says so")
    return 0


if __name__ == "__main__":
    sys.exit(main())
