"""EVM clients to run the contracts on: each started on a free port, gone afterwards."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from web3 import HTTPProvider, Web3

from local_stack.scratch import free_port

from ..conftest import ROOT, eventually

ANVIL = ROOT / "blockchain" / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil"
CONSORTIUM_CHAIN = 20_260


@dataclass(frozen=True)
class Client:
    """One way to run anvil. With ``free_gas`` an account without funds may send."""

    name: str
    arguments: tuple[str, ...] = ()
    free_gas: bool = False


ANVIL_DEFAULT = Client("anvil")
ANVIL_CONSORTIUM = Client(
    "anvil as the consortium",
    ("--base-fee", "0", "--gas-price", "0", "--chain-id", str(CONSORTIUM_CHAIN)),
    free_gas=True,
)


@contextmanager
def running(client: Client) -> Iterator[Web3]:
    """Start a client and wait until it answers."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="gridseal-evm-"))
    argv = [str(ANVIL), "--hardfork", "cancun", "--silent", "--port", str(port), *client.arguments]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=folder, stdout=log, stderr=log, start_new_session=True)
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
