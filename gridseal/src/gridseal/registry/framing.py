"""Confluent's framing of a Kafka value: a zero byte, the schema's id in four bytes, the content. Pure.

Gridseal's own topics carry plain JSON with the id in a header; this is for readers and writers
whose tools insist on the frame.
"""

import struct
from typing import Final, NamedTuple

from gridseal.errors import WireError

_HEAD: Final = struct.Struct(">bI")
MAGIC: Final = 0


class Framed(NamedTuple):
    """What stood in a frame."""

    schema_id: int
    content: bytes


def frame(schema_id: int, content: bytes) -> bytes:
    """Put the id in front."""
    return _HEAD.pack(MAGIC, schema_id) + content


def unframe(value: bytes) -> Framed:
    """Take the id off.

    Raises:
        WireError: The value is no frame; plain JSON never begins with a zero byte.
    """
    if len(value) < _HEAD.size or value[0] != MAGIC:
        raise WireError("value refused: it does not begin with Confluent's frame", reason="not_framed")
    _, schema_id = _HEAD.unpack_from(value)
    return Framed(schema_id, value[_HEAD.size :])
