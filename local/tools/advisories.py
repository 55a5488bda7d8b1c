"""``make audit``: known vulnerabilities of the pinned Python packages, by pip-audit, where a source answers.

1 where a package has one; 0 where none has, and where no source answered, which is said: pip-audit itself calls that
"no known vulnerabilities".
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PIP_AUDIT = ROOT / ".local" / "venv-checkers" / "bin" / "pip-audit"
LISTS = ("constraints.txt", "local/secantus.txt", "local/checkers.txt")


def verdict(name: str, report: dict[str, Any] | None) -> tuple[int, str]:
    """Exit code and sentence for one list, from pip-audit's report of it; ``None`` where it made none."""
    packages = report["dependencies"] if report else []
    audited = [one for one in packages if "skip_reason" not in one]
    if not audited:
        return 0, f"{name}: not audited, no source of advisories answered"
    bad = [
        f"{one['name']} {one['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'no version'}"
        for one in audited
        for found in one["vulns"]
    ]
    told = f"{name}: {len(audited)} of {len(packages)} packages audited, {len(bad)} known vulnerabilities"
    return int(bool(bad)), "\n".join([told, *bad])


def audited(name: str) -> tuple[int, str]:
    """Ask about one list of pins."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        argv = [str(PIP_AUDIT), "-r", name, "--no-deps", "--disable-pip", "--progress-spinner", "off"]
        argv += ["--timeout", "15", "-f", "json", "-o", str(out)]
        subprocess.run(argv, cwd=ROOT, capture_output=True, check=False)
        return verdict(name, json.loads(out.read_text()) if out.exists() else None)


def main() -> int:
    """Entry."""
    found = [audited(name) for name in LISTS]
    print("\n".join(text for _, text in found))
    return max(code for code, _ in found)


if __name__ == "__main__":
    sys.exit(main())
