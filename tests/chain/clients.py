"""EVM clients to run the contracts on: each started on a free port, gone afterwards."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from web3 import HTTPProvider, Web3

from local_stack.scratch import free_port

from ..conftest import ROOT, eventually
from ..deploy.go_programs import installed_module

ANVIL = ROOT / "blockchain" / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil"
CONSORTIUM_CHAIN = 20_260


@dataclass(frozen=True)
class Client:
    """One way to run a client. With ``free_gas`` an account without funds may send."""

    name: str
    program: Callable[[], Path]
    arguments: tuple[str, ...] = ()
    port_option: str = "--port"
    free_gas: bool = False
    hour_s: int = 3_600
    """Seconds that stand for an hour of a round, where the client's time passes as the world's does."""


def anvil() -> Path:
    """Comes with the packages of ``blockchain/``."""
    assert ANVIL.is_file(), "make setup installs anvil with the packages of blockchain/"
    return ANVIL


def geth() -> Path:
    """Built from its Go module the first time, some minutes; the test is skipped where there is no Go."""
    return installed_module("github.com/ethereum/go-ethereum/cmd/geth", "v1.16.9")


ANVIL_ALWAYS = ("--hardfork", "cancun", "--silent")
ANVIL_DEFAULT = Client("anvil", anvil, ANVIL_ALWAYS)
ANVIL_CONSORTIUM = Client(
    "anvil as the consortium",
    anvil,
    (*ANVIL_ALWAYS, "--base-fee", "0", "--gas-price", "0", "--chain-id", str(CONSORTIUM_CHAIN)),
    free_gas=True,
)
GETH_DEV = Client(
    "geth",
    geth,
    (
        *("--dev", "--dev.period", "1", "--ipcdisable", "--http", "--http.api", "eth,net,web3", "--authrpc.port", "0"),
        *("--port", "0", "--nodiscover", "--maxpeers", "0", "--verbosity", "1"),
    ),
    port_option="--http.port",
    hour_s=6,
)


@contextmanager
def running(client: Client) -> Iterator[Web3]:
    """Start a client and wait until it answers."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="gridseal-evm-"))
    argv = [str(client.program()), *client.arguments, client.port_option, str(port)]
    # Whatever it leaves behind when it is killed lies in the folder, and goes with it.
    places = {**os.environ, "HOME": str(folder), "TMPDIR": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=folder, env=places, stdout=log, stderr=log, start_new_session=True)
    session = requests.Session()
    web3 = Web3(HTTPProvider(f"http://127.0.0.1:{port}", request_kwargs={"timeout": 20}, session=session))
    try:
        eventually(web3.is_connected, within_s=60, what=f"{client.name} answers")
        yield web3
    finally:
        session.close()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
