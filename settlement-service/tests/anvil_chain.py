"""An anvil node that a test can stop, reorganize and starve, with the registry on it."""

import json
import secrets
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from eth_account import Account
from eth_utils.crypto import keccak
from web3 import HTTPProvider, Web3

from local_stack.scratch import free_port

ROOT = Path(__file__).resolve().parents[2]
ANVIL = ROOT / "blockchain/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
CHAIN_ID = 31337
GAS = {"maxFeePerGas": 10**11, "maxPriorityFeePerGas": 10**9}


@dataclass
class Anvil:
    """Mines only when it is told to."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60, verify=False))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, with the state that it had when it was stopped."""
        argv = [str(ANVIL), "--host", "127.0.0.1", "--port", str(self.port), "--no-mining", "--silent"]
        state = ["--state", str(self.folder / "state.json"), "--chain-id", str(CHAIN_ID), "--hardfork", "cancun"]
        with (self.folder / "anvil.log").open("ab") as log:
            self.process = subprocess.Popen([*argv, *state, *self.options], stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.ask("eth_chainId")
                return
            except httpx.HTTPError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        """End it gently: it writes its state down."""
        self.http.close()
        self.http = httpx.Client(timeout=60, verify=False)
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
            self.process = None

    def freeze(self, seconds: float) -> None:
        """It takes connections and does not answer."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)
            time.sleep(seconds)
            self.process.send_signal(signal.SIGCONT)

    def ask(self, method: str, *params: Any) -> Any:
        """One call."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self.http.post(self.url, json=body).json()
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def mine(self, blocks: int = 1) -> None:
        """Blocks with what is pending, at the wall clock's time."""
        for _ in range(blocks):
            self.ask("evm_mine")

    def reorganize(self, depth: int) -> None:
        """Other, empty blocks in place of the newest; what was in them is forgotten."""
        self.ask("anvil_reorg", depth, [])

    def pending(self) -> list[dict[str, Any]]:
        """Transactions that wait for a block."""
        pool = self.ask("txpool_content")
        parts = (pool["pending"], pool["queued"])
        return [tx for part in parts for by_nonce in part.values() for tx in by_nonce.values()]

    def deploy(self) -> None:
        """Keys, funds, registry, authority: what ``blockchain/scripts/deploy.py`` does for the local stack."""
        keys = self.folder / "keys"
        keys.mkdir(exist_ok=True)
        (keys / "batch-secrets.key").write_text(secrets.token_hex(32))
        authority, relayer = _key(keys, "authority"), _key(keys, "relayer")
        self.ask("anvil_setBalance", relayer, hex(10**21))
        web3 = Web3(HTTPProvider(self.url))
        built = json.loads((ROOT / "blockchain/abi/ForecastRegistry.json").read_text())
        owner = web3.eth.accounts[0]
        factory = web3.eth.contract(abi=built["abi"], bytecode=built["bytecode"])
        receipt = self._mined(web3, factory.constructor(owner).transact({"from": owner, **GAS}))
        registry = web3.eth.contract(address=receipt["contractAddress"], abi=built["abi"])
        self._mined(web3, registry.functions.registerAuthority(authority, 1).transact({"from": owner, **GAS}))
        told = {
            "chain_id": CHAIN_ID,
            "registry": registry.address,
            "authority": authority,
            "deployed_block": receipt["blockNumber"],
            "code_hash": "0x" + keccak(web3.eth.get_code(registry.address)).hex(),
            "deployment_id": secrets.token_hex(8),
        }
        (self.folder / "deployment.json").write_text(json.dumps(told))

    def recorded(self) -> list[str]:
        """Roots of every batch in the registry, oldest first."""
        told = json.loads((self.folder / "deployment.json").read_text())
        event = "0x" + keccak(b"BatchNotarized(bytes32,address,bytes32,uint64,uint32,uint32,uint64,bytes32)").hex()
        query = {"address": told["registry"], "fromBlock": "0x0", "topics": [event]}
        return [log["topics"][1] for log in self.ask("eth_getLogs", query)]

    def _mined(self, web3: Web3, digest: Any) -> Any:
        self.mine()
        return web3.eth.get_transaction_receipt(digest)


def _key(folder: Path, name: str) -> str:
    account = Account.create()
    document = Account.encrypt(account.key, "word", kdf="pbkdf2", iterations=2)
    (folder / f"{name}.json").write_text(json.dumps(document))
    (folder / f"{name}.pass").write_text("word\n")
    return str(account.address)
