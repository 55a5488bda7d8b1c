"""The processes of a preset's demo: the usual ones less the devices, with a provider on loopback in their place."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from gridseal.wire.fields import format_utc
from local_stack.health import TcpProbe
from local_stack.layout import Layout
from local_stack.ports import HOST, Ports
from local_stack.presets.preset import RECORDINGS, Plan, write_files
from local_stack.services import Fleet
from local_stack.spec import ProcessSpec

LEFT_OUT: Final = frozenset({"mosquitto", "gateway", "edge-agent"})
"""Nothing speaks MQTT here."""
ANY_KEY: Final = "any-the-replay-server-takes"
REPLAY_PORT: Final = 8032


def with_preset(specs: list[ProcessSpec], layout: Layout, ports: Ports, plan: Plan) -> list[ProcessSpec]:
    """The stack's processes, changed for a preset."""
    folder = layout.config / "preset"
    write_files(plan, layout, folder)
    told: Mapping[str, Mapping[str, str]] = {
        "asset-service": {"ASSET_CATALOG_DIR": str(folder / "catalog"), "ASSET_OPTIONAL": ""},
        "stream": {"STREAMING_PROCESSOR_FEEDS": "true"},
        # Blocks follow domain time, which is that of the data: the first one is older than any of it.
        "chain": {"CHAIN_BEGINS": format_utc(plan.begin)},
    }
    kept = [spec for spec in specs if spec.name not in LEFT_OUT and spec.name != "feeds"]
    own = {
        "FEEDS_SOURCES_DIR": str(folder / "sources"),
        "FEEDS_ONLY": plan.sources,
        "FEEDS_REPLAY_URL": f"http://{HOST}:{ports.at(REPLAY_PORT)}",
        "FEEDS_RETRY_PAUSE_S": "5",
        "EIA_API_KEY": ANY_KEY,
        "ENTSOE_TOKEN": ANY_KEY,
        "ESIOS_TOKEN": ANY_KEY,
        "WEATHER_API_KEY": ANY_KEY,
    }
    fleet = Fleet(layout, ports)
    return [
        # The first training waits for the registry, and nothing else here is in a hurry before it.
        *(
            replace(spec, env={**spec.env, **told.get(spec.name, {})}, nice=0 if spec.name == "mlflow" else spec.nice)
            for spec in kept
        ),
        _replay(layout, ports, plan),
        _history(layout, plan, own),
        fleet.feeds(own, needs=("topics", "databases", "feeds-history")),
    ]


def _replay(layout: Layout, ports: Ports, plan: Plan) -> ProcessSpec:
    port = ports.at(REPLAY_PORT)
    sets = ("--sets", str(plan.sets)) if plan.sets is not None else ()
    served = ("--recordings", str(layout.root / RECORDINGS), "--port", str(port), *sets)
    return ProcessSpec(
        name="feeds-replay",
        argv=(str(layout.python), "-m", "ingestion_gateway.feeds.replay", *served),
        cwd=layout.root,
        probe=TcpProbe(port),
        ports=(port,),
        url=f"http://{HOST}:{port}",
        start_s=120,
        essential=True,
    )


def _history(layout: Layout, plan: Plan, env: Mapping[str, str]) -> ProcessSpec:
    span = ("--from", format_utc(plan.begin), "--to", format_utc(plan.origin))
    return ProcessSpec(
        name="feeds-history",
        argv=(str(layout.python), "-m", "ingestion_gateway.feeds", "backfill", *span),
        cwd=layout.root,
        # The catalog first: a value of a series that nobody knows makes no window.
        needs=("topics", "databases", "feeds-replay", "asset-service"),
        env=env,
        oneshot=True,
        essential=True,
    )
