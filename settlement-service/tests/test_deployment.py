"""The scripts that put contracts on a chain, against a Hardhat node."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from web3 import HTTPProvider, Web3

from .round_world import ROOT, START, JumpClock, local_chain

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]
SCRIPTS = ROOT / "blockchain" / "scripts"
DAY = 86_400


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chain(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Path, str, dict[str, Any], JumpClock]]:
    clock, folder = JumpClock(), tmp_path_factory.mktemp("chain")
    async with local_chain(folder, clock) as (url, told):
        yield folder, url, told, clock


def run(script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(SCRIPTS / script), *arguments, "--wait", "180"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


async def test_the_local_deployment_changes_nothing_when_it_is_run_again(chain: Any) -> None:
    folder, url, told, _ = chain
    web3 = Web3(HTTPProvider(url))
    before = {k: web3.eth.get_transaction_count(a) for k, a in told["keys"].items()}
    done = await asyncio.to_thread(
        run, "deploy.py", "--rpc", url, "--keys", str(folder / "keys"), "--state", str(folder)
    )

    assert done.returncode == 0, done.stderr
    assert json.loads((folder / "deployment.json").read_text()) == told
    assert {k: web3.eth.get_transaction_count(a) for k, a in told["keys"].items()} == before


async def test_a_chain_that_counts_gets_its_contracts_and_later_another_settlement(chain: Any, tmp_path: Path) -> None:
    folder, url, told, clock = chain
    admin = told["keys"]["provider"]  # any key with money for gas
    config = {
        "chain_id": 31337, "authority": told["authority"],
        "settings": {
            "admin": admin, "admin_delay": DAY, "arbitrator": None, "arbiter_owner": admin,
            "token": told["contracts"]["Token"], "unbonding": 2 * DAY, "module_delay": 3 * DAY, "bond": 10**18,
            "dispute_window": 3_600, "ruling_window": 3_600,
        },
        "authorities": {told["authority"]: "account"},
        "roles": {"operators": [told["people"]["operator"]]},
        "terms": {"site-6h": {
            "benchmark": told["keys"]["benchmark"], "levels_bps": [1000, 5000, 9000], "gate_window": 3_600,
            "reveal_window": 3_600, "threshold": 0, "slope_bps": 1, "cap_bps": 1,
        }},
    }  # fmt: skip
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config))
    key = ["--rpc", url, "--keystore", str(folder / "keys/provider.json"),
           "--passphrase-file", str(folder / "keys/provider.pass")]  # fmt: skip
    for _ in range(2):
        done = await asyncio.to_thread(run, "deploy_chain.py", str(file), *key, "--folder", str(tmp_path))
        assert done.returncode == 0, done.stderr
    record = tmp_path / "31337.json"
    first = json.loads(record.read_text())
    assert len(first["contracts"]) == 8
    assert first["contracts"]["Token"] == told["contracts"]["Token"]
    assert not set(first["contracts"].values()) & (set(told["contracts"].values()) - {told["contracts"]["Token"]})

    proposed = await asyncio.to_thread(run, "upgrade.py", "propose", str(record), *key)
    assert proposed.returncode == 0, proposed.stderr
    early = await asyncio.to_thread(run, "upgrade.py", "finish", str(record), *key)
    assert (early.returncode, "not before" in early.stderr) == (1, True)
    clock.jump(START + timedelta(days=9))
    web3 = Web3(HTTPProvider(url))
    async with asyncio.timeout(60):
        while True:
            if web3.eth.get_block("latest")["timestamp"] > (START + timedelta(days=8)).timestamp():
                break
            await asyncio.sleep(0.2)
    finished = await asyncio.to_thread(run, "upgrade.py", "finish", str(record), *key)
    assert finished.returncode == 0, finished.stderr
    last = json.loads(record.read_text())
    assert last["contracts"]["Settlement"] != first["contracts"]["Settlement"]
    assert last["former"] == [{"Settlement": first["contracts"]["Settlement"]}]
    assert last["contracts"]["ForecastRegistry"] == first["contracts"]["ForecastRegistry"]
