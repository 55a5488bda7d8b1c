"""Nonces and sessions in PostgreSQL. Wall time, by the database's clock; secrets only as their SHA-256."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from settlement_service.outbox import database
from settlement_service.runs import Pool

MOST_NONCES = 10_000
"""Waiting at one time: whoever asks for more gets none until older ones expire."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, until when."""

    address: str
    chain_id: int
    expires_at: datetime


class SignInStore:
    """Tables ``settlement.signin_nonces`` and ``settlement.sessions``."""

    def __init__(self, pool: Pool, nonce_s: float = 300.0, session_s: float = 28_800.0) -> None:
        self._pool = pool
        self.nonce_s = nonce_s
        self.session_s = session_s

    async def new_nonce(self, browser: str) -> str | None:
        """A nonce for one sign-in of this browser; none while too many wait."""
        nonce = secrets.token_hex(16)
        async with database(), self._pool.connection() as connection:
            await connection.execute("DELETE FROM settlement.signin_nonces WHERE expires_at < clock_timestamp()")
            cursor = await connection.execute(
                "INSERT INTO settlement.signin_nonces (nonce, browser, expires_at)"
                " SELECT %s, %s, clock_timestamp() + make_interval(secs => %s)"
                " WHERE (SELECT count(*) FROM settlement.signin_nonces) < %s",
                (nonce, _digest(browser), self.nonce_s, MOST_NONCES),
            )
        return nonce if cursor.rowcount == 1 else None

    async def use_nonce(self, nonce: str, browser: str) -> bool:
        """Take a nonce away; whether it was there, for this browser, and in time. Of two at once one gets it."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(
                "DELETE FROM settlement.signin_nonces WHERE nonce = %s AND browser = %s"
                " RETURNING expires_at > clock_timestamp() AS in_time",
                (nonce, _digest(browser)),
            )
            row = await cursor.fetchone()
        return bool(row and row["in_time"])

    async def open_session(self, address: str, chain_id: int) -> tuple[str, Session]:
        """The token of a new session, which only its cookie holds, and the session."""
        token = secrets.token_urlsafe(32)
        async with database(), self._pool.connection() as connection:
            await connection.execute("DELETE FROM settlement.sessions WHERE expires_at < clock_timestamp()")
            cursor = await connection.execute(
                "INSERT INTO settlement.sessions (token, address, chain_id, expires_at)"
                " VALUES (%s, %s, %s, clock_timestamp() + make_interval(secs => %s)) RETURNING expires_at",
                (_digest(token), address, chain_id, self.session_s),
            )
            row = await cursor.fetchone()
        assert row is not None
        return token, Session(address, chain_id, row["expires_at"])

    async def session(self, token: str) -> Session | None:
        """Whose token it is; none if it has ended."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT address, chain_id, expires_at FROM settlement.sessions"
                " WHERE token = %s AND expires_at > clock_timestamp()",
                (_digest(token),),
            )
            row = await cursor.fetchone()
        return Session(row["address"], int(row["chain_id"]), row["expires_at"]) if row else None

    async def end_session(self, token: str) -> None:
        """Forget it."""
        async with database(), self._pool.connection() as connection:
            await connection.execute("DELETE FROM settlement.sessions WHERE token = %s", (_digest(token),))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
