"""From a run in memory to its root: salts, leaves and tree of 10,000 periods with 9 quantiles each.

The peer is the reference implementation, ``@openzeppelin/merkle-tree``, over the same leaves with their salts ready.
Both must come to the same root.
"""

import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gridseal.notary.batch import tree_of
from gridseal.notary.leaf import leaves_of, name_hash, salt_of
from gridseal.wire.forecasts import ForecastRun, Point, SeriesForecast, run_id
from tests.bench.chain.gas import BLOCKCHAIN, NODE
from tests.bench.figures import Figure

LEAVES, PERIODS, RUNS, PEER_RUNS = 10_000, 100, 15, 3
LEVELS = (1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000)
SLOT = datetime(2026, 6, 1, tzinfo=UTC)
SECRET = bytes(range(32))
GOAL_MS = 150


def a_run() -> ForecastRun:
    """100 series of 100 quarter hours."""
    first = SLOT + timedelta(minutes=15)
    series = tuple(
        SeriesForecast(
            series_id=f"home-{number:03d}/net",
            unit="W",
            resolution_s=900,
            model="analogue",
            rung=0,
            data_age_s=0,
            points=tuple(
                Point(
                    target_start=first + timedelta(minutes=15 * i),
                    values_milli=tuple(1_000 * number + 17 * i + level for level in LEVELS),
                )
                for i in range(PERIODS)
            ),
        )
        for number in range(LEAVES // PERIODS)
    )
    return ForecastRun(
        run_id=run_id("site-6h", SLOT, "1", 1),
        tenant_id="demo",
        product_id="site-6h",
        region_id="demo",
        slot=SLOT,
        issued_at=SLOT,
        delivery_start=first,
        gate_closure=first,
        levels_bps=LEVELS,
        model_name="site-6h",
        model_version="1",
        model_hash="0x" + "11" * 32,
        feature_hash="0x" + "22" * 32,
        series=series,
    )


def _peer(run: ForecastRun) -> tuple[str, list[float]]:
    leaves = [
        [
            "0x" + name_hash(leaf.series_id).hex(),
            leaf.target_start,
            leaf.resolution_s,
            leaf.values_milli,
            "0x" + salt_of(SECRET, i).hex(),
        ]
        for i, leaf in enumerate(leaves_of(run))
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "leaves.json"
        file.write_text(json.dumps(leaves))
        command = [str(NODE), "gas/root.mjs", str(file), str(PEER_RUNS)]
        done = subprocess.run(command, cwd=BLOCKCHAIN, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout)
    return told["root"], told["milliseconds"]


def measure() -> Iterator[Figure]:
    """``root_10k_leaves_ms``: median of 15 runs."""
    run = a_run()
    took = []
    for _ in range(RUNS):
        began = time.perf_counter()
        root = tree_of(run, SECRET).root
        took.append((time.perf_counter() - began) * 1000)
    peer_root, peer = _peer(run)
    if peer_root != "0x" + root.hex():
        raise ValueError("the peer came to another root")
    goal, value = GOAL_MS, statistics.median(took)
    name = "@openzeppelin/merkle-tree"
    yield Figure("root_10k_leaves_ms", value, "ms", "less", goal, name, statistics.median(peer), RUNS)
