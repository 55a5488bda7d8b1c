"""The text that a wallet signs, by the grammar of EIP-4361. Pure.

Strict: what does not read back to the same characters is refused, so that what a person saw in the wallet is what
is checked here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from eth_utils.address import is_checksum_address

from gridseal.errors import WireError

LONGEST = 4_096
"""Characters; a message with a statement and a few resources has under 600."""
_HEAD = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<domain>[^\s/?#@]+) wants you to sign in with your Ethereum account:"
)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})")
_NONCE = re.compile(r"[0-9A-Za-z]{8,128}")
_ASCII = re.compile(r"[ -~]+")
REQUIRED = ("URI", "Version", "Chain ID", "Nonce", "Issued At")
OPTIONAL = ("Expiration Time", "Not Before", "Request ID")


@dataclass(frozen=True, slots=True)
class SignIn:
    """One message. Moments are wall time."""

    scheme: str | None
    domain: str
    address: str
    statement: str | None
    uri: str
    chain_id: int
    nonce: str
    issued_at: datetime
    expires_at: datetime | None
    not_before: datetime | None
    request_id: str | None
    resources: tuple[str, ...]


def parse(text: str) -> SignIn:
    """Read a message.

    Raises:
        WireError: It is not of the grammar; the text says which part, never what stood there.
    """
    if len(text) > LONGEST:
        raise _wrong("length")
    lines = _Lines(text)
    head = _HEAD.fullmatch(lines.next("first line"))
    if head is None:
        raise _wrong("first line")
    address = lines.next("address")
    if not is_checksum_address(address):
        raise _wrong("address, which must be in the mixed case of EIP-55")
    lines.empty("line after the address")
    statement = _statement(lines)
    fields = dict(_fields(lines))
    resources = tuple(_resources(lines))
    if fields["Version"] != "1":
        raise _wrong("Version, which must be 1")
    return SignIn(
        scheme=head["scheme"],
        domain=head["domain"],
        address=address,
        statement=statement,
        uri=_matching(_ASCII, fields["URI"], "URI"),
        chain_id=_number(fields["Chain ID"]),
        nonce=_matching(_NONCE, fields["Nonce"], "Nonce"),
        issued_at=_moment(fields["Issued At"], "Issued At"),
        expires_at=_optional_moment(fields, "Expiration Time"),
        not_before=_optional_moment(fields, "Not Before"),
        request_id=fields.get("Request ID"),
        resources=resources,
    )


class _Lines:
    """The lines of a text, one after the other."""

    def __init__(self, text: str) -> None:
        if "\r" in text:
            raise _wrong("line ends, which must be LF")
        self._lines = text.split("\n")
        self._at = 0

    def peek(self) -> str | None:
        return self._lines[self._at] if self._at < len(self._lines) else None

    def next(self, what: str) -> str:
        line = self.peek()
        if line is None:
            raise _wrong(what)
        self._at += 1
        return line

    def empty(self, what: str) -> None:
        if self.next(what) != "":
            raise _wrong(what)


def _statement(lines: _Lines) -> str | None:
    statement = lines.next("statement")
    if statement == "":
        return None
    lines.empty("line after the statement")
    return _matching(_ASCII, statement, "statement")


def _fields(lines: _Lines) -> Iterator[tuple[str, str]]:
    for name in (*REQUIRED, *OPTIONAL):
        line, start = lines.peek(), f"{name}: "
        if line is not None and line.startswith(start):
            yield name, lines.next(name).removeprefix(start)
        elif name in REQUIRED:
            raise _wrong(name)


def _resources(lines: _Lines) -> Iterator[str]:
    if lines.peek() is None:
        return
    if lines.next("Resources") != "Resources:":
        raise _wrong("fields, which must stand in the order of EIP-4361, each once")
    while lines.peek() is not None:
        line = lines.next("resource")
        if not line.startswith("- "):
            raise _wrong("resource")
        yield _matching(_ASCII, line[2:], "resource")


def _matching(pattern: re.Pattern[str], text: str, what: str) -> str:
    if not pattern.fullmatch(text):
        raise _wrong(what)
    return text


def _number(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,18}", text):
        raise _wrong("Chain ID")
    return int(text)


def _moment(text: str, what: str) -> datetime:
    if not _MOMENT.fullmatch(text):
        raise _wrong(what)
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise _wrong(what) from error


def _optional_moment(fields: dict[str, str], name: str) -> datetime | None:
    return _moment(fields[name], name) if name in fields else None


def _wrong(what: str) -> WireError:
    return WireError(f"not a sign-in message of EIP-4361: {what}", reason="malformed")
