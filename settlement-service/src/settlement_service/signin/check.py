"""Whether a sign-in message is for us, now, and for this nonce. Pure; the signature is another question."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from settlement_service.signin.message import SignIn

Problem = Literal["wrong_domain", "wrong_uri", "wrong_chain", "expired", "too_long", "not_yet"]
"""Why a message is refused: a bounded label for counters and for the answer."""

SENTENCES: dict[Problem, str] = {
    "wrong_domain": "the message is for another site",
    "wrong_uri": "the message names an address that is not of this site",
    "wrong_chain": "the message is for another chain: switch the wallet to the chain that this service uses",
    "expired": "the message has expired: ask for a new nonce and sign again",
    "too_long": "the message must name an expiration time, soon after its issue",
    "not_yet": "the message is not valid yet",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What we take."""

    domains: Collection[str]
    """Hosts with port, as a browser shows them."""
    chain_id: int
    longest: timedelta = timedelta(minutes=15)
    """From issue to expiration, at most."""
    skew: timedelta = timedelta(seconds=60)
    """How far a wallet's clock may be ahead."""


def problem_of(message: SignIn, rule: Rule, now: datetime) -> Problem | None:
    """The first thing that is wrong; none if the message may be used."""
    uri = urlsplit(message.uri)
    if message.domain not in rule.domains:
        return "wrong_domain"
    if uri.scheme not in ("http", "https") or uri.netloc != message.domain:
        return "wrong_uri"
    if message.scheme is not None and message.scheme != uri.scheme:
        return "wrong_uri"
    if message.chain_id != rule.chain_id:
        return "wrong_chain"
    if message.expires_at is None or message.expires_at - message.issued_at > rule.longest:
        return "too_long"
    if now >= message.expires_at:
        return "expired"
    if message.not_before is not None and now < message.not_before:
        return "not_yet"
    if message.issued_at > now + rule.skew:
        return "not_yet"
    return None
