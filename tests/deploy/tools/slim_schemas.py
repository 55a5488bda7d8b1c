"""Make ``tests/deploy/schemas``: what a manifest of a kind may contain, strictly, without the descriptions.

    python tests/deploy/tools/slim_schemas.py core  _definitions.json        # of the package kubernetes-validate
    python tests/deploy/tools/slim_schemas.py crd   CRD.yaml…                # as the operators publish them
    python tests/deploy/tools/slim_schemas.py plain compose-spec.json        # only shortened

Sources, versions and licences (all Apache-2.0) are in ``schemas/README.md``.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[1] / "schemas"
CORE_KINDS = {
    "v1": "Namespace Service ServiceAccount ConfigMap Secret PersistentVolumeClaim ResourceQuota LimitRange",
    "apps/v1": "Deployment StatefulSet",
    "batch/v1": "CronJob Job",
    "autoscaling/v2": "HorizontalPodAutoscaler",
    "policy/v1": "PodDisruptionBudget",
    "networking.k8s.io/v1": "NetworkPolicy Ingress",
    "rbac.authorization.k8s.io/v1": "Role RoleBinding ClusterRole",
}
DROPPED = {"description", "x-kubernetes-list-map-keys", "x-kubernetes-list-type", "x-kubernetes-map-type",
           "x-kubernetes-patch-strategy", "x-kubernetes-patch-merge-key", "x-kubernetes-validations", "example",
           "x-kubernetes-group-version-kind", "title", "deprecated", "default"}  # fmt: skip


def slim(node: Any, *, inside_properties: bool = False) -> Any:
    """Without what only people read; a field that is called ``description`` stays."""
    if isinstance(node, list):
        return [slim(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {k: v for k, v in node.items() if inside_properties or k not in DROPPED}
    return {
        k: slim(v, inside_properties=k in ("properties", "patternProperties", "definitions")) for k, v in kept.items()
    }


def strict(node: Any) -> Any:
    """Refuses fields that are not named, except where the operator keeps unknown ones."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {k: strict(v) for k, v in node.items()}
    if node.pop("x-kubernetes-int-or-string", False):
        node.pop("type", None)
        node.pop("anyOf", None)
        node["type"] = ["integer", "string"]
    keeps = node.pop("x-kubernetes-preserve-unknown-fields", False)
    if node.pop("nullable", False) and isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
    node.pop("format", None)
    if isinstance(node.get("properties"), dict) and "additionalProperties" not in node and not keeps:
        node["additionalProperties"] = False
    return node


def core(source: Path) -> None:
    """One file with every built-in kind that the manifests use, and what these refer to."""
    known: dict[str, Any] = json.loads(source.read_text())["$defs"]
    kinds: dict[str, str] = {}
    for version, names in CORE_KINDS.items():
        for name in names.split():
            kinds[f"{version}/{name}"] = next(key for key, value in known.items() if _is(value, version, name))
    wanted, queue = {}, list(kinds.values())
    while queue:
        key = queue.pop()
        if key in wanted:
            continue
        wanted[key] = strict(slim(known[key]))
        queue += _references(known[key])
    for kind, key in kinds.items():
        wanted[key] = _closed(wanted[key], kind)
    _write("kubernetes.json", {"kinds": kinds, "$defs": wanted})


def _closed(schema: dict[str, Any], kind: str) -> dict[str, Any]:
    version, _, name = kind.rpartition("/")
    schema["properties"] |= {"apiVersion": {"const": version}, "kind": {"const": name}}
    return schema


def _is(value: dict[str, Any], version: str, name: str) -> bool:
    group, _, plain = version.rpartition("/")
    said = value.get("x-kubernetes-group-version-kind") or []
    return {"group": group, "kind": name, "version": plain} in said


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [ref for item in node for ref in _references(item)]
    if isinstance(node, dict):
        own = [node["$ref"].rpartition("/")[2]] if isinstance(node.get("$ref"), str) else []
        return own + [ref for item in node.values() for ref in _references(item)]
    return []


def crd(source: Path) -> None:
    """One file per kind and version that is served."""
    for document in yaml.safe_load_all(source.read_text()):
        if not document or document.get("kind") != "CustomResourceDefinition":
            continue
        spec = document["spec"]
        for version in spec["versions"]:
            if not version["served"]:
                continue
            schema = strict(slim(version["schema"]["openAPIV3Schema"]))
            schema["properties"].pop("status", None)
            schema["properties"]["metadata"] = {"type": "object"}
            _closed(schema, f"{spec['group']}/{version['name']}/{spec['names']['kind']}")
            _write(f"{spec['group']}_{version['name']}_{spec['names']['kind']}.json", schema)


def _write(name: str, content: Any) -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / name).write_text(json.dumps(content, separators=(",", ":"), sort_keys=True) + "\n")
    print(name, (FOLDER / name).stat().st_size)


if __name__ == "__main__":
    what, *files = sys.argv[1:]
    for file in map(Path, files):
        if what == "core":
            core(file)
        elif what == "crd":
            crd(file)
        else:
            _write(file.name, slim(json.loads(file.read_text())))
