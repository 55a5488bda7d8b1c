"""The servers of a cluster that can run here, told what their manifests tell them: by TLS they answer, plain not.

Not run here: MongoDB's own server, and the operators; PostgreSQL's rules of access run on a server of ours.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from gridseal.identity.authority import SiteAuthority
from local_stack.scratch import free_port
from local_stack.scratch_servers import ScratchServers, eventually
from local_stack.servers.postgres import SYSTEM_USER
from tests.deploy.manifests import command, containers, rendered

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> SiteAuthority:
    return SiteAuthority(tmp_path_factory.mktemp("authority"))


def told(name: str, instead: Mapping[str, str]) -> list[str]:
    """What the manifest runs, with other places."""
    [container] = [c for m, c in containers("production") if m["metadata"]["name"] == name]
    words = command(container)
    for ours, here in instead.items():
        assert any(ours in word for word in words), f"{name} is not told {ours}"
        words = [word.replace(ours, here) for word in words]
    return words


@contextmanager
def running(argv: list[str], folder: Path, port: int) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        process = subprocess.Popen(argv, cwd=folder, stdout=log, stderr=log, env={**os.environ, **quiet})
    try:
        eventually(lambda: process.poll() is not None or listens(port), 120, f"{argv[0]} answers")
        assert process.poll() is None, (folder / "log").read_text()[-2000:]
        yield
    finally:
        process.terminate()
        process.wait(30)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        time.sleep(0.1)
        return False
    return True


def files(authority: SiteAuthority, name: str) -> dict[str, str]:
    signed = authority.server(name)
    return {"/run/gridseal/tls/tls.crt": str(signed.certificate), "/run/gridseal/tls/tls.key": str(signed.key)}


def test_redis_has_no_port_for_plain_text(authority: SiteAuthority, tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "redis.conf").write_text(f'requirepass "word"\ndir {tmp_path}\nappendonly yes\n')
    places = {"6379": str(port), "/etc/gridseal/redis.conf": str(tmp_path / "redis.conf"), **files(authority, "redis")}
    secure = f"rediss://:word@127.0.0.1:{port}/0?ssl_ca_certs={authority.folder}/ca.crt&ssl_check_hostname=true"

    with running(told("redis", places), tmp_path, port):
        with redis.Redis.from_url(secure, socket_timeout=10) as client:
            assert client.ping()
        plain = redis.Redis.from_url(f"redis://:word@127.0.0.1:{port}/0", socket_timeout=10)
        with plain, pytest.raises(redis.RedisError):
            plain.ping()


def test_mlflow_speaks_tls_alone_and_its_client_believes_the_authority(
    authority: SiteAuthority, tmp_path: Path
) -> None:
    port, here = free_port(), tmp_path / "artifacts"
    places = {"5000": str(port), "0.0.0.0": "127.0.0.1", "/var/lib/gridseal/data/mlflow": str(here), **files(authority, "mlflow")}  # noqa: E501  # fmt: skip
    words = [*told("mlflow", places), "--backend-store-uri", f"sqlite:///{tmp_path}/m.db"]
    seen = (
        "import sys; from mlflow.tracking import MlflowClient; c = MlflowClient(sys.argv[1]);"
        " run = c.create_run(c.create_experiment(sys.argv[2])).info.run_id; c.log_text(run, 'kept', 'a.txt');"
        " print([f.path for f in c.list_artifacts(run)])"
    )

    def client(scheme: str, name: str, believed: str) -> subprocess.CompletedProcess[str]:
        own = {"MLFLOW_TRACKING_SERVER_CERT_PATH": believed, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
        argv = [sys.executable, "-c", seen, f"{scheme}://127.0.0.1:{port}", name]
        return subprocess.run(argv, env={**os.environ, **own}, capture_output=True, text=True, check=False)

    stranger = SiteAuthority(tmp_path / "stranger")
    with running([sys.executable, *words[1:]], tmp_path, port):
        taken = client("https", "taken", f"{authority.folder}/ca.crt")
        foreign = client("https", "foreign", f"{stranger.folder}/ca.crt")
        plain = client("http", "plain", f"{authority.folder}/ca.crt")

    assert taken.stdout.endswith("['a.txt']\n"), taken.stderr[-2000:]
    assert foreign.returncode
    assert "CERTIFICATE_VERIFY_FAILED" in foreign.stderr
    assert plain.returncode


def test_rules_of_access_refuse_whoever_comes_to_postgresql_without_tls(tmp_path: Path) -> None:
    [cluster] = [m for m in rendered("production") if m["kind"] == "Cluster"]
    rules = "local all all trust\n" + "".join(f"{line}\n" for line in cluster["spec"]["postgresql"]["pg_hba"])
    servers = ScratchServers(tmp_path / "state", secure=True)
    try:
        servers.start("postgres")
        with psycopg.connect(servers.dsn.replace("//gridseal@", f"//{SYSTEM_USER}@"), autocommit=True) as db:
            db.execute("CREATE ROLE tried LOGIN PASSWORD 'word'")
            [file] = db.execute("SELECT setting FROM pg_settings WHERE name = 'hba_file'").fetchall()
            Path(file[0]).write_text(rules)
            [faults] = db.execute("SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL").fetchall()
            db.execute("SELECT pg_reload_conf()")
        own = servers.dsn.replace("//gridseal@", "//tried:word@")
        eventually(lambda: refused(own.partition("?")[0] + "?sslmode=disable"), 20, "the new rules")
        with psycopg.connect(own, connect_timeout=10) as db:
            row = db.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
    finally:
        servers.stop()

    assert faults == (0,)
    assert row == (True,)


def refused(address: str) -> bool:
    """By a rule, not by want of one."""
    try:
        psycopg.connect(address, connect_timeout=10).close()
    except psycopg.OperationalError as error:
        return "pg_hba.conf rejects connection" in str(error)
    return False
