"""The contracts and both verifiers run unchanged on a client other than Hardhat's, also where gas is free."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from web3 import Web3

from gridseal.notary.score import period_score
from gridseal.wire.codec import encode

from ..conftest import ROOT
from .clients import ANVIL_CONSORTIUM, ANVIL_DEFAULT, CONSORTIUM_CHAIN, GETH_DEV, Client, running
from .rounds import PRODUCT, UNIT, play
from .sealing import LEVELS, Chain, seal

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]
BIN = ROOT / ".venv" / "bin"
VERIFIERS = [(str(BIN / "gridseal"), "verify"), (str(BIN / "node"), "blockchain/verify/cli.ts")]
CLIENTS = [ANVIL_DEFAULT, ANVIL_CONSORTIUM, GETH_DEV]


@pytest.fixture(scope="module", params=CLIENTS, ids=lambda client: client.name)
def client(request: pytest.FixtureRequest) -> Client:
    found: Client = request.param
    return found


@pytest.fixture(scope="module")
def web3(client: Client) -> Iterator[Web3]:
    with running(client) as connected:
        yield connected


@pytest.fixture(scope="module")
def proof(client: Client, web3: Web3, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("proof") / "proof.json"
    path.write_bytes(encode(seal(Chain.on(web3, free_gas=client.free_gas))))
    return path


def rpc_of(web3: Web3) -> str:
    return str(web3.provider.endpoint_uri)  # type: ignore[attr-defined]


def verify(*command: str, proof: Path, rpc: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, str(proof), "--rpc", rpc], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "verifier", [(str(BIN / "gridseal"), "verify"), (str(BIN / "node"), "blockchain/verify/cli.ts")]
)
def test_a_seal_is_verified_and_a_changed_one_refuted(
    verifier: tuple[str, ...], web3: Web3, proof: Path, tmp_path: Path
) -> None:
    good = verify(*verifier, proof=proof, rpc=rpc_of(web3))
    forged = tmp_path / "forged.json"
    forged.write_text(proof.read_text().replace('"values_milli":[0', '"values_milli":[-1', 1))
    bad = verify(*verifier, proof=forged, rpc=rpc_of(web3))

    assert good.returncode == 0, good.stdout + good.stderr
    assert "counts for the slot" in good.stdout
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "FAIL Merkle proofs" in bad.stdout


def test_in_the_consortium_an_account_without_funds_seals(client: Client, web3: Web3, proof: Path) -> None:
    sealing = web3.eth.get_transaction(json.loads(proof.read_bytes())["erc8281"]["tx_hash"])

    assert (web3.eth.chain_id == CONSORTIUM_CHAIN) is client.free_gas
    assert (web3.eth.get_balance(sealing["from"]) == 0) is client.free_gas
    assert (sealing["gasPrice"] == 0) is client.free_gas


def test_a_round_goes_from_seal_to_settlement_also_where_time_cannot_be_moved() -> None:
    with running(GETH_DEV) as web3:
        played = play(Chain.on(web3, hour_s=GETH_DEV.hour_s))
        slot, settlement = int(played.run.slot.timestamp()), played.contracts["Settlement"].functions
        scores = [settlement.scoreOf(PRODUCT, slot, a.address).call() for a in (played.authority, played.benchmark)]
        stake = played.contracts["StakePool"].functions.stakeOf(played.authority.address).call()

        # The third level of the benchmark is what was measured; the authority's values are 100 W below the benchmark's.
        benchmark = [250_000 * level for level in range(len(LEVELS))]
        values = ([value - 100_000 for value in benchmark], benchmark)
        assert scores == [period_score(LEVELS, each, benchmark[2], 20_000_000) for each in values]
        assert stake == 1_000 * UNIT, "who is better than the benchmark loses nothing"
