"""Whether the code at an address is the registry of this release.

Without this check a proof file could name a contract of its maker's own that logs anything.
``registry_code.json`` is written by ``blockchain/scripts/export_abi.mjs`` from the compiler's output.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from eth_utils.crypto import keccak


@cache
def _expected() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("gridseal.notary") / "registry_code.json").read_text())
    return found


def is_registry(code: bytes) -> bool:
    """Whether ``code`` is the registry's, apart from its immutables: the chain and its own address."""
    expected = _expected()
    if len(code) != expected["size"]:
        return False
    masked = bytearray(code)
    for start, length in expected["immutables"]:
        masked[start : start + length] = bytes(length)
    return "0x" + keccak(bytes(masked)).hex() == str(expected["hash"])
