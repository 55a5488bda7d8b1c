"""Where the query keeps its progress, and how a new release goes on from an old one's.

The path carries a version, raised whenever Spark could not restart the new plan on the old folder. A
new version starts at the offsets that the old one had committed; its batches get new names in the
ledger, and what both should read is stored once all the same.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gridseal.errors import ConfigError

VERSION: Final = 2
"""1 had no folder of its own: it decoded in Spark SQL."""
EARLIEST: Final = -2

Offsets = dict[str, dict[str, int]]
"""Topic → partition → next offset."""


def checkpoint_folder(root: Path) -> Path:
    """The folder of this release."""
    return root / f"v{VERSION}"


def starting_offsets(root: Path, partitions: Mapping[str, int]) -> Offsets | None:
    """Where the newest older release stood, completed for all partitions; None to read from the beginning.

    Without meaning once this release has progress of its own.

    Raises:
        ConfigError: The folder of the old release is damaged.
    """
    for folder in (*(root / f"v{n}" for n in range(VERSION - 1, 1, -1)), root):
        found = committed_offsets(folder)
        if found is not None:
            return {
                topic: {str(p): found.get(topic, {}).get(str(p), EARLIEST) for p in range(count)}
                for topic, count in partitions.items()
            }
    return None


def committed_offsets(folder: Path) -> Offsets | None:
    """The end of the last batch that a query finished.

    Raises:
        ConfigError: The folder is damaged.
    """
    numbers = [int(path.name) for path in (folder / "commits").glob("*") if path.name.isdigit()]
    if not numbers:
        return None
    path = folder / "offsets" / str(max(numbers))
    try:
        # Line 1 is Spark's format version, line 2 its own state, then one line for each source.
        offsets: Offsets = json.loads(path.read_text().splitlines()[2])
    except (OSError, ValueError, IndexError) as error:
        raise ConfigError(
            f"the checkpoint of an older release cannot be read ({path}): restore it, or name an empty folder in"
            " STREAMING_PROCESSOR_CHECKPOINT_DIR, which reads everything again and stores nothing twice"
        ) from error
    return offsets
