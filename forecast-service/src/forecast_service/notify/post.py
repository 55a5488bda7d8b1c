"""One try of one webhook over HTTP."""

import asyncio
import email.utils
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

import httpx

from forecast_service.notify.address import Network, Resolve, judged, system_resolve
from gridseal.errors import ConfigError, UnavailableError

TIMEOUT_S: Final = 10.0
AGAIN: Final = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """How a try ended."""

    outcome: Literal["delivered", "refused", "again"]
    said: str
    """One sentence without address, secret or content."""
    wait_s: float | None = None
    """What the receiver asks for, where it asks."""


class Poster:
    """Posts to addresses that ``judged`` allows, and reads nothing of the answer but its status."""

    def __init__(
        self, allowed: Sequence[Network], resolve: Resolve = system_resolve, timeout_s: float = TIMEOUT_S,
        trust: ssl.SSLContext | bool = True,
    ) -> None:  # fmt: skip
        self._allowed = allowed
        self._resolve = resolve
        self._timeout_s = timeout_s
        self._trust = trust

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Try once. Never raises for what the other side does."""
        try:
            place = await judged(url, self._allowed, self._resolve)
        except ConfigError as error:
            return Answer("refused", str(error))
        except UnavailableError as error:
            return Answer("again", str(error))
        parts = urlsplit(url)
        literal = f"[{place.ip}]" if ":" in place.ip else place.ip
        target = parts._replace(netloc=f"{literal}:{place.port}", fragment="").geturl()
        sent = {**headers, "host": parts.netloc, "content-type": "application/json", "user-agent": "gridseal"}
        # The certificate must be that of the name, though the connection goes to the address.
        extensions = {"sni_hostname": place.host} if place.tls else {}
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                httpx.AsyncClient(follow_redirects=False, trust_env=False, verify=self._trust) as http,
                http.stream("POST", target, content=body, headers=sent, extensions=extensions) as reply,
            ):
                return judged_answer(reply.status_code, reply.headers.get("retry-after"))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            return Answer("again", f"no answer: {type(error).__name__}")


def judged_answer(status: int, retry_after: str | None) -> Answer:
    """What a status means."""
    if 200 <= status < 300:
        return Answer("delivered", str(status))
    if status in AGAIN or status >= 500:
        return Answer("again", f"answered {status}", _seconds(retry_after))
    return Answer("refused", f"answered {status}")


def _seconds(text: str | None) -> float | None:
    """Seconds, or a date of HTTP."""
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None
