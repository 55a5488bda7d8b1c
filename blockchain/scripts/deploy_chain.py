"""Put the contracts on a chain that counts, and say what its admin has to call.

    python blockchain/scripts/deploy_chain.py CONFIG --rpc URL --keystore FILE --passphrase-file FILE

CONFIG is JSON; ``blockchain/deployments/README.md`` explains it. What stands is written to
``blockchain/deployments/<chain-id>.json`` after every contract, so that a run that was cut short goes on where it
ended. Where the admin is the account that deploys, its calls are sent too; else they are printed, for a Safe.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from deployment import record
from deployment.contracts import NAMES, Settings, at, build_hash, code_hash, install_settlement, put_up
from deployment.keys import open_key
from deployment.node import KeyAccount, Node, NotYetError
from deployment.setup import Terms, Wanted, calls_of
from web3 import HTTPProvider, Web3

FOLDER = Path(__file__).resolve().parents[1] / "deployments"


def deploy(config: dict[str, Any], node: Node, account: KeyAccount, folder: Path) -> dict[str, Any]:
    """Do what is still to do and return the record."""
    chain_id = node.web3.eth.chain_id
    if chain_id != config["chain_id"]:
        raise NotYetError(f"the node serves chain {chain_id}, the configuration is for {config['chain_id']}")
    path = folder / f"{chain_id}.json"
    written: dict[str, Any] = record.read(path) or {
        "chain_id": chain_id,
        "contracts": {},
        "builds": {},
        "code_hashes": {},
    }
    settings = Settings(**config["settings"])
    _refuse_strangers(node, written)

    def keep(name: str, receipt: Any) -> None:
        written.setdefault("deployed_block", int(receipt["blockNumber"]))
        written["builds"][name] = build_hash(name)
        written["code_hashes"][name] = code_hash(node, written["contracts"][name])
        record.write(path, written)

    put_up(node, account, settings, written["contracts"], keep)
    registry = written["contracts"]["ForecastRegistry"]
    written |= {
        "registry": registry,
        "code_hash": code_hash(node, registry),
        "deployment_id": f"{chain_id}-{registry[2:10].lower()}",
        "authority": config["authority"],
    }
    record.write(path, written)
    if settings.admin == account.address:
        install_settlement(node, account, written["contracts"])
    return written


def _refuse_strangers(node: Node, written: dict[str, Any]) -> None:
    """What is written down must stand where it is said to stand: nothing is built on something else."""
    for name, expected in written["code_hashes"].items():
        if code_hash(node, written["contracts"][name]) != expected:
            raise NotYetError(f"{name} is not what {written['chain_id']}.json says: move that file away to start anew")


def wanted_of(config: dict[str, Any]) -> Wanted:
    """Authorities, roles and terms of a configuration."""
    return Wanted(
        authorities=config.get("authorities", {}),
        roles=config.get("roles", {}),
        terms={name: Terms(**terms) for name, terms in config.get("terms", {}).items()},
        terms_lead=int(config.get("terms_lead", 3_600)),
    )


def main() -> int:
    """Entry; says in one sentence what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--rpc", required=True)
    parser.add_argument("--keystore", type=Path, required=True)
    parser.add_argument("--passphrase-file", type=Path, required=True)
    parser.add_argument("--wait", type=float, default=900.0, help="seconds for the whole deployment")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the record is kept")
    given = parser.parse_args()
    config = json.loads(given.config.read_text())
    web3 = Web3(HTTPProvider(given.rpc, request_kwargs={"timeout": 30}))
    node = Node(web3, time.monotonic() + given.wait)
    account = KeyAccount(web3, open_key(given.keystore, given.passphrase_file))
    try:
        done = deploy(config, node, account, given.folder)
        calls = list(calls_of(node, done["contracts"], wanted_of(config)))
        if config["settings"]["admin"] == account.address:
            for call in calls:
                node.send(account, {"to": call.to, "data": call.data})
        else:
            pool = at(node, "StakePool", done["contracts"]["StakePool"])
            first = [("proposeSettlement", [done["contracts"]["Settlement"]]), ("changeSettlement", [])]
            module = [{"to": pool.address, "data": pool.encode_abi(m, a), "says": m} for m, a in first]
            unset = int(pool.functions.settlement().call(), 16) == 0
            asked = [*(module if unset else []), *({"to": c.to, "data": c.data, "says": c.says} for c in calls)]
            print(json.dumps({"calls_of_the_admin": asked}, indent=1))
    except NotYetError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 1
    print(f"{len(NAMES)} contracts on chain {done['chain_id']}, registry {done['registry']}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
