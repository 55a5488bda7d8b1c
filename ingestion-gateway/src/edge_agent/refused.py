"""``python -m edge_agent refused list | resend``: messages that the gateway refused.

``resend`` only marks them. The running agent (or the next one) sends the same readings again under a
new sequence number, since a refused number stays refused.
"""

import argparse
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gridseal.errors import ConfigError, UnavailableError
from gridseal.wire.fields import format_utc

_CHOSEN = "(:device IS NULL OR device_id = :device) AND (:reason IS NULL OR reason = :reason)"


def add_refused_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command line."""
    refused = commands.add_parser("refused", help="messages that the gateway refused: list them, send them again")
    refused.add_argument("action", choices=("list", "resend"))
    refused.add_argument("--device", help="only of this device")
    refused.add_argument("--reason", help="only refused for this reason")
    refused.add_argument("--json", action="store_true", help="print JSON")


def refused_command(path: Path, options: argparse.Namespace) -> None:
    """Do what the command line asks."""
    chosen = {"device": options.device, "reason": options.reason}
    with _queue(path) as database:
        found = _rows(database, chosen)
        if options.action == "list":
            print(json.dumps(found, indent=2) if options.json else _as_table(found))
            return
        with database:
            database.execute(
                "INSERT OR IGNORE INTO resend SELECT device_id, boot_id, seq FROM refused"
                f" WHERE payload IS NOT NULL AND {_CHOSEN}",
                chosen,
            )
        kept = sum(row["kept"] for row in found)
        answer = {"to_send_again": kept, "without_payload": len(found) - kept}
        text = f"{kept} messages will be sent again; of {len(found) - kept} only the reason was kept"
        print(json.dumps(answer) if options.json else text)


def sent_again(payload: bytes) -> Callable[[str, int], bytes]:
    """The same readings as a new message, for ``queue.Draft``."""

    def encode(boot_id: str, seq: int) -> bytes:
        content = json.loads(payload)
        content.pop("signature", None)
        content |= {"boot_id": boot_id, "seq": seq, "sent_at_ms": time.time_ns() // 1_000_000}
        return json.dumps(content, separators=(",", ":")).encode()

    return encode


def _rows(database: sqlite3.Connection, chosen: dict[str, str | None]) -> list[dict[str, Any]]:
    rows = database.execute(
        "SELECT device_id, boot_id, seq, reason, readings, refused_ms, payload IS NOT NULL"
        f" FROM refused WHERE {_CHOSEN} ORDER BY refused_ms, device_id, seq",
        chosen,
    )
    return [
        {
            "device_id": device_id,
            "boot_id": boot_id,
            "seq": seq,
            "reason": reason,
            "readings": readings,
            "refused_at": format_utc(datetime.fromtimestamp(refused_ms / 1_000, UTC)),
            "kept": bool(kept),
        }
        for device_id, boot_id, seq, reason, readings, refused_ms, kept in rows
    ]


def _as_table(rows: list[dict[str, Any]]) -> str:
    head = ("device_id", "boot_id", "seq", "reason", "readings", "refused_at", "kept")
    lines = [head, *(tuple(str(row[name]) for name in head) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


@contextmanager
def _queue(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.exists():
        raise ConfigError(f"EDGE_AGENT_QUEUE_PATH: there is no queue at {path}")
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=10)) as database:
            yield database
    except sqlite3.Error as error:
        raise UnavailableError(f"queue {path} cannot be used: {error}") from error
