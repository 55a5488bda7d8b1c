"""``make bench GROUP=ingest``: measure, print a table with the peers, keep the figures.

A group is a folder beside this file; each of its modules has ``measure()``, which yields figures as it
gets them. Names of modules after the group run only those. ``python -m tests.bench report`` writes what
was measured into the documents.
"""

import importlib
import os
import pkgutil
import sys
from pathlib import Path

from tests.bench import report
from tests.bench.figures import Figure, keep, row


def main(group: str, wanted: list[str]) -> int:
    """Run every module of the group; 1 if one could not be measured."""
    if group == "report":
        return report.main()
    folder = Path(__file__).with_name(group)
    if not folder.is_dir():
        print(f"there is no group '{group}': {', '.join(p.name for p in folder.parent.iterdir() if p.is_dir())}")
        return 2
    figures: list[Figure] = []
    broken = []
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores", flush=True)
    for module in sorted(m.name for m in pkgutil.iter_modules([str(folder)]) if not m.name.startswith("_")):
        if wanted and module not in wanted:
            continue
        print(f"-- {module}", flush=True)
        try:
            for figure in importlib.import_module(f"tests.bench.{group}.{module}").measure():
                figures.append(figure)
                print(row(figure), flush=True)
        except Exception as error:
            broken.append(module)
            print(f"{module} could not be measured: {type(error).__name__}: {error}", flush=True)
    print(f"\nkept in {keep(group, figures).relative_to(Path.cwd())}")
    return 1 if broken or not figures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "ingest", sys.argv[2:]))
