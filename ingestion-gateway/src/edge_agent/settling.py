"""What a receipt takes off the queue, and the receipts kept as proof of it. Inside the caller's transaction."""

import sqlite3
from dataclasses import dataclass, field

from gridseal.wire.codec import decode, encode
from gridseal.wire.receipts import Receipt


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """A message that a receipt refused, as it was in the queue."""

    id: int
    seq: int
    reason: str
    readings: int
    payload: bytes


@dataclass(slots=True)
class Settled:
    """What one receipt took off the queue."""

    delivered: tuple[int, ...] = ()
    refused: tuple[int, ...] = ()
    readings_delivered: int = 0
    readings_refused: int = 0
    reasons: tuple[str, ...] = ()
    freed_bytes: int = 0
    refused_messages: list[RefusedMessage] = field(default_factory=list)


def settle(db: sqlite3.Connection, receipt: Receipt) -> Settled:
    """Delete what the receipt covers and count it; refused messages are handed back."""
    key = (receipt.device_id, receipt.boot_id)
    refused: list[RefusedMessage] = []
    for item in receipt.refused:
        row = db.execute(
            "DELETE FROM message WHERE device_id = ? AND boot_id = ? AND seq = ? RETURNING id, readings, payload",
            (*key, item.seq),
        ).fetchone()
        if row is not None:
            refused.append(RefusedMessage(row[0], item.seq, item.reason, row[1], bytes(row[2])))
    delivered: list[tuple[int, int, int]] = []
    for first, last in ((0, receipt.through), *receipt.ranges):
        delivered += db.execute(
            "DELETE FROM message WHERE device_id = ? AND boot_id = ? AND seq BETWEEN ? AND ?"
            " RETURNING id, readings, length(payload)",
            (*key, first, last),
        ).fetchall()
    done = Settled(
        delivered=tuple(row[0] for row in delivered),
        refused=tuple(message.id for message in refused),
        readings_delivered=sum(row[1] for row in delivered),
        readings_refused=sum(message.readings for message in refused),
        reasons=tuple(message.reason for message in refused),
        freed_bytes=sum(row[2] for row in delivered) + sum(len(message.payload) for message in refused),
        refused_messages=refused,
    )
    if done.delivered or done.refused:
        _count(db, receipt.device_id, done)
        _keep_proof(db, receipt)
    return done


def covers(receipt: Receipt, earlier: Receipt) -> bool:
    """Whether a receipt proves everything that an earlier one of the same life proves."""
    own = ((0, receipt.through), *receipt.ranges)
    everything = all(
        last < first or any(begin <= first and last <= end for begin, end in own)
        for first, last in ((0, earlier.through), *earlier.ranges)
    )
    return everything and {item.seq for item in earlier.refused} <= {item.seq for item in receipt.refused}


def _count(db: sqlite3.Connection, device_id: str, done: Settled) -> None:
    db.execute(
        "UPDATE device SET messages_delivered = messages_delivered + ?,"
        " readings_delivered = readings_delivered + ?, messages_refused = messages_refused + ?,"
        " readings_refused = readings_refused + ? WHERE device_id = ?",
        (len(done.delivered), done.readings_delivered, len(done.refused), done.readings_refused, device_id),
    )


def _keep_proof(db: sqlite3.Connection, receipt: Receipt) -> None:
    key = (receipt.device_id, receipt.boot_id)
    rows = db.execute("SELECT rowid, receipt FROM proof WHERE device_id = ? AND boot_id = ?", key).fetchall()
    db.executemany(
        "DELETE FROM proof WHERE rowid = ?",
        [(row_id,) for row_id, content in rows if covers(receipt, decode(Receipt, bytes(content)))],
    )
    db.execute("INSERT INTO proof (device_id, boot_id, receipt) VALUES (?, ?, ?)", (*key, encode(receipt)))
