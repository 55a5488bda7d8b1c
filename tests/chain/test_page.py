"""The page that needs no server, in a headless browser, with a real seal on anvil."""

import os
import subprocess
from pathlib import Path

import pytest

from gridseal.wire.codec import encode

from ..conftest import ROOT
from .clients import ANVIL_DEFAULT, running
from .sealing import Chain, seal

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]
HERE = Path(__file__).parent


def test_a_stranger_checks_a_seal_from_disk(tmp_path: Path) -> None:
    assert (ROOT / "tests" / "e2e" / "node_modules").is_dir(), "make setup-test installs what the browser test needs"
    with running(ANVIL_DEFAULT) as web3:
        proof, forged = tmp_path / "proof.json", tmp_path / "forged.json"
        sealed = seal(Chain.on(web3))
        proof.write_bytes(encode(sealed))
        forged.write_text(proof.read_text().replace('"values_milli":[0', '"values_milli":[-1', 1))
        assert forged.read_text() != proof.read_text()
        rpc = str(web3.provider.endpoint_uri)  # type: ignore[attr-defined]
        pins = {"CHAIN_ID": sealed.erc8281.chain_id, "REGISTRY": sealed.erc8281.contract}
        environment = {**os.environ, "PROOF": str(proof), "FORGED": str(forged), "RPC": rpc, **pins}
        node = str(ROOT / ".venv" / "bin" / "node")
        done = subprocess.run(
            [node, "--test", "--test-timeout=60000", str(HERE / "page.test.mjs")],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]
