"""PostgreSQL 15 from Debian, in a cluster of its own.

It refuses to run as root. Root runs it as the ``postgres`` user of the package; where that user
cannot reach the checkout (a private home or temporary folder), the data folder moves to
``/var/lib/gridseal/<hash of the state folder>``.
"""

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Final

from local_stack.errors import StackError
from local_stack.health import CommandProbe
from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.servers.postgres_install import postgres_bin, timescale_installed
from local_stack.servers.templates import write_config
from local_stack.spec import ProcessSpec
from local_stack.transport import server_certificate

BIN: Final = postgres_bin()
SYSTEM_USER: Final = "postgres"
FAR_DATA: Final = Path("/var/lib/gridseal")
ROLE: Final = "gridseal"
DATABASES: Final = ("gridseal", "mlflow")


def server_user() -> str | None:
    """Who runs the server: nobody else than us, unless we are root."""
    return SYSTEM_USER if os.geteuid() == 0 else None


def far_folder(layout: Layout) -> Path:
    """Data folder for when the server's user cannot reach the state folder."""
    return FAR_DATA / hashlib.sha256(str(layout.state).encode()).hexdigest()[:16] / "postgres"


def remove_data(layout: Layout) -> None:
    """Remove the data folder of this state, wherever it lies."""
    shutil.rmtree(layout.data / "postgres", ignore_errors=True)
    shutil.rmtree(far_folder(layout).parent, ignore_errors=True)


def remove_orphans() -> None:
    """Remove far data folders whose state folder is gone: a removed checkout, a finished test."""
    for note in FAR_DATA.glob("*/state"):
        if not Path(note.read_text()).exists():
            shutil.rmtree(note.parent, ignore_errors=True)


def data_folder(layout: Layout) -> Path:
    """Where the cluster lies, or shall lie."""
    near = layout.data / "postgres"
    if server_user() is None:
        return near
    far = far_folder(layout)
    for folder in (near, far):
        if (folder / "PG_VERSION").exists() and _reachable(folder):
            return folder
    near.mkdir(parents=True, exist_ok=True)
    _give_to_server(near)
    return near if _reachable(near) else far


def server_spec(layout: Layout, ports: Ports) -> ProcessSpec:
    """The server; its cluster is made at the first start."""
    data = data_folder(layout)
    return ProcessSpec(
        name="postgres",
        argv=(str(BIN / "postgres"), "-D", str(data)),
        cwd=Path("/"),
        env={"LC_ALL": "C.UTF-8"},
        user=server_user(),
        prepare=lambda: _prepare(layout, data, ports.postgres),
        probe=CommandProbe((str(BIN / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(ports.postgres))),
        ports=(ports.postgres,),
        url=f"postgresql://{ROLE}@127.0.0.1:{ports.postgres}/{ROLE}",
        stop_signal=signal.SIGINT,
        stop_s=30,
        essential=True,
    )


def databases_spec(layout: Layout, ports: Ports) -> ProcessSpec:
    """Makes role and databases."""
    return ProcessSpec(
        name="databases",
        argv=(str(layout.python), "-m", "local_stack.servers.databases", str(ports.postgres)),
        needs=("postgres",),
        oneshot=True,
        essential=True,
    )


def _prepare(layout: Layout, data: Path, port: int) -> None:
    if not (data / "PG_VERSION").exists():
        data.mkdir(parents=True, exist_ok=True)
        if data == far_folder(layout):
            remove_orphans()
            data.with_name("state").write_text(str(layout.state))
        _give_to_server(data)
        made = _as_server(str(BIN / "initdb"), "-D", str(data), "-A", "trust", "-U", SYSTEM_USER, "-E", "UTF8")
        if made.returncode:
            raise StackError(
                f"PostgreSQL could not make its data folder {data}: {made.stderr.strip().splitlines()[-1]}"
            )
    preload = "timescaledb" if timescale_installed(BIN) else ""
    tls = _tls(layout, data) if layout.secure else ""
    write_config(data / "gridseal.conf", "postgres.conf", port=port, preload=preload, tls=tls)
    main = data / "postgresql.conf"
    if "include 'gridseal.conf'" not in main.read_text():
        with main.open("a") as file:
            file.write("\ninclude 'gridseal.conf'\n")


def _tls(layout: Layout, data: Path) -> str:
    """Nobody is taken without TLS. The files lie with the data: the server's user may not reach the authority."""
    own = server_certificate(layout, "postgres")
    for source, name in ((own.certificate, "server.crt"), (own.key, "server.key")):
        target = data / name
        target.write_bytes(source.read_bytes())
        _give_to_server(target, 0o600)
    rules = data / "pg_hba.tls.conf"
    rules.write_text("local all all trust\nhostssl all all 127.0.0.1/32 trust\n")
    _give_to_server(rules, 0o600)
    return f"ssl = on\nssl_min_protocol_version = 'TLSv1.2'\nhba_file = '{rules}'\n"


def _as_server(*argv: str) -> subprocess.CompletedProcess[str]:
    user = server_user()
    account = pwd.getpwnam(user) if user else None
    return subprocess.run(
        [*argv, "--locale=C.UTF-8", "--no-instructions"] if argv[0].endswith("initdb") else argv,
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
        user=None if account is None else account.pw_uid,
        group=None if account is None else account.pw_gid,
        extra_groups=None if account is None else [],
    )


def _give_to_server(path: Path, mode: int = 0o700) -> None:
    user = server_user()
    if user is not None:
        account = pwd.getpwnam(user)
        os.chown(path, account.pw_uid, account.pw_gid)
    path.chmod(mode)


def _reachable(folder: Path) -> bool:
    return _as_server("/usr/bin/test", "-w", str(folder)).returncode == 0
