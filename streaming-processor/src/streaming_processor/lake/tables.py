"""Delta tables by name: opened or made, written with the positions that they were written up to, kept tidy.

A position travels in the same commit as the rows that led to it (Delta's application transactions),
so after a crash at any moment a table holds either both or neither. Two writers of one position
exclude each other: the second commit is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, QueryBuilder, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from gridseal.errors import UnavailableError
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TableSpec:
    """What a table is made of."""

    name: str
    """Path below the lake's address."""
    schema: pa.Schema
    partition_by: tuple[str, ...]


class LakeTable:
    """One table. Nothing is cached between calls but the handle, which is brought up to date before each."""

    def __init__(self, lake_url: str, spec: TableSpec) -> None:
        self.spec = spec
        self.url = f"{lake_url.rstrip('/')}/{spec.name}"
        if "://" not in self.url:
            Path(self.url).mkdir(parents=True, exist_ok=True)
            self.url = str(Path(self.url).resolve())
        self._handle: DeltaTable | None = None

    def table(self) -> DeltaTable:
        """The newest version; an empty table where there was none.

        Raises:
            UnavailableError: The storage does not answer.
        """
        try:
            if self._handle is None:
                self._handle = self._open()
            else:
                self._handle.update_incremental()
        except (DeltaError, OSError) as error:
            self._handle = None
            raise UnavailableError(f"the lake's table {self.spec.name} cannot be opened: {error}") from error
        return self._handle

    def _open(self) -> DeltaTable:
        try:
            return DeltaTable(self.url)
        except TableNotFoundError:
            return DeltaTable.create(
                self.url, schema=self.spec.schema, mode="ignore", partition_by=list(self.spec.partition_by)
            )

    def position(self, key: str) -> int | None:
        """Up to where the table was written from a source; None if never."""
        found: int | None = self.table().transaction_version(key)
        return found

    def append(self, rows: pa.Table, positions: Mapping[str, int], metadata: Mapping[str, str] | None = None) -> None:
        """Add rows and move the positions, in one commit.

        Raises:
            UnavailableError: Another writer was there first, or the storage does not answer. Nothing was written.
        """
        self._write(rows, "append", positions, metadata or {})

    def replace(self, rows: pa.Table, metadata: Mapping[str, str]) -> int:
        """Make rows the whole content of a new version, and return its number."""
        self._write(rows, "overwrite", {}, metadata)
        return self.table().version()

    def _write(self, rows: pa.Table, mode: str, positions: Mapping[str, int], metadata: Mapping[str, str]) -> None:
        commit = CommitProperties(
            custom_metadata=dict(metadata),
            app_transactions=[Transaction(key, at) for key, at in sorted(positions.items())],
            # A writer that retries would not see that another moved the position.
            max_commit_retries=0 if positions else None,
        )
        try:
            if mode == "append":
                write_deltalake(self.table(), rows.cast(self.spec.schema), mode="append", commit_properties=commit)
            else:
                write_deltalake(self.table(), rows.cast(self.spec.schema), mode="overwrite", commit_properties=commit)
        except (CommitFailedError, DeltaError, OSError) as error:
            self._handle = None
            raise UnavailableError(f"the lake's table {self.spec.name} was not written: {error}") from error

    def select(self, query: str) -> pa.Table:
        """Rows by SQL over the newest version, which is called ``t``."""
        return _rows(self.table(), query)

    def as_of(self, version: int) -> pa.Table:
        """The whole content of an earlier version."""
        return _rows(DeltaTable(self.url, version=version), "SELECT * FROM t")

    def tidy(self, keep_hours: int) -> dict[str, int]:
        """Put small files together, write a checkpoint, and delete what no version needed for ``keep_hours``."""
        table = self.table()
        done = table.optimize.compact()
        table.create_checkpoint()
        # Below a week Delta asks for confirmation: a reader of an old version may be at work.
        gone: Sequence[str] = table.vacuum(
            retention_hours=keep_hours, dry_run=False, enforce_retention_duration=keep_hours >= 168
        )
        counts = {"added": done["numFilesAdded"], "removed": done["numFilesRemoved"], "deleted": len(gone)}
        log.info("lake_table_tidied", table=self.spec.name, version=table.version(), **counts)
        return counts


def _rows(table: DeltaTable, query: str) -> pa.Table:
    """Read by DataFusion.

    The threads of pyarrow's datasets call back into Python, and some outlive the interpreter: the
    process then aborts after its work is done (apache/arrow#34314).
    """
    found = pa.table(QueryBuilder().register("t", table).execute(query))
    return found.cast(pa.schema([_plain(field) for field in found.schema]))


def _plain(field: pa.Field) -> pa.Field:
    """DataFusion's views of strings and bytes as the plain types."""
    views = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}
    return field.with_type(views.get(field.type, field.type))
