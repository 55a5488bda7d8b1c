"""A real API server, its controllers and scheduler with simulated nodes, on loopback, for one block of a test.

The servers are Kubernetes' own, built from its Go modules (``tools/kubelab``); kwok stands for the nodes: it reports
pods as running that no machine runs. So admission, defaults, rollouts, jobs and budgets are real; images, probes,
volumes and network are not.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from local_stack.scratch import free_port
from tests.deploy.go_programs import go_program, installed_module, module_folder
from tests.deploy.manifests import ROOT, SCHEMAS, Json, kubectl

KWOK = "sigs.k8s.io/kwok", "v0.8.0"
VERSION = "v1.36.3"
"""Of Kubernetes; kubectl fails to read a server that does not say its own."""
STAGES = ("node/fast", "node/heartbeat-with-lease", "pod/fast")
FLAGS = tuple(f"-X {package}.gitVersion={VERSION}" for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"))  # noqa: E501  # fmt: skip
NODES = 3
GPU_NODE = "gpu-0"
"""As NVIDIA's operator leaves it: named by a label, kept free by a taint."""
READY_WITHIN_S = 180.0


@dataclass(slots=True)
class Cluster:
    """Addresses and programs of one that runs."""

    folder: Path
    port: int
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def kubeconfig(self) -> Path:
        """Who may do everything."""
        return self.folder / "kubeconfig"

    def kubectl(self, *words: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """One command, whatever comes of it."""
        env = {**os.environ, "KUBECONFIG": str(self.kubeconfig)}
        return subprocess.run([kubectl(), *words], env=env, input=text, capture_output=True, text=True, check=False)

    def shell(self, line: str) -> subprocess.CompletedProcess[str]:
        """One line of bash from the checkout, whatever comes of it."""
        path = f"{Path(kubectl()).parent}{os.pathsep}{os.environ['PATH']}"
        env = {**os.environ, "KUBECONFIG": str(self.kubeconfig), "PATH": path}
        argv = ["bash", "-c", line]
        return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    def must(self, *words: str, text: str | None = None) -> str:
        """One command that succeeds."""
        done = self.kubectl(*words, text=text)
        assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr[-4000:]}"
        return done.stdout

    def apply(self, manifests: Sequence[Json], *words: str) -> subprocess.CompletedProcess[str]:
        """Server-side, strict, and with every warning an error."""
        text = "---\n".join(yaml.safe_dump(m, sort_keys=False) for m in manifests)
        strictly = ("--server-side", "--validate=strict", "--warnings-as-errors", "--field-manager=gridseal")
        return self.kubectl("apply", *strictly, *words, "-f", "-", text=text)

    def start(self, name: str, *argv: str) -> None:
        """A server whose output lies beside its data."""
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes.append(subprocess.Popen(argv, cwd=self.folder, stdout=log, stderr=log))

    def until(self, *words: str, says: str) -> None:
        """Wait until a command says something."""
        deadline = time.monotonic() + READY_WITHIN_S
        while says not in (done := self.kubectl(*words)).stdout:
            ended = [p.args for p in self.processes if p.poll() is not None]
            assert not ended, f"{ended[0]!r} ended: see {self.folder}"
            assert time.monotonic() < deadline, f"kubectl {' '.join(words)}: {done.stdout[-500:]} {done.stderr[-500:]}"
            time.sleep(0.2)

    def stop(self) -> None:
        """In the order kwok, scheduler, controllers, API server, etcd: an API server without etcd does not end."""
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(15)


@cache
def programs() -> tuple[Path, Path, Path]:
    """The servers, kwok, and the folder of its module; built where they are missing: ten minutes of a core."""
    servers = go_program("kubelab", flags=FLAGS)
    return servers, installed_module(f"{KWOK[0]}/cmd/kwok", KWOK[1]), module_folder(*KWOK)


@contextmanager
def a_cluster(folder: Path) -> Iterator[Cluster]:
    """One with the operators' kinds, three nodes and volumes for whoever claims one."""
    servers, kwok, source = map(str, programs())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    cluster = Cluster(folder, free_port())
    try:
        _start_servers(cluster, servers)
        _start_nodes(cluster, kwok, Path(source))
        cluster.must("create", "-f", "-", text=yaml.safe_dump_all(operators_kinds()))
        cluster.must("wait", "--for=condition=established", "crd", "--all", "--timeout=60s")
        yield cluster
    finally:
        cluster.stop()


def _start_servers(cluster: Cluster, program: str) -> None:
    folder, etcd, peer = cluster.folder, free_port(), free_port()
    key = folder / "sa.key"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    subprocess.run(
        ["openssl", "rsa", "-in", str(key), "-pubout", "-out", str(folder / "sa.pub")], check=True, capture_output=True
    )
    (folder / "tokens.csv").write_text(f'{cluster.token},admin,1,"system:masters"\n')
    cluster.start("etcd", program, "etcd", str(folder / "etcd"), f"http://127.0.0.1:{etcd}", f"http://127.0.0.1:{peer}")
    cluster.start(
        "apiserver", program, "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{etcd}", "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1", f"--secure-port={cluster.port}", f"--cert-dir={folder / 'certs'}",
        "--service-account-issuer=https://kubelab.invalid", f"--service-account-key-file={folder / 'sa.pub'}",
        f"--service-account-signing-key-file={key}", "--authorization-mode=RBAC",
        f"--token-auth-file={folder / 'tokens.csv'}", "--service-cluster-ip-range=10.96.0.0/16",
        # Without it a privileged pod is refused by another check, and Pod Security is not what was tried.
        "--endpoint-reconciler-type=none", "--allow-privileged=true",
    )  # fmt: skip
    _write_kubeconfig(cluster)
    cluster.until("get", "--raw", "/readyz", says="ok")
    loopback = ("--leader-elect=false", "--bind-address=127.0.0.1", "--secure-port=0")
    cluster.start(
        "controllers", program, "kube-controller-manager", f"--kubeconfig={cluster.kubeconfig}", *loopback,
        f"--service-account-private-key-file={key}", f"--root-ca-file={folder / 'certs' / 'apiserver.crt'}",
        "--use-service-account-credentials=false",
    )  # fmt: skip
    cluster.start("scheduler", program, "kube-scheduler", f"--kubeconfig={cluster.kubeconfig}", *loopback)


def _write_kubeconfig(cluster: Cluster) -> None:
    """The server makes its own certificate, which is also the authority that signed it."""
    certificate = cluster.folder / "certs" / "apiserver.crt"
    address = {"server": f"https://127.0.0.1:{cluster.port}", "certificate-authority": str(certificate)}
    content = {
        "apiVersion": "v1", "kind": "Config", "current-context": "lab",
        "clusters": [{"name": "lab", "cluster": address}],
        "users": [{"name": "admin", "user": {"token": cluster.token}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "admin"}}],
    }  # fmt: skip
    cluster.kubeconfig.touch(0o600)
    cluster.kubeconfig.write_text(yaml.safe_dump(content))


def _start_nodes(cluster: Cluster, kwok: str, source: Path) -> None:
    stages = [f for stage in STAGES for f in sorted((source / "kustomize" / "stage" / stage).glob("*.yaml"))]
    texts = [f.read_text() for f in stages if f.name != "kustomization.yaml"]
    (cluster.folder / "stages.yaml").write_text("\n---\n".join(texts))
    cluster.start(
        "kwok", kwok, f"--kubeconfig={cluster.kubeconfig}", "--manage-all-nodes=true", "--enable-crds=",
        f"--config={cluster.folder / 'stages.yaml'}", f"--server-address=127.0.0.1:{free_port()}",
    )  # fmt: skip
    made = [*map(_a_node, range(NODES)), _a_gpu_node(), *map(_a_volume, range(40))]
    cluster.must("create", "-f", "-", text=yaml.safe_dump_all(made))
    cluster.must("wait", "--for=condition=Ready", "node", "--all", "--timeout=60s")


def _a_node(number: int) -> Json:
    name = f"node-{number}"
    zone = {"topology.kubernetes.io/zone": f"zone-{number}"}
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", **zone}
    capacity = {"cpu": "16", "memory": "64Gi", "pods": "110", "ephemeral-storage": "100Gi"}
    return {
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}},
        "status": {"capacity": capacity, "allocatable": capacity},
    }  # fmt: skip


def _a_gpu_node() -> Json:
    node = _a_node(0)
    node["metadata"]["name"] = node["metadata"]["labels"]["kubernetes.io/hostname"] = GPU_NODE
    node["metadata"]["labels"]["nvidia.com/gpu.present"] = "true"
    node["spec"] = {"taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]}
    for figures in (node["status"]["capacity"], node["status"]["allocatable"]):
        figures["nvidia.com/gpu"] = "4"
    return node


def _a_volume(number: int) -> Json:
    """What a provisioner would bring, once somebody claims it."""
    spec = {
        "capacity": {"storage": "1Ti"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/nowhere"},
        "persistentVolumeReclaimPolicy": "Retain",
    }  # fmt: skip
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"volume-{number}"}, "spec": spec}


def operators_kinds() -> list[Json]:
    """The operators' kinds, from the schemas that the quick tests use; rules between fields are not in those."""
    made = []
    for file in sorted(SCHEMAS.glob("*_*_*.json")):
        group, version, kind = file.stem.split("_")
        plural = kind.lower() + "s"
        names = {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()}
        served = {
            "name": version, "served": True, "storage": True,
            "schema": {"openAPIV3Schema": structural(json.loads(file.read_text()))},
        }  # fmt: skip
        made.append(
            {
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {
                    "name": f"{plural}.{group}",
                    "annotations": {"api-approved.kubernetes.io": "https://kubelab.invalid"},
                },
                "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [served]},
            }
        )  # fmt: skip
    return made


def structural(node: Any) -> Any:
    """A strict JSON schema as an API server takes it, the reverse of ``tools/slim_schemas.py``."""
    if not isinstance(node, dict):
        return node
    found = {k: v for k, v in node.items() if k in {"type", "enum", "pattern", "minimum", "maximum", "required", "minLength", "maxLength", "minItems", "maxItems"}}  # noqa: E501  # fmt: skip
    kinds = node.get("type")
    if kinds == ["integer", "string"]:
        del found["type"]
        found["x-kubernetes-int-or-string"] = True
    elif isinstance(kinds, list):
        found |= {"type": next(k for k in kinds if k != "null"), "nullable": True}
    elif kinds is None:
        found["type"] = "string" if "const" in node else "object"
    if "items" in node:
        found["items"] = structural(node["items"])
    more = node.get("additionalProperties")
    if "properties" in node:
        found["properties"] = {name: structural(one) for name, one in node["properties"].items()}
    elif isinstance(more, dict):
        found["additionalProperties"] = structural(more)
    if found.get("type") == "object" and more is None:
        found["x-kubernetes-preserve-unknown-fields"] = True
    if "properties" in found and {"apiVersion", "kind", "metadata"} <= set(found["properties"]):
        found["properties"]["metadata"] = {"type": "object"}
    return found
