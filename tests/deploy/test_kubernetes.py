"""Every rendered manifest is valid, restricted, and says the same as every other.

Proven here: rendering by kustomize, strict schemas of Kubernetes 1.34 and of every operator, and the rules below.
Not proven here: admission by an API server, images, operators at work, enforcement of network policies.
"""

import copy
import hashlib
import re
from typing import Any

import pytest

from tests.deploy.manifests import (
    OVERLAYS,
    ROOT,
    Json,
    containers,
    environment,
    faults,
    mounted_secrets,
    pod_of,
    rendered,
)

OURS = ("gridseal/",)


def named(overlay: str, kind: str) -> dict[str, Json]:
    return {m["metadata"]["name"]: m for m in rendered(overlay) if m["kind"] == kind}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_manifest_keeps_to_the_schema_of_its_kind(overlay: str) -> None:
    found = [fault for manifest in rendered(overlay) for fault in faults(manifest)]

    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("kind", "name", "path", "wrong"),
    [
        ("Deployment", "asset-service", ("spec", "template", "spec", "containers", 0), {"livenesProbe": {}}),
        ("Deployment", "asset-service", ("spec",), {"replicas": "two"}),
        ("NetworkPolicy", "default-deny", ("spec",), {"policyType": ["Ingress"]}),
        ("Kafka", "gridseal", ("spec", "kafka"), {"listener": []}),
        ("SparkApplication", "streaming-processor", ("spec", "driver"), {"memori": "2g"}),
        ("Cluster", "postgres", ("spec",), {"instances": "three"}),
        ("Certificate", "gateway-client", ("spec",), {"secretname": "x"}),
        ("Certificate", "mongo-server", ("spec",), {"additionalOutputFormats": [{"type": "Combined"}]}),
        ("KafkaUser", "asset-service", ("spec", "authorization", "acls", 0), {"operations": ["Reed"]}),
        ("ExternalSecret", "gridseal-addresses", ("spec",), {"refresh": "1h"}),
    ],
)
def test_a_wrong_field_is_refused(kind: str, name: str, path: tuple[Any, ...], wrong: Json) -> None:
    manifest = copy.deepcopy(named("production", kind)[name])
    at: Any = manifest
    for step in path:
        at = at[step]
    at.update(wrong)

    assert faults(manifest)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_meets_the_restricted_standard(overlay: str) -> None:
    for manifest in rendered(overlay):
        pod = pod_of(manifest)
        if pod is None:
            continue
        name, spec = manifest["metadata"]["name"], pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] > 0, name
        assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault", name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec), name
        for container in spec["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert container["resources"]["requests"], name
            assert "memory" in container["resources"]["limits"], name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_a_pod_refers_to_exists_or_is_a_documented_secret(overlay: str) -> None:
    readme = (ROOT / "k8s" / "README.md").read_text()
    claims, maps = named(overlay, "PersistentVolumeClaim"), named(overlay, "ConfigMap")
    accounts = named(overlay, "ServiceAccount")
    for manifest in rendered(overlay):
        pod = pod_of(manifest)
        if pod is None:
            continue
        own = {one["metadata"]["name"] for one in manifest["spec"].get("volumeClaimTemplates", ())}
        volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes", ())}
        assert pod["spec"]["serviceAccountName"] in accounts
        for container in pod["spec"]["containers"]:
            mounted = {mount["name"] for mount in container.get("volumeMounts", ())}
            assert mounted <= own | set(volumes), f"{manifest['metadata']['name']}: {mounted - own - set(volumes)}"
        for volume in volumes.values():
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in claims, volume
            if "configMap" in volume:
                name = volume["configMap"]["name"]
                assert name in maps or f"`{name}`" in readme, f"{name} is neither made nor documented"
        for secret, _ in mounted_secrets(manifest):
            documented = f"`{secret}`" in readme or (secret.startswith("kafka-") and "`kafka-NAME`" in readme)
            assert documented, f"{secret} is not in k8s/README.md"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_has_a_policy_and_selectors_meet_pods(overlay: str) -> None:
    labels = {m["metadata"]["name"]: pod["metadata"]["labels"] for m in rendered(overlay) if (pod := pod_of(m))}
    for application in named(overlay, "SparkApplication").values():
        for role in ("driver", "executor"):
            labels[role] = application["spec"][role]["labels"]
    for policy in named(overlay, "NetworkPolicy").values():
        wanted = policy["spec"]["podSelector"].get("matchLabels", {})
        if "strimzi.io/cluster" in wanted or wanted.get("gridseal.dev/role") in {"postgres", "kafka"}:
            continue  # pods of an operator
        assert not wanted or any(wanted.items() <= own.items() for own in labels.values()), policy["metadata"]["name"]
    for kind in ("Service", "PodDisruptionBudget"):
        for name, one in named(overlay, kind).items():
            selector = one["spec"]["selector"]
            wanted = selector.get("matchLabels", selector)
            assert any(wanted.items() <= own.items() for own in labels.values()), f"{kind} {name} meets no pod"
    chosen = [p["spec"]["podSelector"].get("matchLabels", {}) for p in named(overlay, "NetworkPolicy").values()]
    for name, own in labels.items():
        assert any(wanted and wanted.items() <= own.items() for wanted in chosen), f"{name} has no policy of its own"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_addresses_name_services_and_their_ports(overlay: str) -> None:
    services = named(overlay, "Service")
    settings = named(overlay, "ConfigMap")["gridseal-settings"]["data"]
    for name, value in settings.items():
        if not name.endswith(("_URL", "_BOOTSTRAP")) or ".example" in value or "127.0.0.1" in value:
            continue
        host, _, port = re.sub(r"^\w+://", "", value).partition("?")[0].partition(":")
        if host == "gridseal-kafka-bootstrap":
            [listener] = named(overlay, "Kafka")["gridseal"]["spec"]["kafka"]["listeners"]
            assert int(port) == listener["port"]
            continue
        assert int(port) in {p["port"] for p in services[host]["spec"]["ports"]}, name


def allowed(overlay: str, direction: str) -> set[tuple[str, str, int]]:
    """Who may talk to whom on which port, by the names of ours, as the policies of one side say."""
    found = set()
    for policy in named(overlay, "NetworkPolicy").values():
        own = policy["spec"]["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/name")
        for rule in policy["spec"].get(direction, ()):
            for peer in rule.get("to" if direction == "egress" else "from", ()):
                other = peer.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/name")
                pair = (own, other) if direction == "egress" else (other, own)
                found |= {(*pair, port["port"]) for port in rule.get("ports", ()) if own and other}
    return found


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_both_ends_of_a_connection_allow_it(overlay: str) -> None:
    out = allowed(overlay, "egress") - {("edge-agent", "mosquitto", 8883)}  # devices may come from anywhere

    assert len(out) > 15
    assert out == allowed(overlay, "ingress")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_program_reaches_what_it_must(overlay: str) -> None:
    """Services ask settlement-service for the keys of sessions; the dashboard passes calls on."""
    may = allowed(overlay, "egress")
    for manifest, container in containers(overlay):
        name = manifest["metadata"]["name"]
        told = environment(container, overlay)
        serves = manifest["kind"] in {"Deployment", "StatefulSet"} and name != "settlement-service"
        if serves and any(mount["name"] == "service-keys" for mount in container.get("volumeMounts", ())):
            assert (name, "settlement-service", 8020) in may, name
        if name == "dashboard":
            pairs = {one.removeprefix("http://").partition(":")[::2] for k, one in told.items() if k.endswith("_URL")}
            ours = {(host, port) for host, port in pairs if host in named(overlay, "Service")}
            assert {(name, host, int(port)) for host, port in ours if host not in {"chain", "mlflow"}} <= may


def test_scalers_and_budgets_point_at_what_exists() -> None:
    for overlay in OVERLAYS:
        workloads = {(m["kind"], m["metadata"]["name"]) for m in rendered(overlay)}
        for scaler in named(overlay, "HorizontalPodAutoscaler").values():
            target = scaler["spec"]["scaleTargetRef"]
            assert (target["kind"], target["name"]) in workloads
            assert "replicas" not in named(overlay, target["kind"])[target["name"]]["spec"], (
                "two would set the replicas"
            )


def test_only_what_may_end_at_any_time_runs_on_spot_machines() -> None:
    """By docs/capacity.md; both prefer them, and nothing must have them."""
    may = {}
    for manifest in rendered("production"):
        pod = pod_of(manifest)
        spec = pod["spec"] if pod else manifest.get("spec", {}).get("executor")
        if spec and any(one["key"] == "gridseal.io/spot" for one in spec.get("tolerations", ())):
            may[manifest["metadata"]["name"]] = spec["affinity"]["nodeAffinity"]

    assert set(may) == {"forecast-worker", "streaming-processor"}
    assert all("requiredDuringSchedulingIgnoredDuringExecution" not in affinity for affinity in may.values())


def test_no_manifest_holds_a_secret() -> None:
    for overlay in OVERLAYS:
        assert not named(overlay, "Secret")
        for _, container in containers(overlay):
            for one in container.get("env", ()):
                assert not one["name"].endswith(("PASSWORD", "TOKEN", "_DSN")) or "valueFrom" in one


def test_topics_are_those_of_the_code() -> None:
    from gridseal.wire.topics import KAFKA_TOPICS

    made = named("production", "KafkaTopic")
    assert set(made) == {topic.name for topic in KAFKA_TOPICS}
    for topic in KAFKA_TOPICS:
        spec = made[topic.name]["spec"]
        assert spec["config"]["cleanup.policy"] == ("compact" if topic.compacted else "delete")
        retention = topic.retention_hours * 3_600_000 if topic.retention_hours >= 0 else -1
        assert spec["config"]["retention.ms"] == retention
        assert spec["partitions"] >= topic.partitions


def test_the_copied_program_is_the_one_that_is_tested() -> None:
    files = (ROOT / "containers" / "gridseal-backup", ROOT / "k8s" / "base" / "programs" / "gridseal-backup")
    assert len({hashlib.sha256(file.read_bytes()).hexdigest() for file in files}) == 1
