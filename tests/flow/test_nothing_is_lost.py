"""What a device sent is stored exactly once, whatever is killed on the way."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest

from ..conftest import Stack, eventually

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]

Key = tuple[str, str, int]


def caught_up(stack: Stack) -> bool:
    status = stack.get(8004, "/status")
    return bool(status["caught_up"]) and status["totals"]["queue_depth"] == 0


def stored_until(stack: Stack, until: datetime) -> dict[Key, int]:
    with psycopg.connect(stack.dsn) as db:
        rows = db.execute(
            "SELECT device_id, quantity, extract(epoch FROM period_start)::bigint, value_milli FROM telemetry.readings"
            " WHERE period_start + period_s * interval '1 second' <= %s",
            (until,),
        )
        return {(d, q, s): v for d, q, s, v in rows}


def refused_until(stack: Stack, until: datetime) -> set[Key]:
    with psycopg.connect(stack.dsn) as db:
        rows = db.execute(
            "SELECT device_id, quantity, extract(epoch FROM period_start)::bigint FROM telemetry.refused"
            " WHERE period_start < %s",
            (until,),
        )
        return {(d, q, s) for d, q, s in rows}


def expected_until(stack: Stack, until: datetime, out: Path) -> dict[Key, int]:
    done = stack.run("python", "-m", "edge_agent", "expected", "--until", until.isoformat(), "--out", str(out))
    assert done.returncode == 0, done.stderr
    table = pq.read_table(out).to_pydict()
    starts = [int(t.timestamp()) for t in table["period_start"]]
    return dict(zip(zip(table["device_id"], table["quantity"], starts, strict=True), table["value_milli"], strict=True))


@pytest.mark.parametrize("victim", ["gateway", "stream"])
def test_a_killed_process_comes_back_and_nothing_is_lost_or_doubled(stack: Stack, victim: str, tmp_path: Path) -> None:
    eventually(lambda: stack.get(8003, "/status")["stored"] > 0, within_s=240, what="the first reading stored")

    former = stack.kill(victim)

    eventually(
        lambda: stack.process(victim)["state"] == "healthy" and stack.process(victim)["pid"] != former,
        within_s=120,
        what=f"{victim} back",
    )
    eventually(lambda: caught_up(stack), within_s=300, what="back-fill done")
    hello = stack.get(8004, "/status")
    until = datetime.fromisoformat(hello["domain_now"]).astimezone(UTC) - timedelta(hours=2)
    expected = expected_until(stack, until, tmp_path / "expected.parquet")
    assert len(expected) > 10_000

    def all_there() -> bool:
        return len(stored_until(stack, until)) + len(refused_until(stack, until)) >= len(expected)

    eventually(all_there, within_s=120, what="every reading stored or refused")
    stored, refused = stored_until(stack, until), refused_until(stack, until)
    lost = expected.keys() - stored.keys() - refused
    invented = stored.keys() - expected.keys()
    changed = {key for key in stored.keys() & expected.keys() if stored[key] != expected[key]}
    assert (len(lost), len(invented), len(changed)) == (0, 0, 0), json.dumps([sorted(map(str, lost))[:3]])
