"""What every dialect is: bytes on a topic in, telemetry and answers out, or a refusal with a bounded reason."""

from dataclasses import dataclass
from typing import Literal, Protocol

from gridseal.errors import WireError
from gridseal.wire.telemetry import Telemetry

DialectReason = Literal[
    "too_large",
    "foreign_topic",
    "unknown_device",
    "not_json",
    "not_cbor",
    "not_protobuf",
    "not_xml",
    "not_a_telegram",
    "malformed",
    "unsupported",
    "not_finite",
    "wrong_unit",
    "ambiguous",
    "bad_time",
    "bad_checksum",
    "no_birth",
    "sequence_gap",
    "adapter_failed",
]
"""Bounded: a label of counters and a header on ``dead-letter``."""


@dataclass(frozen=True, slots=True)
class Adapted:
    """What a message in another dialect says. Without messages it said nothing that is telemetry: count, go on."""

    messages: tuple[Telemetry, ...] = ()
    replies: tuple[tuple[str, bytes], ...] = ()
    """MQTT topic and payload of what the sender is to be told."""
    unmapped: int = 0
    """Numbers in the payload that no metric of the settings or of the dialect speaks for."""


class DialectError(WireError):
    """A message that is refused. The sender may still have to be told something: ``replies``."""

    def __init__(
        self, message: str, *, reason: DialectReason = "malformed", replies: tuple[tuple[str, bytes], ...] = ()
    ) -> None:
        super().__init__(message, reason=reason)
        self.replies = replies


class Dialect(Protocol):
    """One entry of the settings at work. May remember what was said before (Sparkplug does)."""

    @property
    def name(self) -> str:
        """Bounded name, for counters and the header."""
        ...

    @property
    def place(self) -> tuple[str, str]:
        """Tenant and site of its devices."""
        ...

    def adapt(self, topic: str, payload: bytes, received_at_ms: int) -> Adapted:
        """Read one message.

        The same bytes give the same messages, except where the payload carries no time of its own.

        Raises:
            DialectError: The message is refused as a whole; nothing else is ever raised.
        """
        ...
