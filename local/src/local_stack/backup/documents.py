"""Documents of a MongoDB-protocol server, in the files of ``mongodump``: ``mongorestore`` reads them as well.

One ``<database>/<collection>.bson`` with the documents one after the other, and beside it ``.metadata.json`` with the
indexes. What is written while a collection is read may be in it or not; each document is whole.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bson import decode_file_iter, json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from local_stack.errors import StackError

OF_THE_SERVER: Final = frozenset({"admin", "local", "config"})
BATCH: Final = 500
AS_BYTES: Final = CodecOptions(document_class=RawBSONDocument)
Client = MongoClient[RawBSONDocument]


def connected(url: str) -> Client:
    """A client that reads documents as the bytes they are."""
    return MongoClient(url, document_class=RawBSONDocument, serverSelectionTimeoutMS=5_000)


def save(client: Client, folder: Path) -> dict[str, int]:
    """Every collection of every database of ours; documents by collection.

    Raises:
        StackError: The server does not answer.
    """
    counts: dict[str, int] = {}
    try:
        for database in sorted(set(client.list_database_names()) - OF_THE_SERVER):
            for name in sorted(client[database].list_collection_names()):
                if name.startswith("system."):
                    continue
                stem = folder / database / name
                stem.parent.mkdir(parents=True, exist_ok=True)
                counts[f"{database}.{name}"] = _save_one(client, database, name, stem)
    except PyMongoError as error:
        raise StackError(f"MongoDB does not answer: {type(error).__name__}") from error
    return counts


def _save_one(client: Client, database: str, name: str, stem: Path) -> int:
    collection, saved = client[database][name], 0
    indexes = [dict(index) for index in collection.list_indexes()]
    Path(f"{stem}.metadata.json").write_text(
        json_util.dumps({"indexes": indexes, "collectionName": name}, json_options=json_util.CANONICAL_JSON_OPTIONS)
    )
    with Path(f"{stem}.bson").open("wb") as stream:
        for document in collection.find({}, batch_size=BATCH).sort("_id", 1):
            stream.write(document.raw)
            saved += 1
    return saved


def restore(client: Client, folder: Path) -> dict[str, int]:
    """Documents and indexes into collections that are empty; documents by collection, counted on the server.

    Raises:
        StackError: A collection has documents already, or the server does not answer or take one.
    """
    counts: dict[str, int] = {}
    files = sorted(folder.glob("*/*.bson"))
    try:
        for file in files:
            collection = client[file.parent.name][file.stem]
            if collection.count_documents({}, limit=1):
                raise StackError(f"{file.parent.name}.{file.stem} has documents already: restore into an empty one")
        for file in files:
            database, name = file.parent.name, file.stem
            collection = client[database][name]
            for batch in _batches(file):
                collection.insert_many(batch, ordered=False)
            _make_indexes(client, database, name, file.with_suffix(".metadata.json"))
            counts[f"{database}.{name}"] = collection.count_documents({})
    except PyMongoError as error:
        raise StackError(f"MongoDB does not take the backup: {type(error).__name__}") from error
    return counts


def _batches(file: Path) -> Iterator[list[RawBSONDocument]]:
    batch: list[RawBSONDocument] = []
    with file.open("rb") as stream:
        for document in decode_file_iter(stream, AS_BYTES):
            batch.append(document)
            if len(batch) == BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def _make_indexes(client: Client, database: str, name: str, file: Path) -> None:
    for index in json_util.loads(file.read_text())["indexes"]:
        if index["name"] == "_id_":
            continue
        options = {k: v for k, v in index.items() if k not in {"key", "v", "ns"}}
        client[database][name].create_index(list(index["key"].items()), **options)
