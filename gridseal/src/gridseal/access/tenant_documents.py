"""Documents of one tenant in a collection of MongoDB that tenants share: no filter can forget whose they are.

MongoDB has no row-level security, so this is the one place that asks collections of tenants' documents anything.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.asynchronous.cursor import AsyncCursor
    from pymongo.results import UpdateResult

Document = dict[str, Any]
_OWNER = "tenant_id"


class OwnDocuments:
    """A collection as one tenant sees it. Raises what the driver raises."""

    def __init__(self, documents: "AsyncCollection[Document]", tenant: str) -> None:
        self._documents = documents
        self._tenant = tenant

    def find(self, wanted: Mapping[str, Any] | None = None) -> "AsyncCursor[Document]":
        """Own documents that match."""
        return self._documents.find(self._own(wanted))

    async def find_one(self, wanted: Mapping[str, Any]) -> Document | None:
        """One own document that matches."""
        return await self._documents.find_one(self._own(wanted))

    async def update_one(self, wanted: Mapping[str, Any], change: Mapping[str, Any]) -> "UpdateResult":
        """Change one own document that matches."""
        return await self._documents.update_one(self._own(wanted), change)

    async def insert_one(self, document: Mapping[str, Any]) -> None:
        """Add an own document; an ``_id`` that another tenant has is a duplicate all the same."""
        await self._documents.insert_one({**document, _OWNER: self._tenant})

    async def adopt(self, wanted: Mapping[str, Any]) -> int:
        """Make documents that match and are nobody's one's own; how many."""
        result = await self._documents.update_many(
            {**wanted, _OWNER: {"$exists": False}}, {"$set": {_OWNER: self._tenant}}
        )
        return int(result.modified_count)

    def _own(self, wanted: Mapping[str, Any] | None) -> Document:
        return {**(wanted or {}), _OWNER: self._tenant}
