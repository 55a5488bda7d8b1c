"""SenML (RFC 8428): a pack of records, resolved as its section 4.6 says.

JSON or CBOR; base fields bn, bt, bu, bv, bs, bver carry forward; a time below 2**28 is relative to now. Field names
that end in ``_`` must be understood, and none is: such a pack is refused, as is a version above 10.
"""

import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from cbor2 import CBORDecodeError, CBORDecoder

from ingestion_gateway.dialects.dialect import DialectError
from ingestion_gateway.dialects.payloads import MAX_ITEMS, check_size, number, parse_json

MAX_CBOR_BYTES: Final = 65_536
"""Less than for JSON: CBOR map keys may be numbers chosen to collide."""
_LABELS: Final[dict[int, str]] = {
    **dict(zip(range(-6, 0), ("bs", "bv", "bu", "bt", "bn", "bver"), strict=True)),
    **dict(enumerate(("n", "u", "v", "vs", "vb", "s", "t", "ut", "vd"))),
}
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-:./_]{0,255}")
_RELATIVE: Final = 2**28
_MAX_VERSION: Final = 10
_BUILT_IN_TAGS: Final = (0, 1, 2, 3, 5, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004, 43000, 55799)


@dataclass(frozen=True, slots=True)
class Record:
    """One resolved record."""

    name: str
    unit: str | None
    time_s: float
    """Unix seconds."""
    value: float | None
    """None where the value is a string, a boolean or data."""
    sum: float | None
    """The integral of the value over time: unit times seconds."""


def parse_pack(payload: bytes, now_s: float) -> list[Record]:
    """Read and resolve one pack.

    Raises:
        DialectError: It is none, or says something that this reader must understand and does not.
    """
    content = _cbor(payload) if payload[:1] and 0x80 <= payload[0] <= 0x9F else parse_json(payload)
    if not isinstance(content, list) or len(content) > MAX_ITEMS:
        raise DialectError(f"a pack should be a list of at most {MAX_ITEMS} records")
    base: dict[str, Any] = {}
    resolved = []
    for raw in content:
        record = _fields(raw)
        base.update({key: value for key, value in record.items() if key[0] == "b"})
        if record.keys() & {"v", "vs", "vb", "vd", "s"} or record.keys() & {"n", "t", "u"}:
            resolved.append(_resolve(record, base, now_s))
    return resolved


def _resolve(record: Mapping[str, Any], base: Mapping[str, Any], now_s: float) -> Record:
    name = f"{_text(base, 'bn')}{_text(record, 'n')}"
    if not _NAME.fullmatch(name):
        raise DialectError("n and bn should make a SenML name")
    time_s = (_number(base, "bt") or 0.0) + (_number(record, "t") or 0.0)
    if time_s < _RELATIVE:
        time_s += now_s
    others = record.keys() & {"vs", "vb", "vd"}
    value, total = _number(record, "v"), _number(record, "s")
    if len(others) + ("v" in record) > 1:
        raise DialectError("a record should have one value")
    if not others and (value is not None or "bv" in base):
        value = (value or 0.0) + (_number(base, "bv") or 0.0)
    if total is not None or (not others and "bs" in base):
        total = (total or 0.0) + (_number(base, "bs") or 0.0)
    if not others and value is None and total is None:
        raise DialectError("a record should have a value or a sum")
    return Record(name, _text(record, "u") or _text(base, "bu") or None, time_s, value, total)


def _fields(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise DialectError("a record should be an object")
    record = {}
    for key, value in raw.items():
        label = _LABELS.get(key, "") if type(key) is int else key
        if not isinstance(label, str):  # a CBOR key may be anything, even a map
            raise DialectError("a field should have a text or a number for its name")
        if label.endswith("_"):
            raise DialectError("a field that must be understood is not known here", reason="unsupported")
        if label:
            record[label] = value
    version = _number(record, "bver")
    if version is not None and version > _MAX_VERSION:
        raise DialectError(f"bver should be at most {_MAX_VERSION}", reason="unsupported")
    return record


def _text(record: Mapping[str, Any], key: str) -> str:
    value = record.get(key, "")
    if not isinstance(value, str):
        raise DialectError(f"{key} should be text")
    return value


def _number(record: Mapping[str, Any], key: str) -> float | None:
    if key not in record:
        return None
    value = number(record[key])
    if value is None:
        raise DialectError(f"{key} should be a number")
    if not math.isfinite(value):  # CBOR can write it
        raise DialectError(f"{key} should be a finite number", reason="not_finite")
    return value


def _cbor(payload: bytes) -> Any:
    check_size(payload, MAX_CBOR_BYTES)
    stream = io.BytesIO(payload)
    decoder = CBORDecoder(
        stream,
        tag_hook=_refuse_tag,
        semantic_decoders={**dict.fromkeys(_BUILT_IN_TAGS, _refuse_tag), 4: _decimal},
        max_depth=4,
        allow_indefinite=True,
        allow_duplicate_keys=False,
    )
    try:
        content = decoder.decode()
    except (CBORDecodeError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise DialectError("payload is not plain CBOR", reason="not_cbor") from error
    if stream.tell() != len(payload) and stream.read(1):
        raise DialectError("payload goes on after its CBOR value", reason="not_cbor")
    return content


def _refuse_tag(_value: Any, _immutable: bool) -> Any:
    raise ValueError("SenML uses no CBOR tag but 4")


def _decimal(pair: Any, _immutable: bool) -> float:
    exponent, mantissa = pair
    if type(exponent) is not int or type(mantissa) is not int or abs(exponent) > 30:
        raise ValueError("a decimal fraction should have a small exponent")
    return float(Decimal(mantissa).scaleb(exponent))
