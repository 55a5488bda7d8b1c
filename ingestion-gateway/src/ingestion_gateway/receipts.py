"""Receipts: what every device has been promised, and the signed word for it.

Cumulative per life of a device, so that a lost receipt is made up for by the next. State is kept in
memory and follows into PostgreSQL behind the critical path (``ReceiptStore``): no receipt waits for the
database. After a crash it may know less than was promised. That is safe: a message that comes again is
appended to Kafka again, and the store drops the second.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

import msgspec

from ingestion_gateway.accept import MessageId
from ingestion_gateway.receipt_life import MAX_ENTRIES, Life

MAX_LIVES: Final = 64
"""Lives remembered per device, the newest. A device that invents lives costs no more memory than this."""


class ReceiptSigner(Protocol):
    """The gateway's Ed25519 key."""

    @property
    def key_id(self) -> str:
        """Names the key in a receipt."""
        ...

    def sign(self, content: bytes) -> str:
        """Signature as it stands in a receipt: base64url without padding."""
        ...


class ReceiptBook:
    """What devices have been promised, and what they are still to be told."""

    def __init__(self, signer: ReceiptSigner, *, most_at_once: int = 100, keep_every_ms: int = 0) -> None:
        """Start with nothing promised.

        Args:
            signer: Signs each receipt; costs about 45 µs.
            most_at_once: Receipts signed in one ``close``. With more devices waiting each waits longer,
                and its receipt covers more.
            keep_every_ms: Of each life one receipt per so many milliseconds is handed to ``to_keep``; 0: none.
        """
        self._signer = signer
        self._most_at_once = most_at_once
        self._keep_every_ms = keep_every_ms
        self._to_keep: dict[Life, tuple[int, bytes]] = {}
        self._lives: dict[str, dict[str, Life]] = {}
        self._open: dict[Life, None] = {}
        self._changed: dict[Life, None] = {}
        self._canonical = msgspec.json.Encoder(order="sorted").encode

    def __bool__(self) -> bool:
        return bool(self._open)

    def __len__(self) -> int:
        return sum(len(lives) for lives in self._lives.values())

    def already(self, device_id: str, boot_id: str, seq: int) -> bool:
        """Whether the message is durable: it is not to be appended again, only ``remind`` is due."""
        life = self._lives.get(device_id, {}).get(boot_id)
        return life is not None and seq in life

    def already_refused(self, device_id: str, boot_id: str, seq: int) -> bool:
        """Whether it is on ``dead-letter``. Of the newest refusals only; an older one is kept there once more."""
        life = self._lives.get(device_id, {}).get(boot_id)
        return life is not None and seq in life.refused

    def delivered(self, topic: str, device_id: str, message: MessageId) -> None:
        """Kafka has the message on its telemetry topic."""
        life = self._life(device_id, message.boot_id)
        life.topic = topic
        life.add(message.seq)
        self._open[life] = self._changed[life] = None

    def refused(self, topic: str, device_id: str, message: MessageId, reason: str) -> None:
        """Kafka has the message on ``dead-letter``; it will never be delivered."""
        life = self._life(device_id, message.boot_id)
        life.topic = topic
        life.refuse(message.seq, reason)
        self._open[life] = self._changed[life] = None

    def remind(self, topic: str, device_id: str, message: MessageId) -> None:
        """The device sent a durable message again: it has not heard, so the next receipt says it again."""
        life = self._life(device_id, message.boot_id)
        life.topic = topic
        life.remind(message.seq)
        self._open[life] = None

    def close(self, issued_at_ms: int, *, everything: bool = False) -> list[tuple[str, bytes]]:
        """Sign receipts for the devices that have waited longest.

        Args:
            issued_at_ms: Wall clock.
            everything: For all that wait, however many; at the end of the process.

        Returns:
            MQTT topic and bytes of each. The book stays true while more devices wait.
        """
        count = len(self._open) if everything else min(self._most_at_once, len(self._open))
        receipts: list[tuple[str, bytes]] = []
        for _ in range(count):
            life = next(iter(self._open))
            del self._open[life]
            signed = self._receipts_for(life, issued_at_ms)
            receipts += [(life.topic, content) for content in signed]
            if self._keep_every_ms and issued_at_ms >= life.keep_from_ms:
                life.keep_from_ms = issued_at_ms + self._keep_every_ms
                self._to_keep[life] = (issued_at_ms, signed[0])
        return receipts

    def to_keep(self, most: int) -> list[tuple[Life, int, bytes]]:
        """Signed receipts for auditors: life, wall clock in milliseconds, bytes. They count as kept now."""
        taken = [(life, *held) for (life, held), _ in zip(self._to_keep.items(), range(most), strict=False)]
        for life, _, _ in taken:
            del self._to_keep[life]
        return taken

    def keep_again(self, taken: Iterable[tuple[Life, int, bytes]]) -> None:
        """The database did not take them. A newer one of the same life says all that they say."""
        self._to_keep = {life: (issued_at_ms, content) for life, issued_at_ms, content in taken} | self._to_keep

    @property
    def unsaved(self) -> int:
        """Lives that differ from what the store was given."""
        return len(self._changed)

    def changed(self, most: int) -> list[Life]:
        """Lives that differ from what the store was given, the oldest change first; they count as given now."""
        lives = [life for life, _ in zip(self._changed, range(most), strict=False)]
        for life in lives:
            del self._changed[life]
        return lives

    def keep_changed(self, lives: Iterable[Life]) -> None:
        """The store did not take them."""
        self._changed = dict.fromkeys(lives) | self._changed

    def merge(
        self, device_id: str, boot_id: str, ranges: Iterable[tuple[int, int]], refused: Mapping[int, str]
    ) -> None:
        """Take over what the store knows beyond this process."""
        self._life(device_id, boot_id).merge(ranges, dict(refused))

    def _life(self, device_id: str, boot_id: str) -> Life:
        lives = self._lives.get(device_id)
        if lives is None:
            lives = self._lives[device_id] = {}
        life = lives.get(boot_id)
        if life is None:
            life = lives[boot_id] = Life(device_id, boot_id)
            if len(lives) > MAX_LIVES:
                del lives[next(iter(lives))]
        return life

    def _receipts_for(self, life: Life, issued_at_ms: int) -> list[bytes]:
        ranges, refused = life.to_tell()
        pieces = range(0, max(len(ranges), len(refused), 1), MAX_ENTRIES)
        return [
            self._signed(life, ranges[at : at + MAX_ENTRIES], refused[at : at + MAX_ENTRIES], issued_at_ms)
            for at in pieces
        ]

    def _signed(
        self, life: Life, ranges: Iterable[tuple[int, int]], refused: Iterable[tuple[int, str]], issued_at_ms: int
    ) -> bytes:
        # Integers and ASCII only, so sorted keys without spaces are the RFC 8785 form (a test compares).
        content = self._canonical(
            {
                "schema": "receipt/2",
                "device_id": life.device_id,
                "boot_id": life.boot_id,
                "through": life.through,
                "ranges": ranges,
                "refused": [{"seq": seq, "reason": reason} for seq, reason in refused],
                "issued_at_ms": issued_at_ms,
                "key_id": self._signer.key_id,
            }
        )
        return content[:-1] + b',"signature":"' + self._signer.sign(content).encode() + b'"}'
