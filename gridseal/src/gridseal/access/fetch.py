"""Key sets over HTTP: from addresses of the installation's settings and what OIDC discovery says, nobody else's."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

import httpx

from gridseal.access.strict_json import read_strictly
from gridseal.errors import ConfigError, UnavailableError, WireError
from gridseal.runtime.settings import LOOPBACK

LARGEST: Final = 262_144
TIMEOUT_S: Final = 5.0
DISCOVERY: Final = "/.well-known/openid-configuration"
_JSON: Final = {"accept": "application/json, application/jwk-set+json"}


def check_address(url: str, setting: str) -> None:
    """An issuer is reached over TLS, or on this machine.

    Raises:
        ConfigError: Neither.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname and not parts.username:
        return
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        raise ConfigError(f"{setting} must be an https address; http is for this machine alone")


async def fetched(url: str, timeout_s: float = TIMEOUT_S) -> bytes:
    """A small document. Redirects are not followed: whoever answers must be who was asked.

    Raises:
        UnavailableError: No answer, not a good one, or one beyond any reason.
    """
    try:
        async with (
            asyncio.timeout(timeout_s),
            httpx.AsyncClient(follow_redirects=False, trust_env=False) as http,
            http.stream("GET", url, headers=_JSON) as answer,
        ):
            if answer.status_code != 200:
                raise UnavailableError(f"the issuer answered {answer.status_code}")
            content = b""
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > LARGEST:
                    raise UnavailableError("the issuer's answer is too large")
            return content
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
        raise UnavailableError("the issuer does not answer") from error


def discovered(issuer: str) -> Callable[[], Awaitable[bytes]]:
    """Reads where an OIDC issuer keeps its keys, then the keys."""

    async def fetch() -> bytes:
        found = read_strictly(await fetched(issuer.rstrip("/") + DISCOVERY))
        if not isinstance(found, dict) or found.get("issuer") != issuer:
            raise WireError("the issuer's document is another issuer's", reason="wrong_issuer")
        address = found.get("jwks_uri")
        if not isinstance(address, str):
            raise WireError("the issuer's document names no keys", reason="bad_key_set")
        try:
            check_address(address, "jwks_uri")
        except ConfigError as error:
            raise WireError(str(error), reason="bad_key_set") from error
        if urlsplit(address).scheme == "http" and urlsplit(issuer).scheme == "https":
            raise WireError("the issuer's keys are not behind TLS", reason="bad_key_set")
        return await fetched(address)

    return fetch


def served_at(url: str) -> Callable[[], Awaitable[bytes]]:
    """Reads keys from an address that is known."""
    return lambda: fetched(url)
