"""Which contract is where, and how its calls are written."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from gridseal.errors import ConfigError
from settlement_service.rpc import JsonRpc, number, octets

Abi = Sequence[Mapping[str, Any]]
ROLES = {"LocalToken": "Token"}
"""Contracts that are known by what they are for: another chain has another token."""
BUILT_IN = {  # what every contract can say, whatever its ABI lists
    keccak(b"Error(string)")[:4]: ("Error", ["string"]),
    keccak(b"Panic(uint256)")[:4]: ("Panic", ["uint256"]),
}


@dataclass(frozen=True, slots=True)
class Place:
    """One deployment of the contracts. ``deployment_id`` changes when a new chain is started."""

    chain_id: int
    deployment_id: str
    addresses: Mapping[str, str]
    """Checksummed, by the contract's name."""
    deployed_block: int = 0
    """Nothing of it is in an earlier block."""


class Calls:
    """Writes calls by the committed ABIs and reads answers and refusals."""

    def __init__(self, abis: Mapping[str, Abi]) -> None:
        self._functions = {
            (contract, str(entry["name"])): [*entry["inputs"]]
            for contract, abi in abis.items()
            for entry in abi
            if entry["type"] == "function"
        }
        self._outputs = {
            (contract, str(entry["name"])): [_kind(o) for o in entry["outputs"]]
            for contract, abi in abis.items()
            for entry in abi
            if entry["type"] == "function"
        }
        self._errors = dict(BUILT_IN)
        for abi in abis.values():
            for entry in abi:
                if entry["type"] == "error":
                    kinds = [_kind(i) for i in entry["inputs"]]
                    self._errors[_selector(str(entry["name"]), kinds)] = (str(entry["name"]), kinds)

    def selector(self, contract: str, method: str) -> bytes | None:
        """First four bytes of a call; None if the contract has no such method."""
        inputs = self._functions.get((contract, method))
        return None if inputs is None else _selector(method, [_kind(i) for i in inputs])

    def encode(self, contract: str, method: str, arguments: Sequence[Any]) -> bytes:
        """A whole call.

        Raises:
            ConfigError: The contract has no such method, or it takes other arguments.
        """
        inputs = self._functions.get((contract, method))
        if inputs is None:
            raise ConfigError(f"the ABI of {contract} has no method {method}: run `npm run build` in blockchain/")
        kinds = [_kind(i) for i in inputs]
        try:
            values = [_value(entry, value) for entry, value in zip(inputs, arguments, strict=True)]
            return _selector(method, kinds) + abi_encode(kinds, values)
        except (EncodingError, ValueError, TypeError, KeyError) as error:
            raise ConfigError(f"{contract}.{method} takes ({', '.join(kinds)}): {error}") from error

    def arguments(self, contract: str, method: str, calldata: bytes) -> tuple[Any, ...] | None:
        """The values of a call; None if it is a call of something else."""
        if calldata[:4] != self.selector(contract, method):
            return None
        return tuple(abi_decode([_kind(i) for i in self._functions[contract, method]], calldata[4:]))

    def answer(self, contract: str, method: str, data: bytes) -> tuple[Any, ...]:
        """What a reading method returned."""
        return tuple(abi_decode(self._outputs[contract, method], data))

    def refusal(self, data: bytes) -> str:
        """What a contract said when it refused, as ``Name(values)``; empty if it said nothing readable."""
        known = self._errors.get(data[:4])
        if known is None:
            return ""
        name, kinds = known
        try:
            values = abi_decode(kinds, data[4:])
        except DecodingError:
            return name
        return f"{name}({', '.join(_shown(v) for v in values)})"


class Contracts:
    """The deployment that ``deployment.json`` names, once the node confirms it."""

    def __init__(self, file: Path, rpc: JsonRpc) -> None:
        self._file = file
        self._rpc = rpc
        self._read: tuple[str, Place] | None = None

    async def place(self, *, fresh: bool = False) -> Place | None:
        """Where the contracts are; None while they are not deployed. Checked with the node once per file content.

        Raises:
            ConfigError: The node serves another chain, or other code stands at the registry's address.
        """
        try:
            text = await asyncio.to_thread(self._file.read_text)
            told = json.loads(text)
        except (OSError, ValueError):
            return None
        if not fresh and self._read is not None and self._read[0] == text:
            return self._read[1]
        if not await self._confirmed(told):
            return None
        registry = {"ForecastRegistry": told["registry"]}
        addresses = {name: str(to_checksum_address(at)) for name, at in (registry | told.get("contracts", {})).items()}
        place = Place(
            chain_id=int(told["chain_id"]),
            deployment_id=str(told.get("deployment_id", told["code_hash"])),
            addresses=addresses,
            deployed_block=int(told["deployed_block"]),
        )
        self._read = (text, place)
        return place

    async def _confirmed(self, told: Mapping[str, Any]) -> bool:
        chain, code = await self._rpc.ask_all(
            [("eth_chainId", []), ("eth_getCode", [to_checksum_address(told["registry"]), "latest"])]
        )
        if number(chain) != told["chain_id"]:
            raise ConfigError(
                f"GRIDSEAL_CHAIN_RPC_URL leads to chain {number(chain)}, {self._file} is for chain {told['chain_id']}"
            )
        if not octets(code):
            return False  # a restarted local node is being given its blocks back
        if "0x" + keccak(octets(code)).hex() != told["code_hash"]:
            raise ConfigError(f"other code than {self._file} says stands at {told['registry']}: deploy again")
        return True


def load_abis() -> dict[str, Abi]:
    """The ABIs in the package, by contract."""
    found: dict[str, Abi] = {}
    for file in (files("settlement_service") / "abi").iterdir():
        if file.name.endswith(".json"):
            name = file.name.removesuffix(".json")
            found[ROLES.get(name, name)] = json.loads(file.read_text())
    return found


def _selector(name: str, kinds: Sequence[str]) -> bytes:
    return keccak(f"{name}({','.join(kinds)})".encode())[:4]


def _kind(entry: Mapping[str, Any]) -> str:
    kind = str(entry["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_kind(c) for c in entry['components'])}){kind.removeprefix('tuple')}"


def _value(entry: Mapping[str, Any], value: Any) -> Any:
    kind = str(entry["type"])
    if kind.endswith("]"):
        inner = {**entry, "type": kind[: kind.rindex("[")]}
        return [_value(inner, part) for part in value]
    if kind == "tuple":
        parts = [value[c["name"]] for c in entry["components"]] if isinstance(value, Mapping) else value
        return tuple(_value(c, part) for c, part in zip(entry["components"], parts, strict=True))
    if kind.startswith("bytes") and isinstance(value, str):
        return octets(value)
    return value


def _shown(value: Any) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
