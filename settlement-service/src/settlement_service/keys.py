"""Which key signs what, and where each is kept."""

from collections.abc import Mapping
from pathlib import Path

from settlement_service.remote_signer import RemoteKey
from settlement_service.rpc import JsonRpc
from settlement_service.settings import SettlementSettings
from settlement_service.signer import Key, load_key
from settlement_service.transactions.orders import KeyName

REQUIRED: tuple[KeyName, ...] = ("authority", "relayer")
OPTIONAL: tuple[KeyName, ...] = ("benchmark", "provider", "keeper")
HeldKey = Key | RemoteKey


def open_keys(settings: SettlementSettings, folder: Path, remote: JsonRpc | None) -> Mapping[KeyName, HeldKey]:
    """Every key there is. One whose address is set is kept by the remote signer, the others by keystores.

    Raises:
        ConfigError: A required keystore is missing, or its passphrase is wrong.
    """
    found: dict[KeyName, HeldKey] = {}
    for name in (*REQUIRED, *OPTIONAL):
        address = settings.addresses.get(name)
        keystore, passphrase = settings.keystore_of(name, folder)
        if address is not None and remote is not None:
            found[name] = RemoteKey(remote, address)
        elif name in REQUIRED or keystore.exists():
            found[name] = load_key(f"SETTLEMENT_SERVICE_{name.upper()}_KEYSTORE", keystore, passphrase)
    return found
