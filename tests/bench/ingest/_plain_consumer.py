"""What one would write without Spark: poll, parse, insert, put into Redis, commit. No ledger, no windows, no rules.

``python -m tests.bench.ingest._plain_consumer BOOTSTRAP DSN REDIS_PORT``; on SIGTERM it prints its latencies as JSON.
"""

import json
import signal
import sys
import time
from collections import Counter

import psycopg
import redis
from confluent_kafka import Consumer

from tests.bench.ingest._open_loop import TOPIC

TABLE = (
    "CREATE TABLE IF NOT EXISTS plain_readings (device_id text, quantity text, period_start timestamptz, value float8,"
    " PRIMARY KEY (device_id, quantity, period_start))"
)
INSERT = (
    "INSERT INTO plain_readings SELECT d, q, to_timestamp(t), v"
    " FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::float8[]) k (d, q, t, v) ON CONFLICT DO NOTHING"
)


def main(bootstrap: str, dsn: str, redis_port: int) -> int:
    """Until SIGTERM."""
    running = [True]
    signal.signal(signal.SIGTERM, lambda *_: running.clear())
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "plain", "auto.offset.reset": "latest"})
    consumer.subscribe([TOPIC])
    counts: Counter[int] = Counter()
    print("ready", flush=True)
    with psycopg.connect(dsn) as connection, redis.Redis(port=redis_port) as client:
        connection.execute(TABLE)
        connection.commit()
        while running:
            records = consumer.consume(2_000, 0.02)
            messages = [json.loads(r.value() or b"") for r in records if not r.error()]
            if not messages:
                continue
            readings = [(m["device_id"], m["readings"][0]) for m in messages]
            columns = zip(
                *((d, r["quantity"], r["period_start_ms"] // 1_000, r["value"]) for d, r in readings), strict=True
            )
            connection.execute(INSERT, [list(column) for column in columns])
            connection.commit()
            with client.pipeline(transaction=False) as pipe:
                for device, reading in readings:
                    pipe.hset(f"plain:{device}", mapping={"at": reading["period_start_ms"], "value": reading["value"]})
                pipe.execute()
            consumer.commit(asynchronous=True)
            now = int(time.time() * 1_000)
            counts.update(now - m["sent_at_ms"] for m in messages)
    consumer.close()
    print(json.dumps(counts), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
