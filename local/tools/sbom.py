"""``make sbom``: what is installed, as CycloneDX 1.6, and under which licences, as a list.

Python from the metadata of the environment and ``constraints.txt``; Node from the lock files, which hold the hashes.
"""

import base64
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".local" / "sbom"
LOCKS: Final = ("blockchain", "frontend", "tests/e2e", "tests/oidc", "tests/timescale")
UNKNOWN: Final = "unknown"


def normal(name: str) -> str:
    """A Python name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence_of(found: Distribution) -> str:
    """As the package says, in the best of the three places where it may."""
    data = found.metadata
    stated = data.get("License-Expression") or ""
    classified = [c.split(" :: ")[-1] for c in data.get_all("Classifier") or [] if c.startswith("License")]
    old = (data.get("License") or "").strip().splitlines()
    return stated or " or ".join(classified) or (old[0][:80] if old else UNKNOWN)


def component(kind: str, name: str, version: str, licence: str, hashes: list[dict[str, str]]) -> dict[str, Any]:
    """One entry."""
    address = f"pkg:{kind}/{quote(name, safe='/')}@{version}"
    made: dict[str, Any] = {"type": "library", "bom-ref": address, "name": name, "version": version, "purl": address}
    if licence != UNKNOWN:
        made["licenses"] = [{"license": {"name": licence}}]
    return made | ({"hashes": hashes} if hashes else {})


def python_components() -> Iterator[dict[str, Any]]:
    """What ``constraints.txt`` names and the environment holds."""
    held = {normal(d.metadata["Name"]): d for d in distributions()}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        name, _, version = line.partition("==")
        if version:
            found = held.get(normal(name))
            licence = licence_of(found) if found is not None else UNKNOWN
            yield component("pypi", normal(name), version.split(";")[0].strip(), licence, [])


def node_components() -> Iterator[dict[str, Any]]:
    """What the lock files name, each once."""
    known = set()
    for folder in LOCKS:
        lock = json.loads((ROOT / folder / "package-lock.json").read_text())
        for path, entry in lock["packages"].items():
            name = path.rpartition("node_modules/")[2]
            if name and (name, entry.get("version")) not in known and not entry.get("link"):
                known.add((name, entry.get("version")))
                yield component("npm", name, entry.get("version", ""), _licence(entry), _hashes(entry))


def _licence(entry: Mapping[str, Any]) -> str:
    return str(entry.get("license") or UNKNOWN)


def _hashes(entry: Mapping[str, Any]) -> list[dict[str, str]]:
    algorithm, _, text = str(entry.get("integrity", "")).partition("-")
    if algorithm != "sha512":
        return []
    return [{"alg": "SHA-512", "content": base64.b64decode(text.split()[0]).hex()}]


def document(name: str, components: list[dict[str, Any]]) -> dict[str, Any]:
    """A CycloneDX document, the same for the same components."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": f"gridseal-{name}", "name": f"gridseal-{name}"}},
        "components": sorted(components, key=lambda c: str(c["purl"])),
    }


def main() -> int:
    """Write both documents and the list of licences."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    licences = defaultdict[str, list[str]](list)
    for name, components in (("python", list(python_components())), ("node", list(node_components()))):
        (FOLDER / f"{name}.json").write_text(json.dumps(document(name, components), indent=1) + "\n")
        for one in components:
            said = one["licenses"][0]["license"]["name"] if "licenses" in one else UNKNOWN
            licences[said].append(f"{one['name']} {one['version']}")
        print(f"{name}: {len(components)} components")
    lines = [f"{name}: {', '.join(sorted(of))}" for name, of in sorted(licences.items())]
    (FOLDER / "licences.txt").write_text("\n".join(lines) + "\n")
    print(f"{FOLDER.relative_to(ROOT)}: python.json, node.json, licences.txt; {len(licences[UNKNOWN])} say no licence")
    return 0


if __name__ == "__main__":
    sys.exit(main())
