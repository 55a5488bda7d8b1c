"""Keys of machines: ``gs_<id>_<secret>``. Only the SHA-256 of a key is kept, in PostgreSQL or in a secret file.

A secret has 256 random bits, so a plain hash of it cannot be turned back; nothing slow is needed for it.
"""

import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from pydantic import Field, TypeAdapter, ValidationError

from gridseal.access.principal import Principal, Role
from gridseal.access.tokens import denied
from gridseal.errors import ConfigError
from gridseal.wire.fields import Message, Slug, UtcTime

START: Final = "gs_"
_FORM: Final = re.compile(r"gs_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
_ID_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"


class KeyRecord(Message):
    """What is kept of a key."""

    key_id: str = Field(pattern=r"^[a-z0-9]{12}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the whole key."""
    name: str = Field(min_length=1, max_length=100)
    role: Role
    tenant: Slug
    expires_at: UtcTime | None = None


class KeyBook(Protocol):
    """Where keys are looked up."""

    async def find(self, key_id: str) -> KeyRecord | None:
        """The record of a key that was not revoked. Raises ``UnavailableError``."""
        ...


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. Its text is told once."""

    text: str
    record: KeyRecord


def new_key(name: str, role: Role, tenant: str, expires_at: datetime | None = None) -> NewKey:
    """Make a key."""
    key_id = "".join(secrets.choice(_ID_LETTERS) for _ in range(12))
    text = f"{START}{key_id}_{secrets.token_urlsafe(32)}"
    record = KeyRecord(
        key_id=key_id, sha256=digest(text), name=name, role=role, tenant=tenant, expires_at=expires_at
    )  # fmt: skip
    return NewKey(text, record)


def digest(text: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(text.encode()).hexdigest()


async def principal_of_key(text: str, books: tuple[KeyBook, ...], now: datetime | None = None) -> Principal:
    """Whose key it is.

    Raises:
        AccessDeniedError: Nobody's, or no longer.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise denied("malformed", "this is no key")
    for book in books:
        record = await book.find(found[1])
        if record is not None:
            if not hmac.compare_digest(record.sha256, digest(text)):
                break
            if record.expires_at is not None and (now or datetime.now(UTC)) >= record.expires_at:
                raise denied("expired", "the key has expired: ask for a new one")
            until = None if record.expires_at is None else record.expires_at.timestamp()
            return Principal(record.key_id, "machine", frozenset({record.role}), record.tenant, until)
    raise denied("key", "there is no such key, or it was revoked")


_RECORDS: Final = TypeAdapter(list[KeyRecord])


class KeyFile:
    """A JSON list of records in a file that is mounted as a secret; read again when it changes."""

    def __init__(self, path: Path, look_every_s: float = 5.0) -> None:
        self._path = path
        self._look_every_s = look_every_s
        self._looked_at = float("-inf")
        self._version: tuple[int, int] | None = None
        self._records: Mapping[str, KeyRecord] = {}
        self._look(must=True)

    async def find(self, key_id: str) -> KeyRecord | None:
        """The record of a key."""
        if time.monotonic() - self._looked_at > self._look_every_s:
            self._look(must=False)
        return self._records.get(key_id)

    def _look(self, *, must: bool) -> None:
        self._looked_at = time.monotonic()
        try:
            status = self._path.stat()
            version = (status.st_mtime_ns, status.st_size)
            if version != self._version:
                records = _RECORDS.validate_json(self._path.read_bytes())
                self._records = {record.key_id: record for record in records}
                self._version = version
        except (OSError, ValidationError) as error:
            if must:
                raise ConfigError(f"GRIDSEAL_API_KEYS_FILE: {self._path} must hold a JSON list of keys") from error
            self._records, self._version = {}, None  # a key that cannot be read is no key


def append_to_file(path: Path, record: KeyRecord) -> None:
    """Add a record to a key file, which only its owner may read."""
    from gridseal.identity.private_file import write_private

    known = json.loads(path.read_bytes()) if path.exists() else []
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, json.dumps([*known, record.model_dump(mode="json")], indent=1).encode())


def read_own_key(path: Path, setting: str) -> str:
    """The key that a process shows to others.

    Raises:
        ConfigError: The file is missing or holds no key.
    """
    try:
        text = path.read_text().strip()
    except OSError as error:
        raise ConfigError(f"{setting}: {path} cannot be read") from error
    if not _FORM.fullmatch(text):
        raise ConfigError(f"{setting}: {path} must hold a key of the form gs_…")
    return text
