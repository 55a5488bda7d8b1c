"""Raw answers as they came, in gzip files named by the SHA-256 of the body, and a line for each in PostgreSQL.

The Bronze of the feeds. Nothing is changed but keys, which some providers echo: those are ``REDACTED``.
"""

import gzip
import hashlib
import os
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from ingestion_gateway.database import Connection, GatewayDatabase
from ingestion_gateway.feeds.ports import Answer, Request

HIDDEN: Final = "REDACTED"
_NOTE: Final = """
INSERT INTO gateway.feed_answers (provider, url, status, sha256, body_bytes, served_at, received_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


def shown(request: Request) -> str:
    """The address of a request as it may be written down."""
    params = [(name, HIDDEN if value in request.secrets else value) for name, value in request.params]
    return f"{request.url}?{urlencode(params)}" if params else request.url


def body_without(secrets: tuple[str, ...], body: bytes) -> bytes:
    """A body in which no secret stands any more."""
    for secret in secrets:
        body = body.replace(secret.encode(), HIDDEN.encode()) if secret else body
    return body


class RawArchive:
    """A folder and a table."""

    def __init__(self, folder: Path, database: GatewayDatabase) -> None:
        self._folder, self._database = folder, database

    def path_of(self, provider: str, digest: bytes) -> Path:
        """Where a body lies."""
        name = digest.hex()
        return self._folder / provider / name[:2] / f"{name}.gz"

    async def keep(self, request: Request, answer: Answer) -> None:
        """Keep one answer: the file first, then the line that names it."""
        digest = hashlib.sha256(answer.body).digest()
        path = self.path_of(answer.provider, digest)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{os.getpid()}.part")
            part.write_bytes(gzip.compress(answer.body, 6, mtime=0))
            part.replace(path)
        values = (
            answer.provider,
            shown(request),
            answer.status,
            digest,
            len(answer.body),
            answer.served_at,
            answer.received_at,
        )

        def note(connection: Connection) -> None:
            connection.execute(_NOTE, values)

        await self._database.run(note)
