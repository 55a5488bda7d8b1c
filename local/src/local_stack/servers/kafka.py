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
        argv=(str(layout.python), "-m", "local_stack.servers.topics", f"127.0.0.1:{ports.kafka}"),
        needs=("kafka",),
        oneshot=True,
        essential=True,
    )


def _prepare(layout: Layout, ports: Ports, jars: Path, properties: Path) -> None:
    data = layout.data / "kafka"
    data.mkdir(parents=True, exist_ok=True)
    write_config(properties, "kafka.properties", broker=ports.kafka, controller=ports.kafka_controller, data=data)
    write_config(layout.config / "log4j2.properties", "log4j2.properties")
    if (data / "meta.properties").exists():
        return
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    argv = ["java", "-Xmx128m", "-cp", f"{jars}/*", "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}"]
    made = subprocess.run([*argv, "-c", str(properties)], capture_output=True, text=True, check=False)
    if made.returncode:
        last = (made.stderr or made.stdout).strip().splitlines()[-1:]
        raise StackError(f"Kafka could not format its storage {data}: {' '.join(last)}")
