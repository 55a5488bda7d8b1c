"""What each key may call. A key that is stolen through this service can do no more than this list.

The list is applied twice: when an order comes in, and again to the finished transaction just before it is signed, so
that a row changed in the database does not get past it.
"""

from collections.abc import Mapping
from typing import Any, Final

from gridseal.errors import ConfigError
from settlement_service.transactions.contracts import Calls, Place
from settlement_service.transactions.orders import KeyName

ALLOWED: Final[Mapping[KeyName, frozenset[tuple[str, str]]]] = {
    "relayer": frozenset(
        {
            ("ForecastRegistry", "notarize"),
            ("ForecastRegistry", "notarizeAgain"),
            ("ForecastRegistry", "notarizeMany"),
        }
    ),
    "provider": frozenset({("ActualsRegistry", "propose"), ("ActualsRegistry", "withdraw"), ("Token", "approve")}),
    "keeper": frozenset(
        {
            ("ActualsRegistry", "finalize"),
            ("ActualsRegistry", "expire"),
            ("ActualsRegistry", "payTreasury"),
            ("Settlement", "open"),
            ("Settlement", "countLeaves"),
            ("Settlement", "reveal"),
            ("Settlement", "settle"),
        }
    ),
    "authority": frozenset({("Settlement", "join"), ("Settlement", "leave")}),
    "benchmark": frozenset({("Settlement", "join"), ("Settlement", "leave")}),
}


def require_allowed(key: KeyName, contract: str, method: str) -> None:
    """Refuse an order that the key is not for.

    Raises:
        ConfigError: The key may not call this method.
    """
    if (contract, method) not in ALLOWED[key]:
        raise ConfigError(f"the {key} key may not call {contract}.{method}: see transactions/allowed.py")


def require_harmless(key: KeyName, address: str, fields: Mapping[str, Any], place: Place, calls: Calls) -> None:
    """Refuse to sign anything but a listed call without money, or an empty transaction to oneself.

    Raises:
        ConfigError: It is neither.
    """
    to, data = str(fields["to"]), bytes(fields["data"])
    if fields["chainId"] == place.chain_id and fields["value"] == 0:
        if to == address and not data:
            return  # fills a gap of nonces
        for contract, method in ALLOWED[key]:
            if place.addresses.get(contract) == to and calls.selector(contract, method) == data[:4]:
                return
    raise ConfigError(f"the {key} key does not sign this transaction to {to}: it is not in its list of calls")
