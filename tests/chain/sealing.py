"""Contracts put on any client by plain signed transactions, a run sealed there, and its proof file."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.contract import Contract
from web3.types import TxReceipt

from gridseal.notary.batch import SigningDomain, batch_of, sign_batch, tree_of
from gridseal.notary.envelope import envelope_of
from gridseal.notary.proof_file import FORMAT, ProofFile, open_forecast
from gridseal.wire.forecasts import ForecastRun, Point, SeriesForecast, run_id

from ..conftest import ROOT, eventually

LEVELS = (500, 1000, 2500, 5000, 7500, 9000, 9500)
SERIES = "home-01/net"
SECRET = b"\x05" * 32
FUNDS = 10**18
GAS = 5_000_000


@dataclass
class Chain:
    """A client, one account that pays, and what was deployed with it."""

    web3: Web3
    payer: LocalAccount
    free_gas: bool = False
    hour_s: int = 3_600
    """Seconds that stand for an hour. With less than 3,600 they pass as the world's do."""

    @classmethod
    def on(cls, web3: Web3, *, free_gas: bool = False, hour_s: int = 3_600) -> "Chain":
        """A new account; it gets funds from the client's own where gas costs something."""
        payer = Account.create()
        if not free_gas:
            sent = web3.eth.send_transaction(
                {"from": web3.eth.accounts[0], "to": payer.address, "value": Web3.to_wei(1, "ether")}
            )
            eventually(lambda: _receipt(web3, sent), within_s=30, what="the funds")
        return cls(web3, payer, free_gas, hour_s)

    def send(self, sender: LocalAccount | None = None, **fields: Any) -> TxReceipt:
        """Sign, send and wait; the transaction must succeed. The payer sends, or ``sender``."""
        account = sender or self.payer
        price = 0 if self.free_gas else 2 * self.web3.eth.gas_price
        nonce = self.web3.eth.get_transaction_count(account.address)
        whole = {"chainId": self.web3.eth.chain_id, "nonce": nonce, "gas": GAS, "gasPrice": price, "value": 0, **fields}
        signed = account.sign_transaction(whole)
        sent = self.web3.eth.send_raw_transaction(signed.raw_transaction)
        receipt = eventually(lambda: _receipt(self.web3, sent), within_s=30, what="a receipt")
        assert receipt["status"] == 1
        return receipt

    def deploy(self, name: str, *arguments: Any) -> Contract:
        """A contract of ``blockchain/abi``."""
        built = json.loads((ROOT / "blockchain" / "abi" / f"{name}.json").read_text())
        factory = self.web3.eth.contract(abi=built["abi"], bytecode=built["bytecode"])
        receipt = self.send(data=factory.constructor(*arguments).data_in_transaction)
        return self.web3.eth.contract(address=receipt["contractAddress"], abi=built["abi"])

    def call(self, contract: Contract, function: str, *arguments: Any, sender: LocalAccount | None = None) -> TxReceipt:
        """A transaction to a contract."""
        return self.send(sender, to=contract.address, data=contract.encode_abi(function, list(arguments)))

    def now(self) -> int:
        """Time of the newest block."""
        return int(self.web3.eth.get_block("latest")["timestamp"])

    def wait(self, seconds: int) -> None:
        """Let the chain's time pass."""
        if self.hour_s < 3_600:
            until = self.now() + seconds
            eventually(lambda: self.now() >= until, within_s=2 * seconds + 30, what=f"{seconds} s of the chain")
            return
        for method, arguments in (("evm_increaseTime", [seconds]), ("evm_mine", [])):
            self.web3.provider.make_request(method, arguments)  # type: ignore[arg-type]


def _receipt(web3: Web3, sent: Any) -> TxReceipt | None:
    try:
        return web3.eth.get_transaction_receipt(sent)
    except Exception:  # not there yet: each client says it in its own way
        return None


def a_run(issued_at: datetime, periods: int = 24, hour_s: int = 3_600) -> ForecastRun:
    """A run of two series whose first period, and gate, is an hour from now."""
    hour = timedelta(seconds=hour_s)
    slot = issued_at.replace(microsecond=0)
    first = slot + hour
    points = tuple(
        Point(
            target_start=first + i * hour,
            values_milli=tuple(1_000_000 * (12 - abs(i - 12)) + 250_000 * q for q in range(len(LEVELS))),
        )
        for i in range(periods)
    )
    names = (SERIES, "home-02/net")
    series = tuple(
        SeriesForecast(series_id=n, unit="W", resolution_s=hour_s, model="lstm", rung=0, data_age_s=0, points=points)
        for n in names
    )
    return ForecastRun(
        run_id=run_id("site-6h", slot, "1", 1),
        tenant_id="demo",
        product_id="site-6h",
        region_id="demo",
        slot=slot,
        issued_at=slot,
        delivery_start=first,
        gate_closure=first,
        levels_bps=LEVELS,
        model_name="site-6h",
        model_version="1",
        model_hash="0x" + "11" * 32,
        feature_hash="0x" + "22" * 32,
        series=series,
    )


def seal(chain: Chain, *, target_start: int | None = None) -> ProofFile:
    """Deploy a registry, seal a run by a new authority, and open one series of it."""
    web3 = chain.web3
    registry = chain.deploy("ForecastRegistry", chain.payer.address)
    authority = Account.create()
    chain.call(registry, "registerAuthority", authority.address, 1)
    run = a_run(datetime.fromtimestamp(web3.eth.get_block("latest")["timestamp"], UTC))
    domain = SigningDomain(chain_id=web3.eth.chain_id, registry=registry.address)
    last = "0x" + registry.functions.lastBatch(authority.address).call().hex()
    batch = batch_of(run, tree_of(run, SECRET).root, prev_batch=last, nonce=0)
    signature = sign_batch(batch, domain, bytes(authority.key))
    receipt = chain.call(registry, "notarize", batch.as_tuple(), authority.address, signature)
    only = None if target_start is None else run.series[0].points[target_start].target_start
    return ProofFile(
        format=FORMAT,
        forecast=open_forecast(run, SERIES, SECRET, only),
        batch=batch,
        authority=authority.address,
        signer="account",
        signature="0x" + signature.hex(),
        erc8281=envelope_of(
            batch.root,
            authority.address,
            registry.address,
            chain_id=domain.chain_id,
            tx_hash="0x" + bytes(receipt["transactionHash"]).hex(),
            block=(receipt["blockNumber"], "0x" + bytes(receipt["blockHash"]).hex()),
            log_position=1,
        ),
    )
