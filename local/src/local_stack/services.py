"""The parts of Gridseal itself, as processes: the local chain, the services, the dashboard."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from local_stack.health import HttpProbe, PidFileProbe, TcpProbe
from local_stack.layout import Layout
from local_stack.ports import HOST, Ports
from local_stack.spec import ProcessSpec

SLOW_START_S = 240.0
"""On two busy cores a JVM, torch and Next.js start at the same time."""

PROVIDED: Final = frozenset({"us", "de", "es"})
"""Presets of ``ASSET_OPTIONAL`` whose series come from providers; files of sources have the same names."""


def fed_by_providers(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The presets that make the feeds part of the stack: nobody is asked for what nobody forecasts."""
    asked = {name.strip() for name in environment.get("ASSET_OPTIONAL", "").split(",")}
    return tuple(sorted(asked & PROVIDED))


@dataclass(frozen=True, slots=True)
class Fleet:
    """Makes the specs of one stack."""

    layout: Layout
    ports: Ports

    def chain(self) -> list[ProcessSpec]:
        """The local chain, its clock, and the contracts on it."""
        layout, folder = self.layout, self.layout.root / "blockchain"
        program = folder / "node_modules" / "hardhat" / "dist" / "src" / "cli.js"
        unbuilt = "" if program.exists() else "blockchain/"
        deploy = (
            "--rpc",
            f"http://{HOST}:{self.ports.chain}",
            "--keys",
            str(layout.keys),
            "--state",
            str(layout.chain),
        )
        return [
            ProcessSpec(
                name="chain",
                argv=(str(layout.node), str(program), "node", "--hostname", HOST, "--port", str(self.ports.chain)),
                cwd=folder,
                probe=TcpProbe(self.ports.chain),
                ports=(self.ports.chain,),
                url=f"http://{HOST}:{self.ports.chain}",
                start_s=120,
                essential=True,
                unbuilt=unbuilt,
            ),
            ProcessSpec(
                name="chain-clock",
                argv=(str(layout.python), "-m", "local_stack.chain_clock", "--state", str(layout.chain)),
                needs=("chain",),
                probe=PidFileProbe(layout.chain / "clock.json"),
                essential=True,
                unbuilt=unbuilt,
            ),
            ProcessSpec(
                name="chain-deploy",
                argv=(str(layout.python), str(folder / "scripts" / "deploy.py"), *deploy),
                needs=("chain-clock",),
                oneshot=True,
                essential=True,
                unbuilt=unbuilt,
            ),
        ]

    def services(self) -> list[ProcessSpec]:
        """Every service, in the order of the path from device to dashboard.

        They need servers only: each waits for the others by itself, so all can start at once.
        """
        state, at = self.layout.state, self.ports.at
        web = f"http://{HOST}:{self.ports.dashboard},http://localhost:{self.ports.dashboard}"
        forecast = {
            "FORECAST_API_PORT": str(at(8000)),
            "FORECAST_WORKER_PORT": str(at(8001)),
            "FORECAST_SCHEDULER_PORT": str(at(8002)),
            "FORECAST_ALLOWED_ORIGINS": web,
        }
        stores = ("databases", "redis", "mongo", "topics")
        stream = {
            "STREAMING_PROCESSOR_JARS_DIR": str(self.layout.tools / "jars" / "spark"),
            "STREAMING_PROCESSOR_CHECKPOINT_DIR": str(self.layout.data / "stream-checkpoint"),
            "STREAMING_PROCESSOR_METRICS_PORT": str(at(8003)),
        }
        agent = {
            "EDGE_AGENT_WHEEL_DIR": str(self.layout.tools / "wheels"),
            "EDGE_AGENT_CACHE_DIR": str(state / "cache" / "edge-agent"),
            "EDGE_AGENT_TLS_DIR": str(self.layout.tls),
            "EDGE_AGENT_QUEUE_PATH": str(self.layout.data / "edge-agent" / "queue.db"),
            "EDGE_AGENT_STATUS_PORT": str(at(8004)),
        }
        optional = fed_by_providers(os.environ)
        stream |= {"STREAMING_PROCESSOR_FEEDS": "true"} if optional else {}
        api = ("forecast_service", "api")
        worker, scheduler = ("forecast_service", "worker"), ("forecast_service", "scheduler")
        return [
            self._python("asset-service", ("asset_service",), 8010, ("mongo", "topics")),
            self._python("gateway", ("ingestion_gateway",), 8030, ("mosquitto", "topics", "databases")),
            self._python("stream", ("streaming_processor",), 8003, stores, stream, stop_s=30),
            self._python("settlement", ("settlement_service",), 8020, ("databases", "topics", "chain-deploy")),
            self._python("forecast-api", api, 8000, stores, forecast),
            self._python("forecast-worker", worker, 8001, stores, forecast),
            self._python("forecast-scheduler", scheduler, 8002, stores, forecast),
            self._python("edge-agent", ("edge_agent", "replay"), 8004, ("gateway",), agent),
            self._dashboard(),
            *([self.feeds({"FEEDS_ONLY": os.environ.get("FEEDS_ONLY", ",".join(optional))})] if optional else []),
        ]

    def feeds(self, env: Mapping[str, str], needs: tuple[str, ...] = ("databases", "topics")) -> ProcessSpec:
        """Follows the providers of load, weather and prices."""
        return self._python("feeds", ("ingestion_gateway.feeds",), 8031, needs, env)

    def _python(
        self,
        name: str,
        program: tuple[str, ...],
        standard_port: int,
        needs: tuple[str, ...],
        env: Mapping[str, str] | None = None,
        *,
        stop_s: float = 15,
    ) -> ProcessSpec:
        port = self.ports.at(standard_port)
        return ProcessSpec(
            name=name,
            argv=(str(self.layout.python), "-m", *program),
            cwd=self.layout.root,
            needs=needs,
            env=env or {},
            probe=HttpProbe(f"http://{HOST}:{port}/healthz"),
            ports=(port,),
            url=f"http://{HOST}:{port}",
            start_s=SLOW_START_S,
            stop_s=stop_s,
        )

    def _dashboard(self) -> ProcessSpec:
        server = self.layout.root / "frontend" / ".next" / "standalone" / "server.js"
        address = f"http://{HOST}:{self.ports.dashboard}"
        return ProcessSpec(
            name="dashboard",
            argv=(str(self.layout.node), str(server)),
            cwd=server.parent if server.exists() else self.layout.root,
            env={"PORT": str(self.ports.dashboard)},
            probe=HttpProbe(f"{address}/"),
            ports=(self.ports.dashboard,),
            url=address,
            start_s=120,
            unbuilt="" if server.exists() else "frontend/",
        )
