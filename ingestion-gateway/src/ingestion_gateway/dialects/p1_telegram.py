"""A DSMR P1 telegram: its checksum and its objects.

The checksum is CRC-16/ARC over everything from ``/`` to ``!``, in hexadecimal behind the ``!``; versions 2 and 3 and
plain IEC 62056-21 meters have none, and one heat meter prints it without leading zeros.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ingestion_gateway.dialects.dialect import DialectError
from ingestion_gateway.dialects.payloads import check_size

MAX_TELEGRAM_BYTES: Final = 16_384
_LINE: Final = re.compile(r"(\d{1,3})-(\d{1,3}):(\d{1,3}\.\d{1,3}\.\d{1,3})(?:\*\d{1,3})?((?:\([^()]*\))+)")
_NUMBER: Final = re.compile(r"(-?\d{1,12}(?:\.\d{1,9})?)\*([A-Za-z]{1,6}\d?)")
_BARE: Final = re.compile(r"-?\d{1,12}(?:\.\d{1,9})")
_CHECKSUM: Final = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,4})[ \t]*(?:\r?\n|$)")
_TIME: Final = "1.0.0"
_VERSIONS: Final = (("1-3", "0.2.8"), ("0-0", "96.1.4"))
"""Whoever states a version of the Dutch or the Belgian standard has a checksum."""


@dataclass(frozen=True, slots=True)
class Telegram:
    """The electricity side of a telegram."""

    time: str | None
    """As written; local, with W or S."""
    values: dict[str, tuple[Decimal, str]]
    """OBIS code (C.D.E) of medium 1 → number and unit as written."""


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ 0xA001 if byte & 1 else byte >> 1
    return byte


_REMAINDERS: Final = tuple(_remainder(byte) for byte in range(256))


def crc16(data: bytes) -> int:
    """CRC-16/ARC: polynomial 0xA001 reflected, start 0."""
    crc = 0
    for byte in data:
        crc = (crc >> 8) ^ _REMAINDERS[(crc ^ byte) & 0xFF]
    return crc


def parse_telegram(payload: bytes) -> Telegram:
    """Check and read one telegram.

    Raises:
        DialectError: It is none, or its checksum is missing or wrong.
    """
    check_size(payload, MAX_TELEGRAM_BYTES)
    start, end = payload.find(b"/"), payload.find(b"!")
    if start < 0 or end < start or payload[:start].strip():
        raise DialectError("payload should be a telegram from / to !", reason="not_a_telegram")
    objects = dict(_objects(payload[start:end].decode("latin-1")))
    given = _CHECKSUM.match(payload, end + 1)
    if given is not None:
        if int(given[1], 16) != crc16(payload[start : end + 1]):
            raise DialectError("the telegram's checksum is wrong", reason="bad_checksum")
    elif any(version in objects for version in _VERSIONS):
        raise DialectError("a telegram of this version should have a checksum", reason="bad_checksum")
    time = objects.get(("0-0", _TIME))
    return Telegram(time.strip("()") if time else None, dict(_values(objects)))


def _objects(text: str) -> list[tuple[tuple[str, str], str]]:
    found = []
    for line in text.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match is not None:
            found.append(((f"{match[1]}-{match[2]}", match[3]), match[4]))
    return found


def _values(objects: dict[tuple[str, str], str]) -> list[tuple[str, tuple[Decimal, str]]]:
    found = []
    for (channel, code), raw in objects.items():
        if channel != "1-0" or raw.count("(") != 1:
            continue
        inner = raw[1:-1]
        match = _NUMBER.fullmatch(inner)
        if match is not None:
            found.append((code, (Decimal(match[1]), match[2])))
        elif _BARE.fullmatch(inner):
            found.append((code, (Decimal(inner), "")))
    return found
