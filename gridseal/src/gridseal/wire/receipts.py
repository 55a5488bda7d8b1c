"""The gateway's signed word that messages are durable: sent on ``…/receipt`` after Kafka acknowledged.

Signed with Ed25519 over the RFC 8785 form of the receipt without ``signature``
(``gridseal.wire.signing``), so that a device, or an auditor years later, can check it with the
gateway's public key and nothing else.
"""

from typing import Annotated, Literal

from pydantic import Field

from gridseal.wire.fields import Message, Slug

Seq = Annotated[int, Field(strict=True, ge=0, lt=2**53)]


class RefusedSeq(Message):
    """A message the gateway took but will never deliver, and why. Its bytes are on ``dead-letter``."""

    seq: Seq
    reason: str


class Receipt(Message):
    """Cumulative for one life of one device.

    A device forgets a message when its ``seq`` is at most ``through``, lies in one of ``ranges``, or
    is refused. A later receipt may say less than an earlier one (the gateway's memory lags behind
    Kafka after a crash); what was once receipted stays so.
    """

    schema_: Annotated[Literal["receipt/2"], Field(alias="schema")] = "receipt/2"
    device_id: Slug
    boot_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    through: Annotated[int, Field(strict=True, ge=-1, lt=2**53)] = -1
    """Every ``seq`` from 0 up to here is durable, delivered or refused; -1 when 0 is not."""
    ranges: tuple[tuple[Seq, Seq], ...] = ()
    """Inclusive ``(first, last)`` above ``through``, ascending, that are durable too."""
    refused: tuple[RefusedSeq, ...] = ()
    """Refused messages: every one that no earlier receipt named, and the newest of this life again, so that a
    lost receipt cannot make a refused message look delivered."""
    issued_at_ms: int
    key_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] = "0" * 16
    """First 8 bytes of SHA-256 of the gateway's public key, hex."""
    signature: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{86}$")] | None = None
