"""Put the registry on the local chain: keys, funds, contract, authority. Run again, it changes nothing.

    python blockchain/scripts/deploy.py --rpc http://127.0.0.1:28545 --keys .local/keys --state .local/chain

The node's own first account (its key is public, it is for the local chain only) pays, deploys and
owns the registry; a real chain is never deployed to by this script.
"""

import argparse
import json
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from eth_account import Account
from eth_utils.crypto import keccak
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.exceptions import Web3Exception
from web3.types import TxParams

ABI_FILE = Path(__file__).resolve().parents[1] / "abi" / "ForecastRegistry.json"
LOCAL_CHAIN_ID = 31337
ACCOUNT_SIGNER = 1
RELAYER_FUNDS = 1_000 * 10**18
T = TypeVar("T")


class NotYetError(Exception):
    """A condition did not come true in time."""


def wait_for(what: str, deadline: float, ask: Callable[[], T | None]) -> T:
    """Ask until the answer is something, or the deadline passes."""
    while True:
        try:
            found = ask()
        except (OSError, Web3Exception):
            found = None
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise NotYetError(f"{what}: not within the time given")
        time.sleep(0.1)


def keep_key(folder: Path, name: str) -> str:
    """Address of the keystore ``name``; made with a random passphrase if there is none."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    store, passphrase = folder / f"{name}.json", folder / f"{name}.pass"
    if not store.exists():
        word = secrets.token_hex(24)
        account = Account.create()
        _write_private(passphrase, word)
        _write_private(store, json.dumps(Account.encrypt(account.key, word)))
    address = str(json.loads(store.read_text())["address"])
    return str(Web3.to_checksum_address(address if address.startswith("0x") else "0x" + address))


def keep_secret(folder: Path, name: str) -> None:
    """A file with a random 32-byte key in hexadecimal; made if there is none."""
    path = folder / name
    if not path.exists():
        _write_private(path, secrets.token_hex(32))


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text + "\n")


def journal_height(state: Path) -> int:
    """Number of the newest block that the chain clock has written down."""
    path = state / "journal.jsonl"
    if not path.exists():
        return 0
    lines = path.read_bytes().splitlines(keepends=True)
    return max((int(json.loads(line)["number"]) for line in lines if line.endswith(b"\n")), default=0)


class Deployer:
    """The first account of the node, and what it does."""

    def __init__(self, web3: Web3, deadline: float) -> None:
        self._web3 = web3
        self._deadline = deadline
        self._sender = web3.eth.accounts[0]

    @property
    def owner(self) -> str:
        """Address that owns the registry."""
        return str(self._sender)

    def send(self, transaction: dict[str, Any]) -> Any:
        """Send and wait for the receipt."""
        fee = {"maxFeePerGas": 20 * 10**9, "maxPriorityFeePerGas": 10**9}
        whole = cast(TxParams, {"from": self._sender, **fee, **transaction})
        digest = self._web3.eth.send_transaction(whole)
        receipt = wait_for("receipt (does the chain clock run?)", self._deadline, lambda: self._receipt(digest))
        if receipt["status"] != 1:
            raise NotYetError("the local chain refused a transaction of the deployment")
        return receipt

    def _receipt(self, digest: Any) -> Any:
        try:
            return self._web3.eth.get_transaction_receipt(digest)
        except Web3Exception:
            return None

    def fund(self, address: str) -> None:
        """Give a relayer money for gas, once it has less than a tenth of a full purse."""
        if self._web3.eth.get_balance(Web3.to_checksum_address(address)) < RELAYER_FUNDS // 10:
            self.send({"to": address, "value": RELAYER_FUNDS, "gas": 21_000})

    def registry(self, known: dict[str, Any] | None) -> tuple[Contract, dict[str, Any]]:
        """The registry and its record: the one in ``deployment.json`` if its code is there, else a new one."""
        built = json.loads(ABI_FILE.read_text())
        if known is not None:
            address = Web3.to_checksum_address(known["registry"])
            if "0x" + keccak(self._web3.eth.get_code(address)).hex() == known["code_hash"]:
                return self._web3.eth.contract(address=address, abi=built["abi"]), known
        factory = self._web3.eth.contract(abi=built["abi"], bytecode=built["bytecode"])
        receipt = self.send({"data": factory.constructor(self.owner).data_in_transaction, "gas": 3_000_000})
        contract = self._web3.eth.contract(address=receipt["contractAddress"], abi=built["abi"])
        # Tells a new chain from a restarted one: address, block and code are the same in both.
        return contract, {"deployed_block": receipt["blockNumber"], "deployment_id": secrets.token_hex(8)}

    def register(self, registry: Contract, authority: str) -> None:
        """Let the authority have runs sealed."""
        if registry.functions.signerKind(authority).call() == 0:
            data = registry.encode_abi("registerAuthority", [authority, ACCOUNT_SIGNER])
            self.send({"to": registry.address, "data": data, "gas": 100_000})


def deploy(rpc: str, keys: Path, state: Path, deadline: float) -> dict[str, Any]:
    """Do what is still to do and return what ``deployment.json`` says."""
    authority, relayer = keep_key(keys, "authority"), keep_key(keys, "relayer")
    keep_secret(keys, "batch-secrets.key")
    web3 = Web3(HTTPProvider(rpc, request_kwargs={"timeout": 10}))
    chain_id = wait_for(f"node at {rpc}", deadline, lambda: web3.eth.chain_id)
    if chain_id != LOCAL_CHAIN_ID:
        raise NotYetError(f"the node serves chain {chain_id}: this script deploys to {LOCAL_CHAIN_ID} only")
    wait_for("chain clock", deadline, lambda: _caught_up(web3, state))
    path = state / "deployment.json"
    known = json.loads(path.read_text()) if path.exists() else None
    deployer = Deployer(web3, deadline)
    deployer.fund(relayer)
    registry, placed = deployer.registry(known)
    deployer.register(registry, authority)
    written = {
        "chain_id": chain_id,
        "registry": registry.address,
        "authority": authority,
        "deployed_block": placed["deployed_block"],
        "code_hash": "0x" + keccak(web3.eth.get_code(registry.address)).hex(),
        "deployment_id": placed.get("deployment_id", "first"),
    }
    if written != known:
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(written, indent=1) + "\n")
        fresh.replace(path)
    return written


def _caught_up(web3: Web3, state: Path) -> bool | None:
    # Block 1 is the clock's first; below the journal's height it is still replaying.
    return web3.eth.block_number >= max(1, journal_height(state)) or None


def main() -> int:
    """Entry; says in one sentence what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rpc", default="http://127.0.0.1:28545")
    parser.add_argument("--keys", type=Path, default=Path(".local/keys"))
    parser.add_argument("--state", type=Path, default=Path(".local/chain"))
    parser.add_argument("--wait", type=float, default=60.0, help="seconds to wait for the node and its clock")
    given = parser.parse_args()
    try:
        done = deploy(given.rpc, given.keys, given.state, time.monotonic() + given.wait)
    except NotYetError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 1
    print(f"registry {done['registry']} on chain {done['chain_id']}, authority {done['authority']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
