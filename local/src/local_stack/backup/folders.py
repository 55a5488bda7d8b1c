"""Copies of folders that are written meanwhile, in an order in which what is copied belongs together.

Of a Delta table the log comes first: each of its entries names data files that were whole before it. Of the chain's
journal everything up to the last whole line; a line that is only half there was never mined.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from local_stack.errors import StackError

LOG = "_delta_log"
LAST_CHECKPOINT = "_last_checkpoint"
JOURNAL = "journal.jsonl"


def delta_tables(lake: Path) -> Iterator[Path]:
    """Folders of tables at any depth."""
    for log in sorted(lake.rglob(LOG)):
        if log.is_dir():
            yield log.parent


def save_lake(lake: Path, to: Path) -> dict[str, int]:
    """Copy every table; its version, by name."""
    versions: dict[str, int] = {}
    for table in delta_tables(lake):
        name = str(table.relative_to(lake))
        versions[name] = _save_table(table, to / name)
    return versions


def _save_table(table: Path, to: Path) -> int:
    (to / LOG).mkdir(parents=True)
    last = table / LOG / LAST_CHECKPOINT
    if last.exists():  # before the listing: it must not name a checkpoint that is newer than what is copied
        shutil.copy2(last, to / LOG / LAST_CHECKPOINT)
    for entry in sorted(table.glob(f"{LOG}/*")):
        if entry.is_file() and entry.name != LAST_CHECKPOINT and entry.suffix in {".json", ".parquet"}:
            shutil.copy2(entry, to / LOG / entry.name)
    for file in sorted(table.rglob("*.parquet")):
        if LOG not in file.parts:
            target = to / file.relative_to(table)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)
    return version_of(to)


def version_of(table: Path) -> int:
    """Number of the newest entry of a table's log.

    Raises:
        StackError: It has none.
    """
    numbers = [int(entry.stem) for entry in (table / LOG).glob("*.json") if entry.stem.isdigit()]
    if not numbers:
        raise StackError(f"{table} is no Delta table: its log is empty")
    return max(numbers)


def save_chain(chain: Path, to: Path) -> dict[str, int]:
    """Copy journal and deployment of the demo's chain; the number of its newest block.

    Raises:
        StackError: Blocks are missing in the journal.
    """
    journal = chain / JOURNAL
    if not journal.exists():
        return {}
    to.mkdir(parents=True)
    data = journal.read_bytes()
    (to / JOURNAL).write_bytes(data[: data.rfind(b"\n") + 1])
    for name in ("deployment.json", "clock.json"):
        if (chain / name).exists():
            shutil.copy2(chain / name, to / name)
    return {"height": height_of(to)}


def height_of(chain: Path) -> int:
    """Number of the newest block of a journal that is complete from block 1.

    Raises:
        StackError: A block is missing.
    """
    lines = (chain / JOURNAL).read_text().splitlines()
    numbers = {int(json.loads(line)["number"]) for line in lines}
    if numbers != set(range(1, len(numbers) + 1)):
        raise StackError(f"{chain / JOURNAL} lacks blocks: it cannot be replayed")
    return len(numbers)


def save_plain(folder: Path, to: Path) -> dict[str, int]:
    """Copy a folder whose files are never changed once written; how many there are."""
    if not folder.exists():
        return {}
    shutil.copytree(folder, to)
    return {"files": sum(1 for path in to.rglob("*") if path.is_file())}


def put_back(saved: Path, folder: Path) -> None:
    """Copy into a folder that is empty or not there.

    Raises:
        StackError: Something is in it.
    """
    if folder.exists() and any(folder.iterdir()):
        raise StackError(f"{folder} is not empty: restore into an empty folder")
    shutil.copytree(saved, folder, dirs_exist_ok=True)
