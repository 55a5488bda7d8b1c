"""The processes of the ingestion path, taken from the list of the demo, and the load agent as sender."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from local_stack.health import PidFileProbe
from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.servers import mosquitto
from local_stack.spec import ProcessSpec
from local_stack.stack import process_list
from tests.chaos.load import LoadOptions, device
from tests.chaos.run_files import RunFiles

SERVERS = ("postgres", "databases", "redis", "mosquitto", "kafka", "topics", "mongo")
_SLOTS = (5432, 6379, 8017, 8883, 9092, 9093, 8003, 8004, 8030, 3000, 5000, 8000, 8001, 8002, 8010, 8020, 8031, 8545)
ARM = """
file=$1; shift
if [ -f "$file" ]; then GRIDSEAL_FAILPOINTS=$(cat "$file"); export GRIDSEAL_FAILPOINTS; rm -f "$file"; fi
exec "$@"
"""
"""A fault that is armed for one life of a process: the next start finds the file gone."""


@dataclass(frozen=True, slots=True)
class ClosePorts(Ports):
    """All ports of one stack side by side, so that a run needs seventeen and not nine thousand."""

    def at(self, standard: int) -> int:
        """The next one in line."""
        return self.base + _SLOTS.index(standard)


def ingest_processes(
    files: RunFiles, options: LoadOptions, controls: frozenset[str] = frozenset()
) -> Callable[[Layout, Ports], list[ProcessSpec]]:
    """A list of processes for ``run_stack``: servers, catalog, gateway, stream, sender.

    Args:
        files: The folder of the run.
        options: The load, for the identities of its devices.
        controls: Parts to replace by their broken twins: ``gateway``, ``stream``.
    """

    def make(layout: Layout, ports: Ports) -> list[ProcessSpec]:
        identities = [device(number) for number in range(options.devices)]
        # The broker's access rules and certificates are made for whom this function names.
        devices = [mosquitto.Device(each.device_id, each.tenant_id, each.site_id) for each in identities]
        mosquitto.fleet = lambda python, folder: devices
        usual = {spec.name: spec for spec in process_list(layout, ports)}
        python = str(layout.python)
        catalog = _program("catalog", (python, "-m", "tests.chaos.provision", str(files.options)), layout, ("topics",))
        gateway = replace(usual["gateway"], needs=("mosquitto", "catalog", "databases"))
        stream = replace(usual["stream"], needs=(*usual["stream"].needs, "catalog"))
        if "gateway" in controls:
            gateway = replace(gateway, argv=(python, "-m", "tests.chaos.controls.auto_ack_gateway"))
        if "stream" in controls:
            stream = replace(stream, argv=(python, "-m", "tests.chaos.controls.append_stream"))
        port = {"GATEWAY_PORT": str(ports.at(8030))}
        agent = ProcessSpec(
            name="agent",
            argv=(python, "-m", "tests.chaos.load_agent", str(files.folder)),
            cwd=layout.root,
            needs=("gateway",),
            env={
                "EDGE_AGENT_TLS_DIR": str(layout.tls),
                "EDGE_AGENT_QUEUE_PATH": str(files.queue),
                "EDGE_AGENT_RECEIPT_TIMEOUT_S": "5",
                "GRIDSEAL_LOG_LEVEL": "error",
            },
            probe=PidFileProbe(files.agent),
            stop_s=2,
        )
        specs = [*(usual[name] for name in SERVERS), replace(catalog, oneshot=True)]
        specs += [replace(gateway, env={**gateway.env, **port}), stream, agent]
        # Killed on purpose again and again: a fresh start each time, not a back-off that grows.
        return [_armed(replace(spec, good_run_s=0.0), files) for spec in specs]

    return make


def _program(name: str, argv: tuple[str, ...], layout: Layout, needs: tuple[str, ...]) -> ProcessSpec:
    return ProcessSpec(name=name, argv=argv, cwd=layout.root, needs=needs, essential=True)


def _armed(spec: ProcessSpec, files: RunFiles) -> ProcessSpec:
    if spec.name not in ("gateway", "stream"):
        return spec
    return replace(spec, argv=("/bin/sh", "-c", ARM, "sh", str(files.armed(spec.name)), *spec.argv))


def state_of(pid: int) -> str:
    """The kernel's letter for a process: ``T`` is stopped, ``Z`` dead; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
