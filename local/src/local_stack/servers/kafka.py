"""Apache Kafka, one KRaft node, from the jars that set-up fetched."""

import base64
import subprocess
import uuid
from pathlib import Path

from local_stack.errors import StackError
from local_stack.health import TcpProbe
from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.servers.templates import write_config
from local_stack.spec import ProcessSpec
from local_stack.transport import CLIENT, ensure_client, kafka_address, server_certificate


def server_spec(layout: Layout, ports: Ports) -> ProcessSpec:
    """The broker; its storage is formatted at the first start."""
    jars = layout.tools / "jars" / "kafka"
    properties = layout.config / "kafka.properties"
    return ProcessSpec(
        name="kafka",
        argv=(
            "java",
            "-Xms256m",
            "-Xmx512m",
            "-XX:+UseG1GC",
            f"-Dlog4j2.configurationFile={layout.config / 'log4j2.properties'}",
            "-cp",
            f"{jars}/*",
            "kafka.Kafka",
            str(properties),
        ),
        prepare=lambda: _prepare(layout, ports, jars, properties),
        probe=TcpProbe(ports.kafka),
        ports=(ports.kafka, ports.kafka_controller),
        url=f"127.0.0.1:{ports.kafka}",
        start_s=120,
        stop_s=30,
        essential=True,
    )


def topics_spec(layout: Layout, ports: Ports) -> ProcessSpec:
    """Makes the topics of ``gridseal.wire.topics``."""
    return ProcessSpec(
        name="topics",
        argv=(str(layout.python), "-m", "local_stack.servers.topics", kafka_address(layout, ports)),
        needs=("kafka",),
        oneshot=True,
        essential=True,
    )


def _tls(layout: Layout) -> str:
    """Brokers show their certificate; clients must show one of the same authority. Devices have one too: only ours may.

    Nobody is anonymous on the port of clients; on the controller's own, which is on loopback, everybody is.
    """
    own = server_certificate(layout, "kafka")
    ensure_client(layout)
    return "\n".join(
        (
            "ssl.keystore.type=PEM",
            f"ssl.keystore.location={own.both}",
            "ssl.truststore.type=PEM",
            f"ssl.truststore.location={own.authority}",
            "ssl.client.auth=required",
            "ssl.enabled.protocols=TLSv1.2,TLSv1.3",
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            f"super.users=User:CN={CLIENT};User:CN=kafka;User:ANONYMOUS",
        )
    )


def _prepare(layout: Layout, ports: Ports, jars: Path, properties: Path) -> None:
    data = layout.data / "kafka"
    data.mkdir(parents=True, exist_ok=True)
    write_config(
        properties,
        "kafka.properties",
        broker=ports.kafka,
        controller=ports.kafka_controller,
        data=data,
        scheme="SSL" if layout.secure else "PLAINTEXT",
        tls=_tls(layout) if layout.secure else "",
    )
    write_config(layout.config / "log4j2.properties", "log4j2.properties")
    if (data / "meta.properties").exists():
        return
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    argv = ["java", "-Xmx128m", "-cp", f"{jars}/*", "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}"]
    made = subprocess.run([*argv, "-c", str(properties)], capture_output=True, text=True, check=False)
    if made.returncode:
        last = (made.stderr or made.stdout).strip().splitlines()[-1:]
        raise StackError(f"Kafka could not format its storage {data}: {' '.join(last)}")
