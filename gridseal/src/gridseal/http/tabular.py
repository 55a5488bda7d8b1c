"""Lists of messages as tables: columns by the type of the items, nested fields as ``seal.state``, the rest as JSON."""

import csv
import io
import json
import re
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import AwareDatetime, BaseModel

from gridseal.wire.fields import format_utc
from gridseal.wire.tables import Row

Kind = Literal["bool", "int", "float", "time", "text"]
_FORMULA: Final = frozenset("=+-@\t\r")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_PLAIN: dict[type, Kind] = {bool: "bool", int: "int", float: "float", datetime: "time", AwareDatetime: "time"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column, and where an item has its value."""

    name: str
    kind: Kind
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows. A row may lack a column."""

    columns: tuple[Column, ...]
    rows: Sequence[Row]


def items_of(model: type[BaseModel]) -> type[BaseModel] | None:
    """What the field ``items`` of an answer holds; none if the answer is no list."""
    field = model.model_fields.get("items")
    inner = typing.get_args(field.annotation)[:1] if field is not None else ()
    found = _bare(inner[0]) if inner else None
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def columns_of(model: type[BaseModel], path: tuple[str, ...] = ()) -> tuple[Column, ...]:
    """Columns of one message, in the order of its fields."""
    found: list[Column] = []
    for name, field in model.model_fields.items():
        place, kind = (*path, field.serialization_alias or field.alias or name), _bare(field.annotation)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += columns_of(kind, place)
        else:
            found.append(Column(".".join(place), _PLAIN.get(kind, "text") if isinstance(kind, type) else "text", place))
    return tuple(found)


def table_of_items(model: type[BaseModel], items: Sequence[dict[str, Any]]) -> Table:
    """A list as it stands in a JSON answer."""
    columns = columns_of(model)
    return Table(columns, [{c.name: _at(item, c) for c in columns} for item in items])


def table_of_rows(rows: Sequence[Row]) -> Table:
    """Rows that were made for it; the types are those of the first value of each column."""
    first: dict[str, Any] = {}
    for row in rows:
        for name, value in row.items():
            if first.get(name) is None:
                first[name] = value
    return Table(tuple(Column(n, _PLAIN.get(type(v), "text"), (n,)) for n, v in first.items()), rows)


def to_ndjson(table: Table) -> bytes:
    """One JSON object a line."""
    return "".join(json.dumps(row, default=_text, allow_nan=False) + "\n" for row in table.rows).encode()


def to_csv(table: Table) -> bytes:
    """RFC 4180 with a header; what is not there is empty."""
    out = io.StringIO()
    writer = csv.writer(out)
    names = [c.name for c in table.columns]
    writer.writerow(names)
    for row in table.rows:
        writer.writerow([_cell(row.get(name)) for name in names])
    return out.getvalue().encode()


def to_parquet(table: Table) -> bytes:
    """Typed columns, times as microseconds in UTC."""
    import pyarrow
    from pyarrow import parquet

    kinds = {
        "bool": pyarrow.bool_(), "int": pyarrow.int64(), "float": pyarrow.float64(), "text": pyarrow.string(),
        "time": pyarrow.timestamp("us", tz="UTC"),
    }  # fmt: skip
    schema = pyarrow.schema([(c.name, kinds[c.kind]) for c in table.columns])
    columns = [[_typed(row.get(c.name), c.kind) for row in table.rows] for c in table.columns]
    out = pyarrow.BufferOutputStream()
    made = pyarrow.table(columns, schema=schema) if columns else pyarrow.table({})
    parquet.write_table(made, out)
    return bytes(out.getvalue())


WRITERS: dict[str, Callable[[Table], bytes]] = {"ndjson": to_ndjson, "csv": to_csv, "parquet": to_parquet}


def _bare(annotation: Any) -> Any:
    """The type without ``None`` and notes; a choice between several stays what it is."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _bare(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        rest = [a for a in typing.get_args(annotation) if a is not type(None)]
        return _bare(rest[0]) if len(rest) == 1 else annotation
    return annotation


def _at(item: dict[str, Any], column: Column) -> Any:
    value: Any = item
    for part in column.path:
        value = value.get(part) if isinstance(value, dict) else None
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict | list) else value


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return _harmless(value)
    return str(value).lower() if isinstance(value, bool) else _text(value) if isinstance(value, datetime) else value


def _harmless(text: str) -> str:
    """What a spreadsheet would take for a formula gets an apostrophe before it, as OWASP advises; numbers do not."""
    return "'" + text if text[:1] in _FORMULA and not _NUMBER.fullmatch(text) else text


def _text(value: Any) -> str:
    return format_utc(value) if isinstance(value, datetime) else str(value)


def _typed(value: Any, kind: Kind) -> Any:
    if value is None:
        return None
    if kind == "time" and isinstance(value, str):
        return datetime.fromisoformat(value)
    return float(value) if kind == "float" else str(value) if kind == "text" else value
