"""A remote signer (anvil speaks the same two methods) signs what is asked, and nothing else is taken from it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from eth_account import Account

from gridseal.errors import ChainError
from gridseal.notary.batch import ZERO_HASH, Batch, SigningDomain, signer_of
from settlement_service.ports import NodeAwayError
from settlement_service.remote_signer import RemoteKey
from settlement_service.rpc import JsonRpc, RefusedCallError
from settlement_service.signer import Key

from .anvil_chain import Anvil

FIELDS: Mapping[str, Any] = {
    "type": 2,
    "chainId": 31337,
    "nonce": 3,
    "to": "0x5FbDB2315678afecb367f032d93F642f64180aa3",
    "value": 0,
    "gas": 60_000,
    "maxFeePerGas": 2_000,
    "maxPriorityFeePerGas": 1_000,
    "data": b"\x01\x02\x03",
}
DOMAIN = SigningDomain(chain_id=31337, registry="0x" + "ab" * 20)
BATCH = Batch(
    **dict.fromkeys(("root", "product_id", "region_id", "levels_hash", "model_hash"), "0x" + "11" * 32),
    feature_hash="0x" + "22" * 32,
    leaf_count=3,
    slot=1,
    version=1,
    issued_at=1,
    gate_closure=2,
    delivery_start=2,
    prev_batch=ZERO_HASH,
    nonce=5,
)


class Answering(JsonRpc):
    """A signer that gives one answer, whatever it is asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def ask(self, method: str, *params: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture(scope="module")
def anvil(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anvil]:
    node = Anvil(tmp_path_factory.mktemp("signer"))
    node.start()
    yield node
    node.stop()


@pytest.mark.servers
async def test_it_signs_transactions_and_batches(anvil: Anvil) -> None:
    [address, *_] = anvil.ask("eth_accounts")
    async with JsonRpc.open(anvil.url, 10) as rpc:
        key = RemoteKey(rpc, address)
        tx_hash, raw = await key.sign(FIELDS)
        signature = await key.sign_batch(BATCH, DOMAIN)

    assert Account.recover_transaction(raw).lower() == address.lower()
    assert len(tx_hash) == 66
    assert signer_of(BATCH, DOMAIN, signature).lower() == address.lower()


@pytest.mark.parametrize(
    "changes", [{"nonce": 4}, {"data": b""}, {"to": "0x" + "00" * 20}, {"value": 1}, {"chainId": 1}, {"gas": 1}]
)
async def test_another_transaction_than_asked_is_refused(changes: dict[str, Any]) -> None:
    key = Key(b"\x42" * 32)
    _, raw = await key.sign({**FIELDS, **changes})

    with pytest.raises(ChainError, match="something else"):
        await RemoteKey(Answering("0x" + raw.hex()), key.address).sign(FIELDS)


async def test_another_signer_than_asked_is_refused() -> None:
    key, other = Key(b"\x42" * 32), Key(b"\x43" * 32)
    _, raw = await other.sign(FIELDS)
    signature = await other.sign_batch(BATCH, DOMAIN)

    with pytest.raises(ChainError, match="something else"):
        await RemoteKey(Answering("0x" + raw.hex()), key.address).sign(FIELDS)
    with pytest.raises(ChainError, match="signature is not that"):
        await RemoteKey(Answering("0x" + signature.hex()), key.address).sign_batch(BATCH, DOMAIN)


@pytest.mark.parametrize("answer", ["0x", "0x02", "0x02" + "ff" * 40])
async def test_rubbish_is_refused(answer: str) -> None:
    with pytest.raises(ChainError, match="something else"):
        await RemoteKey(Answering(answer), Key(b"\x42" * 32).address).sign(FIELDS)


@pytest.mark.parametrize("problem", [NodeAwayError("no answer"), RefusedCallError("eth_signTransaction", "locked")])
async def test_a_signer_that_is_away_or_refuses_is_waited_for(problem: Exception) -> None:
    with pytest.raises(NodeAwayError, match="SIGNER_URL"):
        await RemoteKey(Answering(problem), Key(b"\x42" * 32).address).sign(FIELDS)
    with pytest.raises(NodeAwayError, match="SIGNER_URL"):
        await RemoteKey(Answering(problem), Key(b"\x42" * 32).address).sign_batch(BATCH, DOMAIN)
