"""What every process of the stack finds in its environment."""

import os

from local_stack.domain_time import DomainTime
from local_stack.layout import Layout
from local_stack.ports import HOST, Ports
from local_stack.transport import kafka_address, postgres_query, redis_address

NOT_INHERITED = frozenset({"PYTHONDONTWRITEBYTECODE"})
"""Without compiled files every start of a process compiles PyTorch and its like again."""


def addresses(ports: Ports, layout: Layout | None = None) -> dict[str, str]:
    """The servers and services of this stack, under the names of ``CoreSettings``; with TLS where ``layout`` has it."""
    return {
        "GRIDSEAL_HOST": HOST,
        "GRIDSEAL_PORT_BASE": str(ports.base),
        "GRIDSEAL_KAFKA_BOOTSTRAP": kafka_address(layout, ports),
        "GRIDSEAL_POSTGRES_DSN": f"postgresql://gridseal@{HOST}:{ports.postgres}/gridseal{postgres_query(layout)}",
        "GRIDSEAL_REDIS_URL": redis_address(layout, ports),
        "GRIDSEAL_MONGO_URL": f"mongodb://{HOST}:{ports.mongo}",
        "GRIDSEAL_MLFLOW_URL": f"http://{HOST}:{ports.mlflow}",
        "GRIDSEAL_MQTT_HOST": HOST,
        "GRIDSEAL_MQTT_PORT": str(ports.mqtt),
        "GRIDSEAL_CHAIN_RPC_URL": f"http://{HOST}:{ports.chain}",
        "GRIDSEAL_FORECAST_URL": f"http://{HOST}:{ports.at(8000)}",
        "GRIDSEAL_ASSET_URL": f"http://{HOST}:{ports.at(8010)}",
        "GRIDSEAL_SETTLEMENT_URL": f"http://{HOST}:{ports.at(8020)}",
        "GRIDSEAL_GATEWAY_URL": f"http://{HOST}:{ports.at(8030)}",
        "GRIDSEAL_STREAM_URL": f"http://{HOST}:{ports.at(8003)}",
        "GRIDSEAL_FEEDS_URL": f"http://{HOST}:{ports.at(8031)}",
        "GRIDSEAL_DASHBOARD_URL": f"http://{HOST}:{ports.dashboard}",
    }


def child_environment(layout: Layout, ports: Ports, time: DomainTime) -> dict[str, str]:
    """The environment of every child: ours, the addresses of this stack, and its clock."""
    path = os.pathsep.join([str(layout.node.parent), str(layout.venv / "bin"), os.environ.get("PATH", os.defpath)])
    own = {
        "PATH": path,
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
        "SPARK_LOCAL_IP": HOST,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "GRIDSEAL_STATE_DIR": str(layout.state),
    }
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return {**inherited, **own, **addresses(ports, layout), **time.environment()}
