"""Every overlay goes through a real API server, is admitted, and rolls out on simulated nodes; wrong ones are refused.

Proven here: server-side apply with strict fields, defaults, validation, Pod Security ``restricted`` on the pods that
come into being, selectors, volume claims bound, rollouts and their way back, jobs to their end, budgets, and kubectl's
commands of the runbooks. Not proven here: images, probes, kubelet, enforcement of network policies, the operators (only
their kinds), figures for the scalers.
"""

import copy
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.kubelab import GPU_NODE, Cluster, a_cluster
from tests.deploy.manifests import OVERLAYS, ROOT, Json, rendered
from tests.deploy.runbook_commands import commands

ASKED = os.environ.get("CLUSTER_TESTS") == "1"
pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not ASKED, reason="CLUSTER_TESTS=1 asks for it: building the API server takes 15 minutes once"),
    pytest.mark.timeout(3_600),
]
NAMESPACE = ("-n", "gridseal")
AS_IT_STANDS = (
    ("backup-and-restore.md", "create job"), ("deploy.md", "rollout status"), ("incident.md", "get pods"),
    ("incident.md", "get kafka"), ("rotate.md", "restart statefulset"), ("deploy.md", "apply -k"),
    ("rollback.md", "apply -k"), ("rotate.md", "restart deployment"), ("rotate.md", "rollout status"),
    ("rotate.md", "get certificate"), ("rotate.md", "get kafkauser"), ("rotate.md", "delete pod"),
)  # fmt: skip
"""Commands of runbooks: page, and words of the line."""
WITH_MORE = (
    ("rollback.md", "rollout undo"), ("rotate.md", "delete secret"), ("deploy.md", "create configmap"),
    ("deploy.md", "kubectl diff"),
)  # fmt: skip
"""Those that need something to be there first, each with a test of its own."""


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with a_cluster(tmp_path_factory.mktemp("production") / "lab") as cluster:
        rolled_out(cluster, "production")
        yield cluster


def rolled_out(cluster: Cluster, overlay: str) -> list[str]:
    """Apply an overlay and wait for all that runs; the names of it."""
    done = cluster.apply(rendered(overlay))
    assert done.returncode == 0, done.stderr[-4000:]
    waited = []
    for manifest in rendered(overlay):
        kind, name = manifest["kind"].lower(), manifest["metadata"]["name"]
        if kind in {"deployment", "statefulset"}:
            cluster.must(*NAMESPACE, "rollout", "status", f"{kind}/{name}", "--timeout=120s")
            waited.append(name)
        elif kind == "job":
            cluster.must(*NAMESPACE, "wait", "--for=condition=complete", f"job/{name}", "--timeout=120s")
            waited.append(name)
    return waited


def named(kind: str, name: str) -> Json:
    found = [m for m in rendered("production") if (m["kind"], m["metadata"]["name"]) == (kind, name)]
    return copy.deepcopy(found[0])


@pytest.mark.parametrize("overlay", [o for o in OVERLAYS if o != "production"])
def test_an_overlay_is_admitted_and_rolls_out(overlay: str, tmp_path: Path) -> None:
    with a_cluster(tmp_path / "lab") as cluster:
        assert len(rolled_out(cluster, overlay)) > 8
        pending = cluster.must(*NAMESPACE, "get", "pods", "--field-selector=status.phase=Pending", "-o", "name")
        claims = cluster.must(*NAMESPACE, "get", "pvc", "-o", "jsonpath={.items[*].status.phase}").split()

    assert not pending
    assert set(claims) == {"Bound"}


def test_what_computes_on_a_gpu_runs_where_one_is_and_nothing_else_does(tmp_path: Path) -> None:
    with a_cluster(tmp_path / "lab") as cluster:
        rolled_out(cluster, "gpu")
        names = "jsonpath={.items[*].metadata.labels.app\\.kubernetes\\.io/name}"
        there = cluster.must(*NAMESPACE, "get", "pods", f"--field-selector=spec.nodeName={GPU_NODE}", "-o", names)

    assert set(there.split()) == {"forecast-worker", "forecast-scheduler"}


def test_what_was_applied_is_applied_again_without_a_change(production: Cluster) -> None:
    again = production.apply(rendered("production"))

    assert again.returncode == 0, again.stderr
    assert len(again.stdout.splitlines()) == len(rendered("production"))
    generations = "jsonpath={.items[*].metadata.generation}"
    assert set(production.must(*NAMESPACE, "get", "deployment", "-o", generations).split()) <= {"1", "2"}


def test_a_pod_that_may_too_much_is_refused_and_each_fault_named(production: Cluster) -> None:
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "free", "namespace": "gridseal"},
        "spec": {
            "hostNetwork": True,
            "containers": [{"name": "a", "image": "x", "securityContext": {"privileged": True}}],
        },
    }  # fmt: skip

    done = production.apply([pod])

    assert done.returncode != 0
    faults = ("host namespaces", "privileged", "allowPrivilegeEscalation", "capabilities", "runAsNonRoot", "seccomp")
    assert all(fault in done.stderr for fault in faults), done.stderr


@pytest.mark.parametrize(
    ("kind", "name", "change", "says"),
    [
        ("Deployment", "asset-service", ".spec.template.spec.containers[0].livenesProbe = {}", "livenesProbe"),
        ("Deployment", "asset-service", ".spec.selector.matchLabels = {'app': 'other'}", "selector"),
        ("Deployment", "asset-service", ".spec.template.spec.containers[0].resources.limits.memory = '1Mi'", "memory"),
        ("Deployment", "asset-service", ".spec.template.spec.securityContext = {}", "violate PodSecurity"),
        ("CronJob", "backup", ".spec.schedule = '61 3 * * *'", "schedule"),
        ("CronJob", "backup", ".spec.jobTemplate.spec.template.spec.restartPolicy = 'Always'", "restartPolicy"),
        ("Service", "asset-service", ".spec.ports = [{'port': 70000}]", "port"),
        ("Service", "asset-service", ".metadata.name = 'Bad_Name'", "Bad_Name"),
        ("HorizontalPodAutoscaler", "forecast-worker", ".spec.maxReplicas = 0", "maxReplicas"),
        ("PodDisruptionBudget", "forecast-worker", ".spec.maxUnavailable = 1", "maxUnavailable"),
        ("NetworkPolicy", "default-deny", ".spec.policyTypes = ['Inside']", "policyTypes"),
        ("KafkaTopic", "alerts", ".spec.partition = 2", "partition"),
        ("Cluster", "postgres", ".spec.instances = 'three'", "instances"),
        ("KafkaUser", "asset-service", ".spec.authorization.acls[0].operations = ['Reed']", "Reed"),
        ("Certificate", "redis-server", ".spec.privateKey.rotationPolicy = 'Sometimes'", "Sometimes"),
    ],
)  # fmt: skip
def test_a_wrong_manifest_is_refused(production: Cluster, kind: str, name: str, change: str, says: str) -> None:
    manifest = named(kind, name)
    path, _, value = change.partition(" = ")
    at: Any = manifest
    steps = re.findall(r"\w+", path)
    for step in steps[:-1]:
        at = at[int(step)] if step.isdigit() else at[step]
    at[steps[-1]] = yaml.safe_load(value)

    done = production.apply([manifest], "--dry-run=server", "--force-conflicts")

    assert done.returncode != 0
    assert says in done.stderr, done.stderr


def test_the_right_manifest_of_each_kind_passes_the_same_way(production: Cluster) -> None:
    kinds = {m["kind"]: m for m in rendered("production")}

    done = production.apply(list(kinds.values()), "--dry-run=server")

    assert done.returncode == 0, done.stderr


def test_a_new_image_rolls_out_and_goes_back_as_the_runbook_says(production: Cluster) -> None:
    image = "jsonpath={.spec.template.spec.containers[0].image}"
    before = production.must(*NAMESPACE, "get", "deployment/forecast-api", "-o", image)
    production.must(*NAMESPACE, "set", "image", "deployment/forecast-api", f"forecast-api={before}-next")
    production.must(*NAMESPACE, "rollout", "status", "deployment/forecast-api", "--timeout=120s")

    for words in the_runbook("rollback.md", "rollout undo"):
        production.must(*words)
    production.must(*NAMESPACE, "rollout", "status", "deployment/forecast-api", "--timeout=120s")

    assert production.must(*NAMESPACE, "get", "deployment/forecast-api", "-o", image) == before


def test_a_budget_holds_an_eviction_back(production: Cluster) -> None:
    """The broker has one copy, and its budget says that it is not to be moved by a drain."""
    budgets = [m for m in rendered("production") if m["kind"] == "PodDisruptionBudget"]
    one = {
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "held", "namespace": "gridseal"},
        "spec": {"minAvailable": "100%", "selector": {"matchLabels": {"app.kubernetes.io/name": "dashboard"}}},
    }  # fmt: skip
    assert budgets
    production.must(*NAMESPACE, "delete", "pdb", "dashboard")
    production.apply([one])
    production.until(*NAMESPACE, "get", "pdb", "held", "-o", "jsonpath={.status.expectedPods}", says="2")
    pod = production.must(*NAMESPACE, "get", "pod", "-l", "app.kubernetes.io/name=dashboard", "-o", "name").split()[0]
    node = production.must(*NAMESPACE, "get", pod, "-o", "jsonpath={.spec.nodeName}")

    drained = production.kubectl(
        "drain", node, "--pod-selector=app.kubernetes.io/name=dashboard", "--timeout=3s", "--delete-emptydir-data"
    )

    production.must("uncordon", node)
    production.must(*NAMESPACE, "delete", "pdb", "held")
    assert drained.returncode != 0
    assert "disruption budget" in drained.stderr


@pytest.mark.parametrize(("page", "has"), AS_IT_STANDS)
def test_a_command_of_a_runbook_does_what_it_says(production: Cluster, page: str, has: str) -> None:
    for words in the_runbook(page, has):
        done = production.kubectl(*words)
        assert done.returncode == 0, f"{page}: kubectl {' '.join(words)}: {done.stderr}"


def test_a_certificate_of_kafka_is_taken_away_as_the_runbook_says(production: Cluster) -> None:
    production.must(*NAMESPACE, "create", "secret", "generic", "kafka-forecast-api")
    for words in the_runbook("rotate.md", "delete secret"):
        production.must(*words)

    assert "NotFound" in production.kubectl(*NAMESPACE, "get", "secret", "kafka-forecast-api").stderr


def test_a_deployment_of_contracts_comes_into_the_cluster(production: Cluster, tmp_path: Path) -> None:
    record = tmp_path / "deployment.json"
    record.write_text('{"chain_id": 31337}')
    production.kubectl(*NAMESPACE, "delete", "configmap", "chain-deployment", "--ignore-not-found")
    for words in the_runbook("deploy.md", "create configmap"):
        production.must(*(w.replace("blockchain/deployments/CHAIN_ID.json", str(record)) for w in words))

    kept = production.must(*NAMESPACE, "get", "configmap", "chain-deployment", "-o", "jsonpath={.data}")
    assert json.loads(kept) == {"deployment.json": record.read_text()}


def test_what_would_change_is_shown_before(production: Cluster) -> None:
    production.must(*NAMESPACE, "set", "image", "deployment/asset-service", "asset-service=gridseal/other:1")
    [line] = [c.line for c in commands() if "kubectl diff" in c.line]

    done = production.shell(line)
    production.must("apply", "-k", str(ROOT / "k8s" / "overlays" / "production"))

    assert done.returncode == 1, done.stderr  # kubectl's word for a difference; 2 and more are failures
    assert re.search(r"^-\s+(- )?image: gridseal/other:1$", done.stdout, re.M), done.stdout[-2_000:] + done.stderr


def the_runbook(page: str, has: str) -> list[list[str]]:
    """kubectl's words of the commands of a page that contain some."""
    text = (ROOT / "docs" / "runbooks" / page).read_text()
    lines = [*re.findall(r"^ {4}(kubectl .*)$", text, re.M), *re.findall(r"`(kubectl [^`]+)`", text)]
    found = [re.sub(r"\s+#.*$", "", line).split()[1:] for line in lines if has in line and "|" not in line]
    assert found, f"{page} has no command with {has}"
    return [[str(ROOT / w) if w.startswith("k8s/") else w for w in words] for words in found]
