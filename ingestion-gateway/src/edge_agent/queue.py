"""Messages on disk from the moment they are made until a receipt covers them.

A message and the cursor that says "made up to here" are written in one transaction, so a kill
neither skips nor repeats a reading. SQLite in WAL mode: a killed process loses nothing that was
committed. Loss of power may take back the newest transactions under ``queue_sync=normal``
(message, cursor and counter together, so the replay makes them again); ``full`` flushes each one.
Sequence numbers that power may have taken back are never used twice: after a reboot of the
machine every device gets a new ``boot_id``.
"""

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Literal

from edge_agent.refused import sent_again
from edge_agent.settling import RefusedMessage, Settled, settle
from gridseal.errors import UnavailableError
from gridseal.wire.receipts import Receipt

RESENT_AT_ONCE = 50


class DiskFullError(UnavailableError):
    """Nothing more can be written. What is in the queue is safe and is still sent."""


def unsigned(device_id: str, payload: bytes) -> bytes:
    """For devices without a payload key."""
    return payload


@dataclass(frozen=True, slots=True)
class Draft:
    """What becomes one message, or only a step of the cursor where there was no reading."""

    device_id: str
    cursor_ms: int | None
    """None where it does not belong to the stream of periods: a message made again."""
    readings: int
    encode: Callable[[str, int], bytes]
    """From ``boot_id`` and ``seq`` to the bytes; not called when ``readings`` is 0."""


@dataclass(slots=True)
class Queued:
    """A message that waits for its receipt. Its bytes stay on disk."""

    id: int
    device_id: str
    boot_id: str
    seq: int
    readings: int
    created_ms: int


@dataclass(slots=True)
class Tally:
    """Totals of one device since its queue file was made."""

    boot_id: str
    next_seq: int
    cursor_ms: int | None
    messages_enqueued: int = 0
    readings_enqueued: int = 0
    messages_delivered: int = 0
    readings_delivered: int = 0
    messages_refused: int = 0
    readings_refused: int = 0


_TALLY = ", ".join(Tally.__dataclass_fields__)


@dataclass
class DurableQueue:
    """The queue of all devices of one agent. Used from one thread."""

    path: Path
    sync: Literal["normal", "full"] = "normal"
    refused_keep_bytes: int = 64 * 2**20
    max_bytes: int = 2**62
    """Payload bytes from which on the queue counts as full; nothing is thrown away for it."""
    sign: Callable[[str, bytes], bytes] = unsigned
    """From device and message to the message as it is kept and sent."""
    machine_boot: str = ""
    """Identity of the running kernel; a change means that power may have been lost."""
    tallies: dict[str, Tally] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute(f"PRAGMA synchronous={self.sync.upper()}")
            self._db.executescript(resources.files("edge_agent").joinpath("queue.sql").read_text())
        except (sqlite3.Error, OSError) as error:
            raise UnavailableError(f"queue {self.path} cannot be opened (EDGE_AGENT_QUEUE_PATH): {error}") from error
        kept = self._db.execute("SELECT coalesce(sum(length(payload)), 0) FROM refused").fetchone()
        self._refused_bytes = int(kept[0])
        self.bytes = int(self._db.execute("SELECT coalesce(sum(length(payload)), 0) FROM message").fetchone()[0])
        """Payload bytes of all messages without a receipt."""

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @property
    def has_room(self) -> bool:
        """Whether another batch of messages may be made."""
        return self.bytes < self.max_bytes

    def register(self, device_ids: Sequence[str]) -> None:
        """Make sure that every device has a counter, and forget none that exists."""
        with self._transaction():
            rebooted = self.sync == "normal" and self._meta("machine_boot") not in (None, self.machine_boot)
            self._set_meta("machine_boot", self.machine_boot)
            if rebooted:
                for (device_id,) in self._db.execute("SELECT device_id FROM device").fetchall():
                    fresh = (secrets.token_hex(8), device_id)
                    self._db.execute("UPDATE device SET boot_id = ?, next_seq = 0 WHERE device_id = ?", fresh)
            insert = "INSERT OR IGNORE INTO device (device_id, boot_id, next_seq) VALUES (?, ?, 0)"
            self._db.executemany(insert, [(device_id, secrets.token_hex(8)) for device_id in device_ids])
        for device_id, *values in self._db.execute(f"SELECT device_id, {_TALLY} FROM device"):
            self.tallies[device_id] = Tally(*values)

    def history_from_ms(self, proposed_ms: int) -> int:
        """Where the history of this queue begins: what the first start proposed."""
        with self._transaction():
            known = self._meta("history_from_ms")
            if known is None:
                self._set_meta("history_from_ms", str(proposed_ms))
        return proposed_ms if known is None else int(known)

    def backlog(self) -> list[Queued]:
        """Every message without a receipt, oldest first."""
        rows = self._db.execute("SELECT id, device_id, boot_id, seq, readings, created_ms FROM message ORDER BY id")
        return [Queued(*row) for row in rows]

    def append(self, drafts: Sequence[Draft], *, instead_of: Sequence[tuple[str, str, int]] = ()) -> list[Queued]:
        """Commit messages and cursors together; sequence numbers are given here.

        Args:
            drafts: What becomes messages.
            instead_of: Refused messages that these replace.

        Raises:
            DiskFullError: There is no space; nothing was changed.
        """
        queued: list[Queued] = []
        added = 0
        now_ms = time.time_ns() // 1_000_000
        counters = {draft.device_id: self.tallies[draft.device_id].next_seq for draft in drafts}
        with self._transaction():
            for draft in drafts:
                boot_id, seq = self.tallies[draft.device_id].boot_id, counters[draft.device_id]
                if draft.readings:
                    payload = self.sign(draft.device_id, draft.encode(boot_id, seq))
                    added += len(payload)
                    values = (draft.device_id, boot_id, seq, draft.readings, now_ms, payload)
                    row = self._db.execute(
                        "INSERT INTO message (device_id, boot_id, seq, readings, created_ms, payload)"
                        " VALUES (?, ?, ?, ?, ?, ?)",
                        values,
                    )
                    queued.append(Queued(row.lastrowid or 0, *values[:-1]))
                    counters[draft.device_id] = seq + 1
                self._db.execute(
                    "UPDATE device SET next_seq = ?, cursor_ms = coalesce(?, cursor_ms),"
                    " messages_enqueued = messages_enqueued + ?, readings_enqueued = readings_enqueued + ?"
                    " WHERE device_id = ?",
                    (
                        counters[draft.device_id],
                        draft.cursor_ms,
                        int(draft.readings > 0),
                        draft.readings,
                        draft.device_id,
                    ),
                )
            self._drop_refused(instead_of)
        self.bytes += added
        for draft in drafts:
            tally = self.tallies[draft.device_id]
            tally.next_seq = counters[draft.device_id]
            tally.cursor_ms = tally.cursor_ms if draft.cursor_ms is None else draft.cursor_ms
            tally.messages_enqueued += int(draft.readings > 0)
            tally.readings_enqueued += draft.readings
        return queued

    def payload(self, message_id: int) -> bytes | None:
        """The bytes of a message; None once it was receipted."""
        try:
            row = self._db.execute("SELECT payload FROM message WHERE id = ?", (message_id,)).fetchone()
        except sqlite3.Error as error:
            raise UnavailableError(f"queue {self.path} cannot be read: {error}") from error
        return None if row is None else bytes(row[0])

    def settle(self, receipts: Sequence[Receipt]) -> list[Settled]:
        """Delete what the receipts cover, keep what they refuse, in one transaction."""
        with self._transaction():
            settled = [settle(self._db, receipt) for receipt in receipts]
            for receipt, done in zip(receipts, settled, strict=True):
                for message in done.refused_messages:
                    self._keep_refused((receipt.device_id, receipt.boot_id), message)
        for receipt, done in zip(receipts, settled, strict=True):
            tally = self.tallies[receipt.device_id]
            tally.messages_delivered += len(done.delivered)
            tally.readings_delivered += done.readings_delivered
            tally.messages_refused += len(done.refused)
            tally.readings_refused += done.readings_refused
            self.bytes -= done.freed_bytes
        return settled

    def resend(self) -> list[Queued]:
        """Make new messages of refused ones that somebody asked for."""
        rows = self._db.execute(
            "SELECT device_id, boot_id, seq, readings, payload FROM resend JOIN refused USING (device_id, boot_id, seq)"
            f" WHERE payload IS NOT NULL ORDER BY refused_ms, seq LIMIT {RESENT_AT_ONCE}"
        ).fetchall()
        rows = [row for row in rows if row[0] in self.tallies]
        if not rows:
            return []
        drafts = [Draft(row[0], None, row[3], sent_again(bytes(row[4]))) for row in rows]
        queued = self.append(drafts, instead_of=[(row[0], row[1], row[2]) for row in rows])
        self._refused_bytes -= sum(len(row[4]) for row in rows)
        return queued

    def proofs(self, device_id: str, boot_id: str) -> list[bytes]:
        """Signed receipts that together prove what was settled of one life of a device."""
        key = (device_id, boot_id)
        rows = self._db.execute("SELECT receipt FROM proof WHERE device_id = ? AND boot_id = ? ORDER BY rowid", key)
        return [bytes(row[0]) for row in rows]

    def refused_by_reason(self) -> dict[str, int]:
        """How many messages were refused, by the gateway's word."""
        return dict(self._db.execute("SELECT reason, count(*) FROM refused GROUP BY reason ORDER BY reason").fetchall())

    def _drop_refused(self, keys: Sequence[tuple[str, str, int]]) -> None:
        for table in ("refused", "resend") if keys else ():
            self._db.executemany(f"DELETE FROM {table} WHERE device_id = ? AND boot_id = ? AND seq = ?", keys)

    def _keep_refused(self, key: tuple[str, str], message: RefusedMessage) -> None:
        fits = self._refused_bytes + len(message.payload) <= self.refused_keep_bytes
        self._refused_bytes += len(message.payload) if fits else 0
        now_ms = time.time_ns() // 1_000_000
        kept = message.payload if fits else None
        self._db.execute(
            "INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*key, message.seq, message.reason, message.readings, now_ms, kept),
        )

    def _meta(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def _set_meta(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error) and error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                raise DiskFullError(
                    f"queue {self.path}: the disk is full; no reading is taken until it has space"
                ) from error
            if isinstance(error, sqlite3.Error):
                raise UnavailableError(f"queue {self.path} cannot be written: {error}") from error
            raise


def kernel_boot_id() -> str:
    """Changes with every start of the machine; empty where the kernel does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
