"""The path under fire, in small: the full tier is ``make chaos``."""

import os
from pathlib import Path

import pytest

from tests.chaos.__main__ import DEFAULT_PORTS, DEFAULT_SEED, REPORTS, RunOptions, keep_report, run
from tests.chaos.plan import TIERS

pytestmark = [pytest.mark.servers, pytest.mark.timeout(1_800)]
PORTS = int(os.environ.get("CHAOS_PORT_BASE", DEFAULT_PORTS))


def test_nothing_is_lost_and_nothing_is_doubled_while_everything_is_killed(tmp_path: Path) -> None:
    report = run(RunOptions(TIERS["ci"], DEFAULT_SEED, tmp_path / "state", PORTS))
    keep_report(report, REPORTS / "ci")

    assert report["passed"], f"{report['stuck']} {report['findings']}; once more: {report['command']} --keep"
    assert report["kills"] >= 20
    counts = report["findings"]["counts"]
    assert counts["sent"] + counts["strangers"] >= 20_000, "the strangers are among those that the load makes"
    assert counts["sent"] == counts["receipted"]
    assert report["findings"]["wrong"] == {}


def test_the_checker_sees_a_careless_gateway_lose_and_an_append_sink_double(tmp_path: Path) -> None:
    controls = frozenset({"gateway", "stream"})

    report = run(RunOptions(TIERS["control"], DEFAULT_SEED, tmp_path / "state", PORTS, controls))

    assert report["findings"]["counts"]["ordinary ones lost"] > 0
    assert report["findings"]["wrong"]["receipted and nowhere"] > 0
    assert report["findings"]["wrong"]["stored twice"] > 0
