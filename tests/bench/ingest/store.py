"""Readings into PostgreSQL and windows into Redis: as the product writes them, and as others would.

A batch is 100 meters with 500 readings of a minute each, as after an outage. The server syncs every
commit to disk. ``without_windows`` is the same transaction for devices that belong to no series.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import redis

import streaming_processor
from gridseal.runtime.migrations import apply_migrations
from local_stack.scratch import scratch_database, scratch_postgres, scratch_redis
from streaming_processor.arrays import Ints
from streaming_processor.ports import BatchId, Delivery
from streaming_processor.quality.judge import Judged
from streaming_processor.quantities import STORED
from streaming_processor.reference import Reference
from streaming_processor.store.copy_binary import pack
from streaming_processor.store.hot import RedisHot
from streaming_processor.store.postgres import PostgresStore
from streaming_processor.store.statements import STORED_LAYOUT
from streaming_processor.transforms.messages import arrived_from
from streaming_processor.transforms.windows import Rows
from streaming_processor.window_states import COLUMNS, WindowStates
from tests.bench.figures import Figure
from tests.bench.ingest._fleet import a_fleet, meter

MIGRATIONS = Path(streaming_processor.__file__).with_name("migrations")
BATCHES = int(os.environ.get("BENCH_BATCHES", "12"))
DEVICES, READINGS = 100, 500
START_S = 1_767_225_600
SERVER = ("fsync=on", "synchronous_commit=on", "shared_buffers=256MB", "max_wal_size=2GB", "jit=off")
PLAIN_TABLE = """
CREATE TABLE plain (device_no int, quantity_no smallint, period_start timestamptz, period_s int, value_milli bigint,
                    quality_no smallint, sent_at_ms bigint, stored_at timestamptz DEFAULT clock_timestamp(),
                    PRIMARY KEY (device_no, quantity_no, period_start))"""
INSERT = (
    "INSERT INTO plain (device_no, quantity_no, period_start, period_s, value_milli, quality_no, sent_at_ms)"
    " VALUES (%s, %s, to_timestamp(%s), %s, %s, %s, %s) ON CONFLICT DO NOTHING"
)
UNNEST = (
    "INSERT INTO plain SELECT d, q, to_timestamp(t), s, v, l, m FROM unnest(%s::int[], %s::smallint[], %s::bigint[],"
    " %s::int[], %s::bigint[], %s::smallint[], %s::bigint[]) k (d, q, t, s, v, l, m) ON CONFLICT DO NOTHING"
)
COPY = "COPY plain (device_no, quantity_no, period_start, period_s, value_milli, quality_no, sent_at_ms) FROM STDIN"


def measure() -> Iterator[Figure]:
    """``store_rows_per_s`` beside three peers, and ``redis_updates_per_s`` beside one."""
    with scratch_postgres(*SERVER) as address:
        with scratch_database(address) as dsn:
            ours = _product(dsn, a_fleet(DEVICES, period_s=60))
        with scratch_database(address) as dsn:
            without = _product(dsn, a_fleet(DEVICES, period_s=60, series=False))
        with scratch_database(address) as dsn, psycopg.connect(dsn) as connection:
            connection.execute(PLAIN_TABLE)
            connection.commit()
            peers = {"executemany": _plain(connection, _executemany, 2), "unnest": _plain(connection, _unnest)}
            peers["COPY, not idempotent"] = _plain(connection, _copy)
    for n, (peer, value) in enumerate(peers.items()):
        name = "store_rows_per_s" + ("", "_beside_unnest", "_beside_copy")[n]
        yield Figure(name, ours, "rows/s", "more", 200_000, peer, value, BATCHES)
    peer = "COPY, not idempotent"
    yield Figure("store_rows_per_s_without_windows", without, "rows/s", "more", None, peer, peers[peer], BATCHES)
    with scratch_redis() as port, redis.Redis(port=port) as client:
        guarded, pipelined = _redis(client)
    yield Figure("redis_updates_per_s", guarded, "updates/s", "more", 300_000, "pipelined HSET", pipelined, BATCHES)


def _rows(batch: int) -> Rows:
    """One batch of the fleet; no period twice."""
    device = np.repeat(np.arange(DEVICES), READINGS)
    start = START_S + 60 * (batch * READINGS + np.tile(np.arange(READINGS), DEVICES))
    n = len(device)
    milli = np.random.default_rng(batch).integers(0, 9_000_000, n)
    whole = np.full(n, 60, np.int64)
    return Rows(device * len(STORED), start, whole, milli, np.zeros(n, np.int64), np.full(n, 1, np.int64))


def _product(dsn: str, reference: Reference) -> float:
    apply_migrations(dsn, "telemetry", MIGRATIONS)
    store = PostgresStore(dsn, recent_s=172_800)
    store.take_over()
    now = datetime.fromtimestamp(START_S + 400 * 86_400, UTC)
    rates = []
    for number in range(BATCHES + 2):
        rows = _rows(number)
        judged = Judged(rows, 0, (), (), {})
        delivery = Delivery(BatchId("bench", number), DEVICES, {}, arrived_from([]), ())
        began = time.perf_counter()
        committed = store.commit(delivery, judged, reference, now)
        rates.append(len(rows) / (time.perf_counter() - began))
        if len(committed.fresh) != len(rows):
            raise AssertionError(f"stored {len(committed.fresh)} of {len(rows)} readings")
    store.close()
    return statistics.median(rates[2:])


def _columns(batch: int) -> list[Ints]:
    rows = _rows(batch)
    device, quantity = rows.source // len(STORED) + 1, rows.source % len(STORED) + 1
    return [device, quantity, rows.start_s, rows.period_s, rows.milli, rows.quality, rows.sent_at_ms]


def _plain(
    connection: psycopg.Connection[Any],
    write: Callable[[psycopg.Connection[Any], Sequence[Ints]], None],
    batches: int = BATCHES,
) -> float:
    connection.execute("TRUNCATE plain")
    connection.commit()
    rates = []
    for batch in range(batches):
        columns = _columns(batch)
        began = time.perf_counter()
        write(connection, columns)
        connection.commit()
        rates.append(len(columns[0]) / (time.perf_counter() - began))
    return statistics.median(rates)


def _executemany(connection: psycopg.Connection[Any], columns: Sequence[Ints]) -> None:
    connection.cursor().executemany(INSERT, list(zip(*(c.tolist() for c in columns), strict=True)))


def _unnest(connection: psycopg.Connection[Any], columns: Sequence[Ints]) -> None:
    connection.execute(UNNEST, [c.tolist() for c in columns])


def _copy(connection: psycopg.Connection[Any], columns: Sequence[Ints]) -> None:
    with connection.cursor().copy(f"{COPY} (FORMAT binary)".encode()) as copy:
        copy.write(pack(STORED_LAYOUT, columns))


def _redis(client: "redis.Redis") -> tuple[float, float]:
    """Updates per second of the product, and of a pipeline without a guard or a time to live."""
    reference = a_fleet(5_000, period_s=60)
    lanes = np.arange(len(reference.lane_plan))
    hot, ours, peer = RedisHot(client, ttl_s=86_400), [], []
    for version in range(1, BATCHES + 1):
        numbers = {name: np.full(len(lanes), version * 1_000_003, np.int64) for name in COLUMNS}
        numbers |= {
            "inputs": np.ones(len(lanes), np.int64),
            "lane": lanes,
            "window_start": np.full(len(lanes), START_S + 900 * (version // 4)),
        }
        states = WindowStates(reference, **(numbers | {"version": np.full(len(lanes), version)}))
        began = time.perf_counter()
        hot.put(states)
        ours.append(len(lanes) / (time.perf_counter() - began))
        began = time.perf_counter()
        for at in range(0, len(lanes), 1_000):
            with client.pipeline(transaction=False) as pipe:
                for lane in range(at, min(at + 1_000, len(lanes))):
                    fields: dict[Any, Any] = {
                        "start": START_S,
                        "version": version,
                        "mean": 5,
                        "covered": 900,
                        "expected": 900,
                    }
                    pipe.hset(f"peer:{meter(lane)}", mapping=fields)
                pipe.execute()
        peer.append(len(lanes) / (time.perf_counter() - began))
    return statistics.median(ours), statistics.median(peer)
