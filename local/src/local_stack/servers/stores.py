"""Redis, a MongoDB-protocol server and MLflow."""

import os
import shutil
from pathlib import Path

from gridseal.errors import ConfigError
from gridseal.identity.model_keys import ensure_model_key
from local_stack.errors import StackError
from local_stack.health import CommandProbe, HttpProbe, TcpProbe
from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.servers.postgres import ROLE
from local_stack.spec import ProcessSpec
from local_stack.transport import postgres_query, redis_address, server_certificate, trusted


def redis_spec(layout: Layout, ports: Ports) -> ProcessSpec:
    """Redis, with an append-only file so that queued jobs survive it."""
    data = layout.data / "redis"
    port = str(ports.redis)
    cli = ("--tls", "--cacert", str(trusted(layout))) if layout.secure else ()
    return ProcessSpec(
        name="redis",
        argv=(
            "redis-server",
            *(_redis_tls(layout, port) if layout.secure else ("--port", port)),
            *("--bind", "127.0.0.1", "--dir", str(data)),
            *("--save", "", "--appendonly", "yes", "--daemonize", "no"),
        ),
        prepare=lambda: _prepare_redis(layout, data),
        probe=CommandProbe(("redis-cli", "-p", port, *cli, "--raw", "ping")),
        ports=(ports.redis,),
        url=redis_address(layout, ports),
        essential=True,
    )


def _prepare_redis(layout: Layout, data: Path) -> None:
    data.mkdir(parents=True, exist_ok=True)
    if layout.secure:
        server_certificate(layout, "redis")


def _redis_tls(layout: Layout, port: str) -> tuple[str, ...]:
    """No port for plain text."""
    stem = layout.tls / "servers" / "redis"
    return (
        *("--port", "0", "--tls-port", port, "--tls-auth-clients", "no", "--tls-protocols", "TLSv1.2 TLSv1.3"),
        *("--tls-cert-file", f"{stem}.crt", "--tls-key-file", f"{stem}.key"),
        *("--tls-ca-cert-file", str(trusted(layout))),
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
            f"postgresql+psycopg://{ROLE}@127.0.0.1:{ports.postgres}/mlflow{postgres_query(layout)}",
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
