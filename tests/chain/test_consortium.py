"""The consortium's files: the first block as Besu publishes it, and permissions that name members only."""

import importlib.util
import json
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from eth_utils.address import to_checksum_address

from ..conftest import ROOT

FOLDER = ROOT / "blockchain" / "consortium"
SENDER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"

# From the documentation of Besu ("Configure QBFT consensus"): four validators and what their genesis holds.
PUBLISHED_VALIDATORS = (
    "64a702e6263b7297a96638cac6ae65e6541f4169",
    "3923390ad55e90c237593b3b0e401f3b08a03185",
    "aefdb9a738c9f433e5b6b212a6d62f6370c2f692",
    "c7eeb9a4e00ce683cf93039b212648e01c6c6b78",
)
PUBLISHED = (
    "0xf87aa00000000000000000000000000000000000000000000000000000000000000000f8549464a702e6263b7297a96638cac6ae65e6541f"
    "4169943923390ad55e90c237593b3b0e401f3b08a0318594aefdb9a738c9f433e5b6b212a6d62f6370c2f69294c7eeb9a4e00ce683cf93039b21"
    "2648e01c6c6b78c080c0"
)


@pytest.fixture(scope="module")
def make_network() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_network", FOLDER / "make_network.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_network"] = module
    spec.loader.exec_module(module)
    return module


def test_validators_stand_in_the_first_block_as_besu_writes_them(make_network: ModuleType) -> None:
    assert make_network.extra_data([bytes.fromhex(v) for v in PUBLISHED_VALIDATORS]) == PUBLISHED


def test_the_first_block_runs_what_the_contracts_are_compiled_for() -> None:
    config = json.loads((FOLDER / "genesis.json").read_text())["config"]
    hardhat = (ROOT / "blockchain" / "hardhat.config.ts").read_text()

    assert 'evmVersion: "cancun"' in hardhat
    assert (config["shanghaiTime"], config["cancunTime"]) == (0, 0)
    assert config["zeroBaseFee"] is True


def test_a_network_is_made_once_with_a_key_of_its_own_per_validator(make_network: ModuleType, tmp_path: Path) -> None:
    out = tmp_path / "network"
    asked = ["--account", SENDER.lower(), "--out", str(out), "--chain-id", "4711"]

    assert make_network.main(asked) == 0
    assert make_network.main(asked) == 1

    folders = sorted(out.iterdir())
    keys = {(f / "key").read_text() for f in folders}
    blocks = {(f / "genesis.json").read_text() for f in folders}
    configs = [tomllib.loads((f / "config.toml").read_text()) for f in folders]
    allowed = tomllib.loads((folders[0] / "permissions_config.toml").read_text())
    assert (len(folders), len(keys), len(blocks)) == (4, 4, 1)
    assert json.loads(blocks.pop())["config"]["chainId"] == 4711
    assert all((f / "key").stat().st_mode & 0o077 == 0 for f in folders)
    assert [c["rpc-http-port"] for c in configs] == [8545, 8546, 8547, 8548]
    assert all(c["min-gas-price"] == 0 for c in configs)
    assert all(c["permissions-accounts-config-file-enabled"] for c in configs)
    assert allowed["accounts-allowlist"] == [to_checksum_address(SENDER)]
    assert [e.rsplit(":", 1)[1] for e in allowed["nodes-allowlist"]] == ["30303", "30304", "30305", "30306"]


@pytest.mark.parametrize("wrong", [["--validators", "3", "--account", SENDER], ["--account", "0x12"]])
def test_too_few_validators_and_a_false_address_are_refused(
    make_network: ModuleType, tmp_path: Path, wrong: list[str]
) -> None:
    assert make_network.main([*wrong, "--out", str(tmp_path / "none")]) == 2
    assert not (tmp_path / "none").exists()
