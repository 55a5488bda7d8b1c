"""The service works on the chain and the code that its deployment names, and on no other."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak

from gridseal.errors import ConfigError
from settlement_service.rpc import JsonRpc
from settlement_service.transactions.contracts import Calls, Contracts, load_abis

CODE = b"\x60\x01"
REGISTRY = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
TOLD = {
    "chain_id": 31337,
    "registry": REGISTRY,
    "deployed_block": 2,
    "code_hash": "0x" + keccak(CODE).hex(),
    "deployment_id": "one",
    "contracts": {"Settlement": "0x" + "22" * 20},
}
CALLS = Calls(load_abis())


class Node(JsonRpc):
    """Says which chain it serves and which code is there."""

    def __init__(self, chain_id: int = 31337, code: bytes = CODE) -> None:
        self.chain_id, self.code, self.asked = chain_id, code, 0

    async def ask_all(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        self.asked += 1
        return [hex(self.chain_id), "0x" + self.code.hex()]


def told(folder: Path, **changes: Any) -> Path:
    file = folder / "deployment.json"
    file.write_text(json.dumps(TOLD | changes))
    return file


async def test_a_deployment_is_confirmed_once_and_again_when_asked(tmp_path: Path) -> None:
    node = Node()
    contracts = Contracts(told(tmp_path), node)
    place = await contracts.place()
    again = await contracts.place()
    asked_once = node.asked
    await contracts.place(fresh=True)

    assert place is not None
    assert place == again
    assert (place.deployment_id, place.addresses["Settlement"]) == ("one", "0x" + "22" * 20)
    assert place.addresses["ForecastRegistry"].lower() == REGISTRY
    assert (asked_once, node.asked) == (1, 2)


async def test_another_chain_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="leads to chain 1, "):
        await Contracts(told(tmp_path), Node(chain_id=1)).place()


async def test_other_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="other code"):
        await Contracts(told(tmp_path), Node(code=b"\x60\x02")).place()


async def test_what_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    assert await Contracts(told(tmp_path), Node(code=b"")).place() is None
    assert await Contracts(tmp_path / "missing.json", Node()).place() is None


def test_refusals_are_read_by_name() -> None:
    closed = keccak(b"GateClosed(uint64,uint256)")[:4] + abi_encode(["uint64", "uint256"], [7, 9])
    text = keccak(b"Error(string)")[:4] + abi_encode(["string"], ["paused"])

    assert CALLS.refusal(closed) == "GateClosed(7, 9)"
    assert CALLS.refusal(text) == "Error(paused)"
    assert CALLS.refusal(b"\x00\x01\x02\x03") == ""


def test_a_call_with_other_arguments_names_what_it_takes() -> None:
    with pytest.raises(ConfigError, match=r"ForecastRegistry.registerAuthority takes \(address, uint8\)"):
        CALLS.encode("ForecastRegistry", "registerAuthority", ["0x1"])
    with pytest.raises(ConfigError, match="has no method"):
        CALLS.encode("ForecastRegistry", "destroy", [])
