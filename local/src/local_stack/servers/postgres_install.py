"""Which PostgreSQL 15 is used, and whether TimescaleDB is installed beside it."""

import os
from pathlib import Path
from typing import Final

VARIABLE: Final = "GRIDSEAL_POSTGRES_BIN"
DEBIAN: Final = Path("/usr/lib/postgresql/15/bin")


def postgres_bin() -> Path:
    """Folder of the server's programs: Debian's package, or the one that ``GRIDSEAL_POSTGRES_BIN`` names."""
    return Path(os.environ.get(VARIABLE) or DEBIAN)


def timescale_installed(folder: Path | None = None) -> bool:
    """Whether the extension can be loaded by the server of that folder."""
    prefix = (folder or postgres_bin()).resolve().parents[3]
    return (prefix / "share" / "postgresql" / "15" / "extension" / "timescaledb.control").exists()
