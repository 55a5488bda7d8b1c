"""In every overlay of a cluster with operators each connection to a store says TLS, and each certificate is made.

Proven here: by the manifests. By servers: ``tests/deploy/test_stores_over_tls.py``,
``tests/security/test_tls.py``, ``tests/security/test_kafka_access.py``.
"""

import copy
import json
import re
from collections.abc import Sequence

import pytest
import yaml

from gridseal.errors import ConfigError
from gridseal.runtime.encryption import require_tls
from tests.deploy.manifests import (
    OVERLAYS,
    Json,
    containers,
    environment,
    made_secrets,
    mounted_secrets,
    pod_of,
    rendered,
)

ENCRYPTED = [overlay for overlay in OVERLAYS if overlay != "local"]
BY_HAND = {"besu-network"}
"""Made at deployment, no certificate: k8s/README.md."""
STORES = ("GRIDSEAL_POSTGRES_DSN", "GRIDSEAL_REDIS_URL", "GRIDSEAL_MONGO_URL")


def one(overlay: str, kind: str, name: str) -> Json:
    [found] = [m for m in rendered(overlay) if (m["kind"], m["metadata"]["name"]) == (kind, name)]
    return found


def addresses(overlay: str) -> dict[str, str]:
    """What the stores' addresses are made of, a word for each password."""
    made = one(overlay, "ExternalSecret", "gridseal-addresses")["spec"]["target"]["template"]["data"]
    return {name: re.sub(r"\{\{[^}]*\}\}", "word", text) for name, text in made.items()}


def missing(manifests: Sequence[Json]) -> list[str]:
    """Secrets, and keys of them, that a pod takes and nobody makes."""
    made = made_secrets(manifests)
    return [
        f"{manifest['kind']} {manifest['metadata']['name']}: {name} {sorted(keys)}"
        for manifest in manifests
        for name, keys in mounted_secrets(manifest)
        if name not in BY_HAND and (name not in made or not keys <= made[name])
    ]


@pytest.mark.parametrize("overlay", ENCRYPTED)
def test_whatever_a_pod_mounts_is_made(overlay: str) -> None:
    assert not missing(rendered(overlay))


@pytest.mark.parametrize(
    ("kind", "name", "who"),
    [
        ("Certificate", "redis-server", "redis-server-tls"),
        ("Certificate", "mongo-server", "mongo-server-tls"),
        ("Certificate", "mlflow-server", "mlflow-server-tls"),
        ("Certificate", "gateway-client", "gateway-client-tls"),
        ("KafkaUser", "lake", "kafka-lake"),
        ("Kafka", "gridseal", "gridseal-cluster-ca-cert"),
        ("Cluster", "postgres", "postgres-ca"),
    ],
)
def test_a_certificate_that_nobody_makes_is_noticed(kind: str, name: str, who: str) -> None:
    left = [m for m in rendered("production") if (m["kind"], m["metadata"]["name"]) != (kind, name)]

    assert [line for line in missing(left) if who in line]


def test_a_form_of_a_certificate_that_is_not_asked_for_is_noticed() -> None:
    manifests = copy.deepcopy(list(rendered("production")))
    [certificate] = [m for m in manifests if m["metadata"]["name"] == "mongo-server"]
    del certificate["spec"]["additionalOutputFormats"]

    assert missing(manifests) == ["StatefulSet mongo: mongo-server-tls ['ca.crt', 'tls-combined.pem']"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_overlay_but_local_requires_tls(overlay: str) -> None:
    told = one(overlay, "ConfigMap", "gridseal-settings")["data"]

    assert told.get("GRIDSEAL_REQUIRE_TLS") == (None if overlay == "local" else "1")


@pytest.mark.parametrize("overlay", ENCRYPTED)
def test_addresses_are_those_that_the_services_take_where_tls_is_required(overlay: str) -> None:
    kafka = one(overlay, "ConfigMap", "gridseal-settings")["data"]["GRIDSEAL_KAFKA_BOOTSTRAP"]
    told = addresses(overlay)

    require_tls({"GRIDSEAL_KAFKA_BOOTSTRAP": kafka} | {name: told[name] for name in STORES})
    assert told["MLFLOW_BACKEND_STORE_URI"].partition("?")[2] == told["GRIDSEAL_POSTGRES_DSN"].partition("?")[2]


def test_local_is_plain_and_would_be_refused() -> None:
    kafka = one("local", "ConfigMap", "gridseal-settings")["data"]["GRIDSEAL_KAFKA_BOOTSTRAP"]

    with pytest.raises(ConfigError, match="kafka"):
        require_tls({"GRIDSEAL_KAFKA_BOOTSTRAP": kafka})


@pytest.mark.parametrize("overlay", ENCRYPTED)
def test_no_manifest_names_a_plain_address(overlay: str) -> None:
    text = json.dumps(rendered(overlay))

    assert not re.findall(r"\b9092\b|redis://|http://mlflow|PLAINTEXT|\"tls\": false", text)
    assert not re.findall(r"mongodb://(?![^\"]*[?&]tls=true&)", text)
    assert not re.findall(r"postgres\w*(?:\+\w+)?://(?![^\"]*[?&]sslmode=verify-full&sslrootcert=)", text)


@pytest.mark.parametrize("overlay", ENCRYPTED)
def test_files_that_an_address_names_are_mounted_where_it_is_read(overlay: str) -> None:
    """Of the shared settings and of the secret of addresses alike, in each container and in Spark's pods."""
    kafka = one(overlay, "ConfigMap", "gridseal-settings")["data"]["GRIDSEAL_KAFKA_BOOTSTRAP"]
    of_stores = set(re.findall(r"/run/gridseal/[\w./-]+", json.dumps(addresses(overlay))))
    of_kafka = set(re.findall(r"/run/gridseal/[\w./-]+", kafka))
    of_stores.add(one(overlay, "ConfigMap", "gridseal-settings")["data"]["MLFLOW_TRACKING_SERVER_CERT_PATH"])
    seen = 0
    for manifest, container, volumes in places(overlay):
        name = manifest["metadata"]["name"]
        there = files_in(container, volumes)
        told = {m["name"] for m in container["volumeMounts"]}
        if "addresses" in told and name != "lake-tidy":
            assert of_stores <= there, f"{name}: {of_stores - there}"
            seen += 1
        if "kafka" in told or name in users(overlay):
            assert of_kafka <= there, f"{name}: {of_kafka - there}"
    assert seen > 8


def places(overlay: str) -> list[tuple[Json, Json, list[Json]]]:
    """Manifest, container (or driver, executor) and volumes."""
    found = [
        (m, c, pod["spec"]["volumes"]) for m, c in containers(overlay) if (pod := pod_of(m)) and "volumeMounts" in c
    ]
    for manifest in rendered(overlay):
        if manifest["kind"] == "SparkApplication":
            spec = manifest["spec"]
            found += [(manifest, spec[role], spec["volumes"]) for role in ("driver", "executor")]
    return found


def files_in(container: Json, volumes: list[Json]) -> set[str]:
    """Of secrets whose keys are named."""
    by_name = {volume["name"]: volume for volume in volumes}
    found = set()
    for mount in container["volumeMounts"]:
        volume = by_name.get(mount["name"], {})
        sources = [volume.get("secret"), *(s.get("secret") for s in volume.get("projected", {}).get("sources", ()))]
        items = [item for source in sources if source for item in source.get("items", ())]
        found |= {f"{mount['mountPath']}/{item['path']}" for item in items}
    return found


def users(overlay: str) -> set[str]:
    return {m["metadata"]["name"] for m in rendered(overlay) if m["kind"] == "KafkaUser"}


@pytest.mark.parametrize("overlay", ENCRYPTED)
def test_each_program_shows_kafka_a_certificate_of_its_own(overlay: str) -> None:
    shown: dict[str, str] = {}
    for manifest in rendered(overlay):
        for secret, _ in mounted_secrets(manifest):
            if secret.startswith("kafka-"):
                assert secret not in shown, f"{secret} is that of two"
                shown[secret] = manifest["metadata"]["name"]
    assert set(shown) == {f"kafka-{name}" for name in users(overlay)}
    reach = {*one(overlay, "NetworkPolicy", "to-kafka")["spec"]["podSelector"]["matchExpressions"][0]["values"]}
    assert {*shown.values()} <= reach | {"lake-backfill"}
    assert reach - {*shown.values()} <= {"feeds", "topics", "streaming-executor"}


@pytest.mark.parametrize("overlay", ENCRYPTED)
def test_kafka_has_one_port_and_takes_nobody_without_a_certificate(overlay: str) -> None:
    kafka = one(overlay, "Kafka", "gridseal")["spec"]["kafka"]
    [listener] = kafka["listeners"]
    policy = one(overlay, "NetworkPolicy", "to-kafka")["spec"]["egress"]

    assert (listener["tls"], listener["authentication"], kafka["authorization"]) == (
        True, {"type": "tls"}, {"type": "simple"}
    )  # fmt: skip
    assert [port["port"] for rule in policy for port in rule["ports"]] == [listener["port"]]


@pytest.mark.parametrize("overlay", ENCRYPTED)
def test_programs_of_others_are_told_too(overlay: str) -> None:
    """MLflow and the backup read PostgreSQL's own variables: an address that forgets TLS is encrypted all the same."""
    for manifest, container in containers(overlay):
        if manifest["metadata"]["name"] in {"mlflow", "backup"}:
            told = environment(container, overlay)
            assert (told["PGSSLMODE"], told["PGSSLROOTCERT"]) == ("verify-full", "/run/gridseal/trust/postgres.crt")


def test_certificates_are_renewed_long_before_their_end() -> None:
    for manifest in rendered("production"):
        if manifest["kind"] == "Certificate" and not manifest["spec"].get("isCA"):
            spec = manifest["spec"]
            assert int(spec["renewBefore"][:-1]) >= 720, manifest["metadata"]["name"]
            assert int(spec["duration"][:-1]) <= 2160, manifest["metadata"]["name"]
            assert spec["privateKey"]["rotationPolicy"] == "Always"
            assert spec["issuerRef"]["name"] == "field", yaml.safe_dump(spec)
