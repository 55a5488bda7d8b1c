"""A key behind its list of calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from settlement_service.transactions.allowed import require_harmless
from settlement_service.transactions.contracts import Calls, Place
from settlement_service.transactions.orders import KeyName
from settlement_service.transactions.ports import TransactionSigner


@dataclass(frozen=True, slots=True)
class Guarded:
    """Signs nothing that is not in the key's list, whoever asks and whatever stands in the database."""

    key: KeyName
    signer: TransactionSigner
    place: Place
    calls: Calls

    async def sign(self, fields: Mapping[str, Any]) -> tuple[str, bytes]:
        """Hash and raw form of a type 2 transaction.

        Raises:
            ConfigError: The key is not for this.
            UnavailableError: A remote signer does not answer.
        """
        require_harmless(self.key, self.signer.address, fields, self.place, self.calls)
        return await self.signer.sign(fields)
