"""``python -m edge_agent proofs``: the receipts that settled what this agent sent, for ``gridseal verify-receipt``."""

import argparse
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from gridseal.errors import ConfigError, UnavailableError


def add_proofs_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command line."""
    proofs = commands.add_parser("proofs", help="print the receipts kept as proof, as JSON")
    proofs.add_argument("--device", help="only of this device")


def print_proofs(path: Path, device: str | None) -> None:
    """Every receipt kept, as one JSON document."""
    if not path.exists():
        raise ConfigError(f"EDGE_AGENT_QUEUE_PATH: there is no queue at {path}")
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            rows = database.execute(
                "SELECT receipt FROM proof WHERE ? IS NULL OR device_id = ? ORDER BY device_id, rowid", (device, device)
            ).fetchall()
    except sqlite3.Error as error:
        raise UnavailableError(f"queue {path} cannot be read: {error}") from error
    print(json.dumps({"receipts": [json.loads(row[0]) for row in rows]}, indent=2))
