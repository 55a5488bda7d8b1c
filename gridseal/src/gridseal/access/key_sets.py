"""Public keys of an issuer: read strictly, kept, and asked for again no more often than is decent."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gridseal.access.principal import AccessDeniedError
from gridseal.access.strict_json import read_strictly
from gridseal.access.tokens import PinnedKey, denied
from gridseal.errors import UnavailableError, WireError
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
MOST_KEYS: Final = 64
SMALLEST_RSA: Final = 2_048
Fetch = Callable[[], Awaitable[bytes]]
"""The issuer's key set as it is served. Raises ``UnavailableError``."""


def read_key_set(content: bytes, algorithms: tuple[str, ...]) -> dict[str, PinnedKey]:
    """Keys that sign, by their id; each for one algorithm. Others are passed over.

    Raises:
        WireError: It is no key set.
    """
    document = read_strictly(content)
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list) or len(entries) > MOST_KEYS:
        raise WireError("this is no set of keys", reason="bad_key_set")
    found: dict[str, PinnedKey] = {}
    for entry in entries:
        if isinstance(entry, dict) and (key := _pinned(entry, algorithms)) is not None:
            found[str(entry.get("kid", ""))] = key
    return found


def _pinned(entry: Mapping[str, Any], algorithms: tuple[str, ...]) -> PinnedKey | None:
    if entry.get("use", "sig") != "sig" or entry.get("kty") == "oct":
        return None
    try:
        key = jwt.PyJWK(dict(entry)).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    fits: tuple[str, ...] = ()
    if isinstance(key, RSAPublicKey) and key.key_size >= SMALLEST_RSA:
        fits = ("RS256", "PS256")
    elif isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        fits = ("ES256",)
    elif isinstance(key, Ed25519PublicKey):
        fits = ("EdDSA",)
    named = entry.get("alg")
    named = "EdDSA" if named == "Ed25519" else named
    algorithm = next((a for a in algorithms if a in fits and named in (None, a)), None)
    return None if algorithm is None else PinnedKey(algorithm, key)


class KeySet:
    """The keys of one issuer.

    Asked for again when they are older than ``fresh_s``, or when a token names a key that is not among them, but
    never twice within ``pause_s`` (``retry_s`` after a failure): made-up key ids cost the issuer nothing. While the
    issuer is away the keys that are known stay good for ``outage_s``; after that nobody is let in on them.
    """

    def __init__(
        self, fetch: Fetch, algorithms: tuple[str, ...], *, fresh_s: float = 300, pause_s: float = 60,
        retry_s: float = 5, outage_s: float = 3_600, now: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._fetch = fetch
        self._algorithms = algorithms
        self._fresh_s, self._pause_s, self._retry_s, self._outage_s = fresh_s, pause_s, retry_s, outage_s
        self._now = now
        self._keys: dict[str, PinnedKey] = {}
        self._good_at: float | None = None
        self._tried_at: float | None = None
        self._lock = asyncio.Lock()

    async def key(self, kid: str | None) -> PinnedKey:
        """The key of this id; of a set with one key also without an id.

        Raises:
            AccessDeniedError: 401 if there is no such key, 503 if the issuer has been away for too long.
        """
        found = self._find(kid)
        if found is None or self._age() > self._fresh_s:
            async with self._lock:
                if self._find(kid) is None or self._age() > self._fresh_s:
                    await self._refresh()
            found = self._find(kid)
        if self._age() > self._outage_s:
            raise AccessDeniedError(503, "issuer_away", "who issues tokens does not answer: try again later")
        if found is None:
            raise denied("key", "the token names a key that its issuer does not have")
        return found

    def _find(self, kid: str | None) -> PinnedKey | None:
        if kid is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(kid)

    def _age(self) -> float:
        return float("inf") if self._good_at is None else self._now() - self._good_at

    async def _refresh(self) -> None:
        now = self._now()
        pause = self._pause_s if self._good_at == self._tried_at else self._retry_s
        if self._tried_at is not None and now - self._tried_at < pause:
            return
        self._tried_at = now
        try:
            self._keys = read_key_set(await self._fetch(), self._algorithms)
            self._good_at = now
        except (UnavailableError, WireError) as error:
            log.warning("keys_not_read", why=str(error))
