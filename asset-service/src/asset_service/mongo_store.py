"""The catalog in MongoDB: one collection per kind of record, ``_id`` is the record key.

A document holds the record as JSON under ``record``, its ``revision`` and the
``published_revision``, which together are the outbox. A removed record stays as a document
without ``record``, so that its next life goes on counting. What people changed stands in the same
document: ``edits`` over the preset, ``history`` of who changed what when.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import TypeAdapter
from pymongo import AsyncMongoClient
from pymongo.errors import DuplicateKeyError, PyMongoError

from asset_service.edits import EditedBy
from asset_service.presets import Record
from asset_service.reconcile import Kept, Target
from gridseal.access.tenant_documents import OwnDocuments
from gridseal.errors import ConfigError, UnavailableError
from gridseal.wire.catalog import Asset, CatalogRecord, Product, Series, Site

COLLECTIONS: Final[dict[str, str]] = {"site": "sites", "asset": "assets", "series": "series", "product": "products"}
_KINDS: Final[dict[type[Record], str]] = {Site: "sites", Asset: "assets", Series: "series", Product: "products"}
_RECORD: TypeAdapter[Record] = TypeAdapter(CatalogRecord)


class MongoCatalogStore:
    """``CatalogStore`` on any server that speaks the MongoDB protocol."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]], database: str, tenant: str) -> None:
        self._client = client
        self._tenant = tenant
        self._collections = {name: OwnDocuments(client[database][name], tenant) for name in COLLECTIONS.values()}

    async def kept(self) -> Mapping[str, Kept]:
        """Every record by key, removed ones included. Those from before there were tenants become this one's."""
        found: dict[str, Kept] = {}
        try:
            for documents in self._collections.values():
                await documents.adopt({"record.tenant_id": {"$in": [None, self._tenant]}})
                async for document in documents.find():
                    found[document["_id"]] = Kept(_record(document), document["revision"])
        except PyMongoError as error:
            raise _unavailable() from error
        return found

    async def save(self, target: Target) -> None:
        """Insert or raise one record to its target revision; a newer one in the store stays.

        Raises:
            ConfigError: Another tenant has a record of this key.
        """
        content = {
            "record": target.record.model_dump(mode="json") if target.record else None,
            "revision": target.revision,
            "published_revision": target.revision if target.published else 0,
        }
        documents = self._documents(target.key)
        try:
            result = await documents.update_one(
                {"_id": target.key, "revision": {"$lte": target.revision}}, {"$set": content}
            )
            if result.matched_count == 0:
                await documents.insert_one({"_id": target.key} | content)
        except DuplicateKeyError as error:
            await self._refuse_others(target.key, error)
        except PyMongoError as error:
            raise _unavailable() from error

    async def unpublished(self) -> Sequence[Target]:
        """Records whose newest revision is not marked as published."""
        found: list[dict[str, Any]] = []
        try:
            for documents in self._collections.values():
                found.extend([document async for document in documents.find()])
        except PyMongoError as error:
            raise _unavailable() from error
        waiting = [one for one in found if one["published_revision"] != one["revision"]]
        return sorted((Target(one["_id"], _record(one), one["revision"], False) for one in waiting), key=_key)

    async def mark_published(self, key: str, revision: int) -> None:
        """Note that this revision is on the topic; ignored when the record has moved on."""
        try:
            await self._documents(key).update_one(
                {"_id": key, "revision": revision}, {"$set": {"published_revision": revision}}
            )
        except PyMongoError as error:
            raise _unavailable() from error

    async def edits(self) -> Mapping[str, Mapping[str, Any]]:
        """What people changed, by key of the record."""
        try:
            documents = [d async for d in self._collections["assets"].find({"edits": {"$exists": True}})]
        except PyMongoError as error:
            raise _unavailable() from error
        return {document["_id"]: document["edits"] for document in documents}

    async def edit(self, record: Record, revision: int, changes: Mapping[str, Any], by: str, at: datetime) -> bool:
        """Replace a record that still has this revision, and note who changed what; False where it has moved on."""
        update = {
            "$set": {"record": record.model_dump(mode="json"), "revision": revision + 1}
            | {f"edits.{name}": value for name, value in changes.items()},
            "$push": {"history": {"at": at, "by": by, "changes": dict(changes)}},
        }
        try:
            result = await self._documents(record.key).update_one({"_id": record.key, "revision": revision}, update)
        except PyMongoError as error:
            raise _unavailable() from error
        return bool(result.matched_count)

    async def history(self, key: str) -> tuple[int, Sequence[EditedBy]]:
        """Revision of a record, 0 where there is none, and its changes by people, oldest first."""
        try:
            document = await self._documents(key).find_one({"_id": key})
        except PyMongoError as error:
            raise _unavailable() from error
        if document is None or document["record"] is None:
            return 0, ()
        past = document.get("history", ())
        return document["revision"], [EditedBy.model_validate(line | {"at": _utc(line["at"])}) for line in past]

    async def records(self, kind: type[Record], **equal: str) -> Sequence[Record]:
        """The living records of one kind with these field values, ordered by key."""
        query: dict[str, Any] = {"record": {"$ne": None}} | {f"record.{name}": value for name, value in equal.items()}
        try:
            documents = self._collections[_KINDS[kind]].find(query).sort("_id", 1)
            return [record async for document in documents if (record := _record(document)) is not None]
        except PyMongoError as error:
            raise _unavailable() from error

    async def ping(self) -> None:
        """Return when the server answers."""
        try:
            await self._client.admin.command("ping")
        except PyMongoError as error:
            raise _unavailable() from error

    async def _refuse_others(self, key: str, error: DuplicateKeyError) -> None:
        """A newer revision of the own record may stand there; another tenant's may not."""
        try:
            own = await self._documents(key).find_one({"_id": key})
        except PyMongoError as away:
            raise _unavailable() from away
        if own is None:
            raise ConfigError(
                f"{key} is another tenant's: tenants on the same servers need names of their own"
            ) from error

    def _documents(self, key: str) -> OwnDocuments:
        return self._collections[COLLECTIONS[key.split("/", 1)[0]]]


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _key(target: Target) -> str:
    return target.key


def _record(document: Mapping[str, Any]) -> Record | None:
    content = document["record"]
    return None if content is None else _RECORD.validate_python(content, strict=False)


def _unavailable() -> UnavailableError:
    return UnavailableError("the MongoDB server does not answer: check GRIDSEAL_MONGO_URL and that the server runs")
