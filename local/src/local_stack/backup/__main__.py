"""``python -m local_stack.backup save FOLDER | verify BACKUP | restore BACKUP``.

PostgreSQL has ``containers/gridseal-backup``; this saves the rest: MongoDB (``GRIDSEAL_MONGO_URL``), the lake
(``LAKE_URL``, a folder), the demo's chain and the files of models (below ``GRIDSEAL_STATE_DIR``). Restoring goes into
what is empty, counts again, and fails if one number differs. Keys and certificates are not in it.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gridseal.errors import GridsealError
from gridseal.runtime.settings import CoreSettings, load_settings
from local_stack.backup import documents, folders, manifest
from local_stack.errors import StackError

Save = Callable[[Path, Path], dict[str, int]]
Count = Callable[[Path], dict[str, int]]


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything lies."""

    mongo_url: str
    lake: Path
    chain: Path
    models: Path

    @classmethod
    def here(cls) -> "Places":
        """By the settings of this installation."""
        core = load_settings(CoreSettings)
        lake = os.environ.get("LAKE_URL", str(core.state_dir / "data" / "lake"))
        if "://" in lake:
            raise StackError("LAKE_URL is no folder: an object store keeps versions itself, see the runbook")
        return cls(core.mongo_url, Path(lake), core.state_dir / "chain", core.state_dir / "data" / "mlflow")

    def parts(self) -> dict[str, tuple[Path, Save, Count]]:
        """Folders by name: where, how each is saved, and how a restored one is counted."""
        return {
            "lake": (self.lake, folders.save_lake, _versions),
            "chain": (self.chain, folders.save_chain, lambda chain: {"height": folders.height_of(chain)}),
            "models": (self.models, folders.save_plain, _files),
        }


def _versions(lake: Path) -> dict[str, int]:
    return {str(t.relative_to(lake)): folders.version_of(t) for t in folders.delta_tables(lake)}


def _files(folder: Path) -> dict[str, int]:
    return {"files": sum(1 for path in folder.rglob("*") if path.is_file())}


def save(places: Places, into: Path) -> Path:
    """A new backup below a folder, and where it is.

    Raises:
        StackError: Something cannot be read; what was begun has no manifest and so is no backup.
    """
    os.umask(0o077)
    folder = into / time.strftime("stores-%Y%m%dT%H%M%SZ", time.gmtime())
    folder.mkdir(parents=True)
    with documents.connected(places.mongo_url) as client:
        counts = {f"mongo {name}": n for name, n in documents.save(client, folder / "mongo").items()}
    for part, (there, how, _) in places.parts().items():
        found = how(there, folder / part) if there.exists() else {}
        counts |= {f"{part} {name}": n for name, n in found.items()}
    manifest.write(folder, counts)
    return folder


def restore(places: Places, folder: Path) -> dict[str, int]:
    """Put everything back, and count it.

    Raises:
        StackError: The backup is damaged, a place is not empty, or a number differs.
    """
    wanted = manifest.sound(folder)
    parts = {name: one for name, one in places.parts().items() if (folder / name).exists()}
    for there, _, _ in parts.values():
        if there.exists() and any(there.iterdir()):
            raise StackError(f"{there} is not empty: restore into an empty folder")
    with documents.connected(places.mongo_url) as client:
        found = {f"mongo {name}": n for name, n in documents.restore(client, folder / "mongo").items()}
    for part, (there, _, count) in parts.items():
        folders.put_back(folder / part, there)
        found |= {f"{part} {name}": n for name, n in count(there).items()}
    for name in sorted(set(wanted) | set(found)):
        if wanted.get(name) != found.get(name):
            raise StackError(f"{name}: {wanted.get(name)} were saved, {found.get(name)} are restored")
    return found


def main() -> int:
    """Exit code 0 only when everything is as counted."""
    parser = argparse.ArgumentParser(prog="python -m local_stack.backup", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["save", "verify", "restore"])
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    try:
        if asked.what == "verify":
            counts = manifest.sound(asked.folder)
            folder = asked.folder
        elif asked.what == "save":
            folder = save(Places.here(), asked.folder)
            counts = manifest.sound(folder)
        else:
            folder, counts = asked.folder, restore(Places.here(), asked.folder)
    except (GridsealError, StackError) as error:
        print(f"backup: {error}", file=sys.stderr)
        return 1
    print(f"{folder}: whole, {', '.join(f'{name} {n}' for name, n in counts.items()) or 'nothing in it'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
