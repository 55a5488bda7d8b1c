"""The wire format of Sparkplug B payloads, fields numbered by the specification; only those used here.

Made from a table, not compiled: templates, data sets and files stay unknown fields that the parser steps over.
"""

import struct
from typing import Any, Final

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from ingestion_gateway.dialects.dialect import DialectError
from ingestion_gateway.dialects.payloads import MAX_ITEMS, check_size

_F = FieldDescriptorProto
_LARGEST: Final = 3.4028234e38
_PACKAGE: Final = "gridseal.sparkplug"
_MESSAGES: Final[dict[str, list[tuple[str, int, int | str]]]] = {
    "PropertyValue": [
        ("type", 1, _F.TYPE_UINT32),
        ("is_null", 2, _F.TYPE_BOOL),
        ("int_value", 3, _F.TYPE_UINT32),
        ("long_value", 4, _F.TYPE_UINT64),
        ("float_value", 5, _F.TYPE_FLOAT),
        ("double_value", 6, _F.TYPE_DOUBLE),
        ("boolean_value", 7, _F.TYPE_BOOL),
        ("string_value", 8, _F.TYPE_BYTES),
    ],
    "PropertySet": [("*keys", 1, _F.TYPE_BYTES), ("*values", 2, "PropertyValue")],
    "Metric": [
        ("name", 1, _F.TYPE_BYTES),
        ("alias", 2, _F.TYPE_UINT64),
        ("timestamp", 3, _F.TYPE_UINT64),
        ("datatype", 4, _F.TYPE_UINT32),
        ("is_historical", 5, _F.TYPE_BOOL),
        ("is_transient", 6, _F.TYPE_BOOL),
        ("is_null", 7, _F.TYPE_BOOL),
        ("properties", 9, "PropertySet"),
        ("int_value", 10, _F.TYPE_UINT32),
        ("long_value", 11, _F.TYPE_UINT64),
        ("float_value", 12, _F.TYPE_FLOAT),
        ("double_value", 13, _F.TYPE_DOUBLE),
        ("boolean_value", 14, _F.TYPE_BOOL),
        ("string_value", 15, _F.TYPE_BYTES),
    ],
    "Payload": [("timestamp", 1, _F.TYPE_UINT64), ("*metrics", 2, "Metric"), ("seq", 3, _F.TYPE_UINT64)],
}
"""Text is read as bytes and decoded by us, so that what is not UTF-8 is a refusal and not an accident."""


def _payload_class() -> Any:
    file = FileDescriptorProto(name="gridseal/sparkplug.proto", package=_PACKAGE, syntax="proto2")
    for message_name, fields in _MESSAGES.items():
        message = file.message_type.add(name=message_name)
        for name, number, kind in fields:
            label = _F.LABEL_REPEATED if name[0] == "*" else _F.LABEL_OPTIONAL
            field = message.field.add(name=name.lstrip("*"), number=number, label=label)
            if isinstance(kind, str):
                field.type, field.type_name = _F.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
            else:
                field.type = kind  # type: ignore[assignment]
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


Payload: Final[Any] = _payload_class()


def parse_payload(payload: bytes) -> Any:
    """Parse one payload.

    Raises:
        DialectError: It is no Sparkplug B payload, or has too many metrics.
    """
    check_size(payload)
    try:
        message = Payload.FromString(payload)
    except DecodeError as error:
        raise DialectError("payload is not a Sparkplug B payload", reason="not_protobuf") from error
    if len(message.metrics) > MAX_ITEMS:
        raise DialectError(f"more than {MAX_ITEMS} metrics", reason="too_large")
    return message


def text(raw: bytes) -> str:
    """UTF-8 text of a field.

    Raises:
        DialectError: It is not UTF-8.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise DialectError("text should be UTF-8", reason="not_protobuf") from error


def rebirth_request(at_ms: int) -> bytes:
    """The command that asks an edge node for its birth."""
    message = Payload(timestamp=at_ms)
    message.metrics.add(name=b"Node Control/Rebirth", timestamp=at_ms, datatype=BOOLEAN, boolean_value=True)
    encoded: bytes = message.SerializeToString()
    return encoded


INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, FLOAT, DOUBLE, BOOLEAN = range(1, 12)
_WIDTH: Final = {INT8: 8, INT16: 16, INT32: 32, INT64: 64, UINT8: 8, UINT16: 16, UINT32: 32, UINT64: 64}
_SIGNED: Final = frozenset({INT8, INT16, INT32, INT64})


def value_of(metric: Any, datatype: int) -> float | None:
    """The number a metric carries; None for null and for what is no number.

    Signed integers travel as unsigned two's complement in the width of their type.
    """
    if metric.is_null:
        return None
    if datatype in _WIDTH:
        width = _WIDTH[datatype]
        if metric.HasField("int_value"):
            raw = int(metric.int_value)
        elif metric.HasField("long_value"):
            raw = int(metric.long_value)
        else:
            return None
        raw &= (1 << width) - 1
        return float(raw - (1 << width) if datatype in _SIGNED and raw >> (width - 1) else raw)
    if datatype == FLOAT and metric.HasField("float_value"):
        return _shortest(float(metric.float_value))
    if datatype == DOUBLE and metric.HasField("double_value"):
        return float(metric.double_value)
    return None


def _shortest(single: float) -> float:
    """The shortest decimal that is this single: 0.1, and not 0.10000000149."""
    for digits in range(6, 9):
        short = float(f"{single:.{digits}g}")
        if abs(short) < _LARGEST and struct.unpack("f", struct.pack("f", short))[0] == single:
            return short
    return single


def properties_of(metric: Any) -> dict[str, str | int]:
    """The text and whole-number properties of a metric."""
    found: dict[str, str | int] = {}
    for key, value in zip(metric.properties.keys, metric.properties.values, strict=False):
        if value.HasField("string_value"):
            found[text(key)] = text(value.string_value)
        elif value.HasField("int_value"):
            found[text(key)] = int(value.int_value)
    return found
