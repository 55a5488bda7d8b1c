"""What is deployed, as data: compose's model, rendered manifests, Dockerfiles, and what each program may be told."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = Path(__file__).with_name("schemas")
OVERLAYS = ("local", "production", "gpu", "markets", "consortium")
Json = dict[str, Any]


@cache
def kubectl() -> str:
    """The program that renders; tests that need it are skipped where there is none."""
    found = shutil.which("kubectl", path=f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    if found is None:
        pytest.skip("kubectl is not installed, so nothing renders the overlays")
    return found


@cache
def rendered(overlay: str) -> tuple[Json, ...]:
    """Every manifest of an overlay, as kustomize makes it."""
    argv = [kubectl(), "kustomize", str(ROOT / "k8s" / "overlays" / overlay)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tuple(yaml.load_all(done.stdout, Loader=yaml.CSafeLoader))


@cache
def compose() -> Json:
    """The compose file with its variables filled in."""
    text = (ROOT / "docker-compose.yml").read_text()
    filled = re.sub(r"\$\{\w+:\?[^}]*\}", "somewhere", re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))
    model: Json = yaml.safe_load(filled)
    return model


@cache
def schema_of(version: str, kind: str) -> jsonschema_rs.Draft7Validator:
    """The strict schema of one kind.

    Raises:
        LookupError: There is none: ``tools/slim_schemas.py`` makes it.
    """
    core = json.loads((SCHEMAS / "kubernetes.json").read_text())
    key = core["kinds"].get(f"{version}/{kind}")
    if key is not None:
        return jsonschema_rs.Draft7Validator({"$ref": f"#/$defs/{key}", "$defs": core["$defs"]})
    file = SCHEMAS / f"{version.replace('/', '_')}_{kind}.json"
    if not file.exists():
        raise LookupError(f"no schema of {version} {kind}")
    return jsonschema_rs.Draft7Validator(json.loads(file.read_text()))


def faults(manifest: Json) -> list[str]:
    """What is wrong with a manifest by its schema, one line each."""
    validator = schema_of(manifest["apiVersion"], manifest["kind"])
    where = f"{manifest['kind']} {manifest['metadata']['name']}"
    return [
        f"{where}: {'/'.join(map(str, e.instance_path))}: {e.message[:200]}" for e in validator.iter_errors(manifest)
    ]


def pod_of(manifest: Json) -> Json | None:
    """The pod that a manifest makes, None where it makes none of ours."""
    spec = manifest.get("spec", {})
    if manifest["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    if manifest["kind"] in {"Deployment", "StatefulSet", "Job", "CronJob"}:
        pod: Json = spec["template"]
        return pod
    return None


def mounted_secrets(manifest: Json) -> Iterator[tuple[str, set[str]]]:
    """Secrets without which a pod of a manifest does not start, and the keys that it takes of each."""
    pod = pod_of(manifest)
    volumes = pod["spec"].get("volumes", ()) if pod else manifest.get("spec", {}).get("volumes", ())
    for volume in volumes:
        own = {"name": volume["secret"]["secretName"], **volume["secret"]} if "secret" in volume else None
        projected = [source.get("secret") for source in volume.get("projected", {}).get("sources", ())]
        for source in (own, *projected):
            if source and not source.get("optional"):
                yield source["name"], {item["key"] for item in source.get("items", ())}


def made_secrets(manifests: Collection[Json]) -> dict[str, set[str]]:
    """Secrets that operators make of manifests, and their keys."""
    found: dict[str, set[str]] = {}
    prefix = ""
    for manifest in manifests:
        name, spec = manifest["metadata"]["name"], manifest.get("spec", {})
        match manifest["kind"]:
            case "ExternalSecret":
                brought = {one["secretKey"] for one in spec["data"]}
                found[spec["target"]["name"]] = set(spec["target"].get("template", {}).get("data", brought))
            case "Certificate":
                forms = {one["type"] for one in spec.get("additionalOutputFormats", ())}
                combined = {"tls-combined.pem"} if "CombinedPEM" in forms else set()
                found[spec["secretName"]] = {"ca.crt", "tls.crt", "tls.key"} | combined
            case "Kafka":
                prefix = spec["entityOperator"]["userOperator"].get("secretPrefix", "")
                found[f"{name}-cluster-ca-cert"] = {"ca.crt", "ca.p12", "ca.password"}
            case "Cluster":
                found[f"{name}-ca"] = {"ca.crt", "ca.key"}
    for manifest in manifests:
        if manifest["kind"] == "KafkaUser":
            found[prefix + manifest["metadata"]["name"]] = {"ca.crt", "user.crt", "user.key"}
    return found


def containers(overlay: str) -> Iterator[tuple[Json, Json]]:
    """Every container of an overlay with the manifest it stands in."""
    for manifest in rendered(overlay):
        pod = pod_of(manifest)
        for container in pod["spec"]["containers"] if pod else ():
            yield manifest, container


def environment(container: Json, overlay: str) -> dict[str, str]:
    """What a container finds in its environment; a reference is its own name."""
    found: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        name = source["configMapRef"]["name"]
        maps = [m for m in rendered(overlay) if m["kind"] == "ConfigMap" and m["metadata"]["name"] == name]
        found |= maps[0]["data"]
    for one in container.get("env", ()):
        found[one["name"]] = one.get("value", "a-reference")
    return found


def command(container: Mapping[str, Any]) -> list[str]:
    """What runs, without the entrypoint."""
    words = [*(container.get("command") or ()), *(container.get("args") or ())]
    return [str(word) for word in words if word != "gridseal-entrypoint"]


def dockerfile(folder: str) -> str:
    """Text of the Dockerfile of a folder."""
    return (ROOT / folder / "Dockerfile").read_text()
