"""Redis, a MongoDB-protocol server and MLflow."""

import os
import shutil

from gridseal.errors import ConfigError
from gridseal.identity.model_keys import ensure_model_key
from local_stack.errors import StackError
from local_stack.health import CommandProbe, HttpProbe, TcpProbe
from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.servers.postgres import ROLE
from local_stack.spec import ProcessSpec


def redis_spec(layout: Layout, ports: Ports) -> ProcessSpec:
    """Redis, with an append-only file so that queued jobs survive it."""
    data = layout.data / "redis"
    port = str(ports.redis)
    return ProcessSpec(
        name="redis",
        argv=(
            "redis-server",
            *("--port", port, "--bind", "127.0.0.1", "--dir", str(data)),
            *("--save", "", "--appendonly", "yes", "--daemonize", "no"),
        ),
        prepare=lambda: data.mkdir(parents=True, exist_ok=True),
        probe=CommandProbe(("redis-cli", "-p", port, "--raw", "ping")),
        ports=(ports.redis,),
        url=f"redis://127.0.0.1:{port}/0",
        essential=True,
    )


def mongo_spec(layout: Layout, ports: Ports) -> ProcessSpec:
    """A ``mongod`` of the machine when there is one, else SecantusDB in its own environment."""
    data = layout.data / "mongo"
    port = str(ports.mongo)
    mongod = shutil.which("mongod")
    if mongod:
        argv = (mongod, "--bind_ip", "127.0.0.1", "--port", port, "--dbpath", str(data))
    else:
        program = layout.tools / "venv-secantus" / "bin" / "secantusd-py"
        argv = (str(program), "--host", "127.0.0.1", "--port", port, "--storage-path", str(data))
    return ProcessSpec(
        name="mongo",
        argv=argv,
        prepare=lambda: data.mkdir(parents=True, exist_ok=True),
        probe=TcpProbe(ports.mongo),
        ports=(ports.mongo,),
        url=f"mongodb://127.0.0.1:{port}",
        essential=True,
    )


def _prepare_mlflow(layout: Layout) -> None:
    """A folder for the files of models, and the key that signs them."""
    (layout.data / "mlflow").mkdir(parents=True, exist_ok=True)
    try:
        ensure_model_key(layout.keys, layout.tls)
    except ConfigError as error:
        raise StackError(str(error)) from error


def mlflow_spec(layout: Layout, ports: Ports) -> ProcessSpec:
    """The tracking server, without its job execution (eight processes less)."""
    return ProcessSpec(
        name="mlflow",
        argv=(
            str(layout.python),
            "-m",
            "mlflow",
            "server",
            "--host",
            "127.0.0.1",
            "--port",
            str(ports.mlflow),
            "--workers",
            "1",
            "--backend-store-uri",
            f"postgresql+psycopg://{ROLE}@127.0.0.1:{ports.postgres}/mlflow",
            "--artifacts-destination",
            str(layout.data / "mlflow"),
            "--serve-artifacts",
        ),
        needs=("databases",),
        env={
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
            "PATH": f"{layout.venv / 'bin'}:{os.environ.get('PATH', '')}",
        },
        prepare=lambda: _prepare_mlflow(layout),
        probe=HttpProbe(f"http://127.0.0.1:{ports.mlflow}/health"),
        ports=(ports.mlflow,),
        url=f"http://127.0.0.1:{ports.mlflow}",
        start_s=300,
        nice=10,
        essential=True,
    )
