"""A key does what it is for, whoever asks."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest
from eth_account import Account

from gridseal.errors import ConfigError
from settlement_service.signer import Key
from settlement_service.transactions.allowed import ALLOWED, require_allowed
from settlement_service.transactions.contracts import Calls, Place, load_abis
from settlement_service.transactions.orders import KeyName
from settlement_service.transactions.signing import Guarded

CALLS = Calls(load_abis())
NAMES = sorted({contract for methods in ALLOWED.values() for contract, _ in methods})
PLACE = Place(31337, "one", {name: "0x" + f"{number + 1:040x}" for number, name in enumerate(NAMES)})
KEY = Key(b"\x42" * 32)


def fields(contract: str, method: str, **changes: Any) -> Mapping[str, Any]:
    data = (CALLS.selector(contract, method) or b"") + b"\x00" * 32
    fees = {"maxFeePerGas": 2, "maxPriorityFeePerGas": 1}
    whole = {"type": 2, "chainId": 31337, "nonce": 7, "value": 0, "gas": 50_000, **fees}
    return {**whole, "to": PLACE.addresses[contract], "data": data, **changes}


def test_every_listed_method_exists() -> None:
    listed = {pair for methods in ALLOWED.values() for pair in methods}

    assert [pair for pair in sorted(listed) if CALLS.selector(*pair) is None] == []
    assert set(ALLOWED) == set(get_args(KeyName))


def test_the_notary_key_can_only_notarize() -> None:
    assert {contract for contract, _ in ALLOWED["relayer"]} == {"ForecastRegistry"}
    assert all(method.startswith("notarize") for _, method in ALLOWED["relayer"])
    for contract, method in {pair for name in ALLOWED if name != "relayer" for pair in ALLOWED[name]}:
        with pytest.raises(ConfigError, match="may not call"):
            require_allowed("relayer", contract, method)


async def test_what_is_listed_is_signed_by_the_key() -> None:
    tx_hash, raw = await Guarded("relayer", KEY, PLACE, CALLS).sign(fields("ForecastRegistry", "notarize"))

    assert Account.recover_transaction(raw) == KEY.address
    assert len(tx_hash) == 66


@pytest.mark.parametrize(
    "changes",
    [
        {"value": 1},
        {"chainId": 1},
        {"to": "0x" + "99" * 20},
        {"to": PLACE.addresses["Settlement"]},
        {"data": b""},
        {"data": b"\xa9\x05\x9c\xbb" + b"\x00" * 64},
    ],
)
async def test_anything_else_is_not_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="does not sign"):
        await Guarded("relayer", KEY, PLACE, CALLS).sign(fields("ForecastRegistry", "notarize", **changes))


async def test_an_empty_transaction_to_oneself_fills_a_gap() -> None:
    filler = fields("ForecastRegistry", "notarize", to=KEY.address, data=b"")

    assert await Guarded("keeper", KEY, PLACE, CALLS).sign(filler)
    with pytest.raises(ConfigError):
        await Guarded("keeper", KEY, PLACE, CALLS).sign({**filler, "value": 1})
