"""The parts of Gridseal itself, as processes."""

import importlib.util

from local_stack.health import HttpProbe, TcpProbe
from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.programs import has_program
from local_stack.spec import ProcessSpec

SLOW_START_S = 180.0
"""On two busy cores a JVM, torch and Next.js start at the same time."""


def chain_specs(layout: Layout, ports: Ports) -> list[ProcessSpec]:
    """The local chain, its clock, and the contracts on it."""
    folder = layout.root / "blockchain"
    hardhat = folder / "node_modules" / ".bin" / "hardhat"
    absent = "" if (folder / "hardhat.config.ts").exists() and hardhat.exists() else "blockchain/ is not built"
    clock_absent = absent if absent or importlib.util.find_spec("local_stack.chain_clock") else "no chain clock"
    deploy = folder / "scripts" / "deploy.ts"
    return [
        ProcessSpec(
            name="chain",
            argv=(str(layout.node), str(hardhat), "node", "--hostname", "127.0.0.1", "--port", str(ports.chain)),
            cwd=folder,
            probe=TcpProbe(ports.chain),
            ports=(ports.chain,),
            url=f"http://127.0.0.1:{ports.chain}",
            start_s=120,
            essential=True,
            absent=absent,
        ),
        ProcessSpec(
            name="chain-clock",
            argv=(str(layout.python), "-m", "local_stack.chain_clock"),
            needs=("chain",),
            absent=clock_absent,
        ),
        ProcessSpec(
            name="chain-deploy",
            argv=(str(layout.node), str(hardhat), "run", str(deploy)),
            cwd=folder,
            needs=("chain", "chain-clock"),
            oneshot=True,
            essential=True,
            absent=absent or ("" if deploy.exists() else "no deploy script"),
        ),
    ]


def service_specs(layout: Layout, ports: Ports) -> list[ProcessSpec]:
    """Every service, in the order of the path from device to dashboard."""
    return [
        _python(layout, "asset-service", "asset_service", ports.at(8010), needs=("mongo", "topics")),
        _python(layout, "gateway", "ingestion_gateway", ports.at(8030), needs=("mosquitto", "topics", "asset-service")),
        _python(
            layout,
            "stream",
            "streaming_processor",
            ports.at(8003),
            needs=("databases", "redis", "mongo", "topics", "asset-service"),
            stop_s=25,
        ),
        _python(
            layout, "settlement", "settlement_service", ports.at(8020), needs=("databases", "topics", "chain-deploy")
        ),
        _python(
            layout,
            "forecast-api",
            "forecast_service",
            ports.at(8000),
            "api",
            needs=("databases", "redis", "mongo", "topics", "asset-service"),
        ),
        _python(
            layout,
            "forecast-worker",
            "forecast_service",
            ports.at(8001),
            "worker",
            needs=("databases", "redis", "topics", "mlflow", "asset-service"),
        ),
        _python(
            layout,
            "forecast-scheduler",
            "forecast_service",
            ports.at(8002),
            "scheduler",
            needs=("databases", "redis", "mlflow", "asset-service"),
        ),
        _python(layout, "edge-agent", "edge_agent", ports.at(8004), "replay", needs=("mosquitto", "gateway", "stream")),
        _dashboard(layout, ports),
    ]


def _python(
    layout: Layout, name: str, package: str, port: int, *arguments: str, needs: tuple[str, ...], stop_s: float = 15
) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        argv=(str(layout.python), "-m", package, *arguments),
        cwd=layout.root,
        needs=needs,
        probe=HttpProbe(f"http://127.0.0.1:{port}/healthz"),
        ports=(port,),
        url=f"http://127.0.0.1:{port}",
        start_s=SLOW_START_S,
        stop_s=stop_s,
        absent="" if has_program(package) else f"{package} has no program yet",
    )


def _dashboard(layout: Layout, ports: Ports) -> ProcessSpec:
    standalone = layout.root / "frontend" / ".next" / "standalone"
    server = (
        next(iter(sorted(standalone.glob("**/server.js"))), standalone / "server.js")
        if standalone.exists()
        else standalone
    )
    return ProcessSpec(
        name="dashboard",
        argv=(str(layout.node), str(server)),
        cwd=server.parent if standalone.exists() else layout.root,
        needs=("forecast-api", "asset-service"),
        env={"HOSTNAME": "127.0.0.1", "PORT": str(ports.dashboard), "NEXT_TELEMETRY_DISABLED": "1"},
        probe=HttpProbe(f"http://127.0.0.1:{ports.dashboard}/"),
        ports=(ports.dashboard,),
        url=f"http://127.0.0.1:{ports.dashboard}",
        start_s=120,
        absent="" if server.is_file() else "frontend/ is not built",
    )
