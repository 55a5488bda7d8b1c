"""Documents, lake, chain and models come back as they were saved, also when they are written meanwhile.

On the document server that the demo runs (SecantusDB, or the machine's own), real Delta tables and the journal of a
chain. Not proven here: MongoDB itself where none is installed, and object stores.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from bson import Binary, Decimal128, Int64, encode
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from local_stack.backup import manifest
from local_stack.backup.__main__ import Places, restore
from local_stack.backup.folders import height_of, save_lake, version_of
from local_stack.errors import StackError
from local_stack.scratch_servers import ScratchServers
from streaming_processor.lake.tables import LakeTable, TableSpec

pytestmark = pytest.mark.servers
SPEC = TableSpec("silver/readings", pa.schema([("n", pa.int64()), ("day", pa.string())]), ("day",))
AWKWARD: dict[str, Any] = {
    "text": "ü\n\0é", "when": datetime(2026, 1, 1, 1, 2, 3, 4000, UTC), "bytes": Binary(b"\x00\xff"), "no": None,
    "long": Int64(2**60), "money": Decimal128("12.340"), "nan": float("nan"), "deep": {"a": [1, {"b": [True]}]},
}  # fmt: skip


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScratchServers]:
    own = ScratchServers(tmp_path_factory.mktemp("stores"))
    own.start("mongo")
    yield own
    own.stop()


@pytest.fixture
def mongo(servers: ScratchServers) -> Iterator["MongoClient[RawBSONDocument]"]:
    url = servers.environment()["GRIDSEAL_MONGO_URL"]
    with MongoClient[RawBSONDocument](url, document_class=RawBSONDocument) as client:
        yield client
        client.drop_database("gridseal")


def run(servers: ScratchServers, state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**servers.environment(), "GRIDSEAL_STATE_DIR": str(state), "LAKE_URL": str(state / "lake")}
    argv = [sys.executable, "-m", "local_stack.backup", *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=env)


def a_lake(state: Path, commits: int = 3) -> LakeTable:
    table = LakeTable(str(state / "lake"), SPEC)
    for n in range(commits):
        table.append(a_batch(n), {"kafka": n})
    return table


def a_batch(n: int) -> pa.Table:
    return pa.table({"n": list(range(n * 10, n * 10 + 10)), "day": [f"2026-06-{1 + n % 3:02}"] * 10})


def a_chain(state: Path, blocks: int = 3) -> None:
    folder = state / "chain"
    folder.mkdir(parents=True)
    lines = [json.dumps({"number": n, "timestamp": 1_000 + n, "transactions": []}) for n in range(1, blocks + 1)]
    (folder / "journal.jsonl").write_text("\n".join(lines) + '\n{"number": 99, "timest')
    (folder / "deployment.json").write_text('{"registry": "0x1"}')


def an_installation(state: Path, client: "MongoClient[RawBSONDocument]") -> None:
    a_lake(state)
    a_chain(state)
    (state / "data" / "mlflow" / "1").mkdir(parents=True)
    (state / "data" / "mlflow" / "1" / "model.pt").write_bytes(bytes(range(256)))
    client["gridseal"]["alerts"].insert_many([raw({"_id": f"a{n}", "n": n, **AWKWARD}) for n in range(601)])
    client["gridseal"]["alerts"].create_index([("raised_at", -1), ("_id", -1)], name="newest")
    client["gridseal"]["assets"].insert_one(raw({"_id": "home-01"}))


def raw(document: dict[str, Any]) -> RawBSONDocument:
    return RawBSONDocument(encode(document))


def content(client: "MongoClient[RawBSONDocument]") -> dict[str, list[bytes]]:
    names = sorted(client["gridseal"].list_collection_names())
    return {name: [bytes(d.raw) for d in client["gridseal"][name].find().sort("_id", 1)] for name in names}


def test_everything_comes_back_byte_by_byte(
    servers: ScratchServers, mongo: "MongoClient[RawBSONDocument]", tmp_path: Path
) -> None:
    state, again = tmp_path / "state", tmp_path / "again"
    an_installation(state, mongo)
    before, indexes = content(mongo), mongo["gridseal"]["alerts"].index_information()

    saved = run(servers, state, "save", str(tmp_path / "kept"))
    [folder] = (tmp_path / "kept").iterdir()
    mongo.drop_database("gridseal")
    back = run(servers, again, "restore", str(folder))

    assert (saved.returncode, back.returncode) == (0, 0), saved.stderr + back.stderr
    assert "mongo gridseal.alerts 601" in back.stdout
    assert content(mongo) == before
    assert set(mongo["gridseal"]["alerts"].index_information()) == set(indexes) >= {"newest"}
    table = LakeTable(str(again / "lake"), SPEC)
    assert sorted(table.select("SELECT n FROM t")["n"].to_pylist()) == list(range(30))
    assert table.position("kafka") == 2, "the lake goes on where it was"
    assert height_of(again / "chain") == 3
    assert (again / "chain" / "deployment.json").read_text() == '{"registry": "0x1"}'
    assert (again / "data" / "mlflow" / "1" / "model.pt").read_bytes() == bytes(range(256))
    assert folder.stat().st_mode & 0o077 == 0


def test_a_table_that_is_written_meanwhile_is_whole_at_one_version(tmp_path: Path) -> None:
    table, stop = a_lake(tmp_path, 1), threading.Event()

    def write() -> None:
        n = 1
        while not stop.is_set():
            table.append(a_batch(n), {"kafka": n})
            if n % 5 == 0:
                table.table().create_checkpoint()
            n += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        copies = [tmp_path / f"copy{n}" for n in range(4)]
        versions = [save_lake(tmp_path / "lake", copy)["silver/readings"] for copy in copies]
    finally:
        stop.set()
        writer.join()

    assert versions == sorted(versions)
    for copy, version in zip(copies, versions, strict=True):
        copied = LakeTable(str(copy), SPEC)
        assert copied.table().version() == version == version_of(copy / "silver" / "readings")
        assert copied.select("SELECT count(*) AS n FROM t")["n"].to_pylist() == [version * 10]


def a_backup(folder: Path) -> Path:
    (folder / "mongo" / "gridseal").mkdir(parents=True)
    (folder / "mongo" / "gridseal" / "alerts.bson").write_bytes(bytes(range(100)))
    manifest.write(folder, {"mongo gridseal.alerts": 1})
    return folder


@pytest.mark.parametrize("how", ["changed", "missing", "more"])
def test_a_damaged_backup_is_refused_and_named(tmp_path: Path, how: str) -> None:
    folder = a_backup(tmp_path / "kept")
    assert manifest.sound(folder) == {"mongo gridseal.alerts": 1}
    file = folder / "mongo" / "gridseal" / "alerts.bson"
    if how == "changed":
        file.write_bytes(bytes(range(99)) + b"x")
    elif how == "missing":
        file.unlink()
    else:
        file.with_name("alerts2.bson").write_bytes(b"")

    with pytest.raises(StackError, match="mongo/gridseal/alerts"):
        manifest.sound(folder)
    with pytest.raises(StackError, match="damaged"):
        restore(Places("mongodb://127.0.0.1:1", tmp_path / "l", tmp_path / "c", tmp_path / "m"), folder)
    assert not (tmp_path / "l").exists()


def test_nothing_is_restored_over_what_is_there(
    servers: ScratchServers, mongo: "MongoClient[RawBSONDocument]", tmp_path: Path
) -> None:
    an_installation(tmp_path / "state", mongo)
    run(servers, tmp_path / "state", "save", str(tmp_path / "kept"))
    [folder] = (tmp_path / "kept").iterdir()

    lake = run(servers, tmp_path / "state", "restore", str(folder))
    documents = run(servers, tmp_path / "empty", "restore", str(folder))

    assert (lake.returncode, documents.returncode) == (1, 1)
    assert "is not empty" in lake.stderr
    assert "has documents already" in documents.stderr


def test_without_a_server_there_is_no_backup(tmp_path: Path) -> None:
    env = {**os.environ, "GRIDSEAL_MONGO_URL": "mongodb://127.0.0.1:1", "GRIDSEAL_STATE_DIR": str(tmp_path)}
    argv = [sys.executable, "-m", "local_stack.backup", "save", str(tmp_path / "kept")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    [folder] = (tmp_path / "kept").iterdir()

    assert done.returncode == 1
    assert "MongoDB does not answer" in done.stderr
    assert not (folder / "manifest.json").exists()


def test_a_journal_with_a_hole_is_not_called_a_backup(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_text('{"number": 1}\n{"number": 3}\n')

    with pytest.raises(StackError, match="lacks blocks"):
        height_of(tmp_path)
