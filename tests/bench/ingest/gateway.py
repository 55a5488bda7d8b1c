"""The gateway between real Mosquitto with mutual TLS and real Kafka, beside two peers.

Messages are the smallest that telemetry/1 allows, about 200 bytes with a real device id; devices are
load processes on the same machine, so everything shares its cores. What a figure means:

- ``gateway_throughput_msgs_per_s``: devices send as fast as 200 messages without receipt each allow;
  messages receipted (after Kafka's ``acks=all``, by signed receipt) per second, median of three runs.
- ``gateway_drain_msgs_per_s``: the same gateway, and each peer, empties a queue that the broker kept for
  it; the devices are gone, so it is what one process can do. Counted at Kafka's end offsets.
- ``gateway_p99_ms_at_5k``: open loop, 5,000 messages/s; from when a message was due to its receipt.
- ``gateway_flood_p99_ratio``: p99 of seven devices at 100/s each with an eighth that sends 2,000/s, to
  p99 of the same seven with the eighth at 100/s.

``kcat`` is Debian's package of that name (``apt-get install kcat``); where it is absent its line says
so. BENCH_GATEWAY_SECONDS shortens the runs.
"""

import math
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from tests.bench.figures import Figure
from tests.bench.ingest._gateway_field import GatewayField, gateway_field, new_name
from tests.bench.ingest._gateway_load import Plan, Told
from tests.bench.ingest._gateway_peers import naive_argv, pipe_argv, sub_argv

SECONDS = float(os.environ.get("BENCH_GATEWAY_SECONDS", "10"))
RUNS = 3
BACKLOG = 50_000
"""Below the broker's ``max_queued_messages``: what it drops beyond it nobody could forward."""
PROCESSES = 2


def measure() -> Iterator[Figure]:
    """Every figure, the gateway's with those of its peers."""
    with tempfile.TemporaryDirectory(prefix="gridseal-bench-") as folder, gateway_field(Path(folder)) as field:
        naive = _drain_peer(field, "naive", naive_argv)
        pipe = _drain_peer(field, "pipe", pipe_argv) if shutil.which("kcat") else None
        if pipe is None:
            print("kcat is absent, and with it the pipe's figure: apt-get install kcat")
        drain = [_drain_gateway(field) for _ in range(RUNS)]
        yield Figure(
            "gateway_drain_msgs_per_s", median(drain), "msg/s", "more", 30_000, "mosquitto_sub | kcat -P", pipe, RUNS
        )
        yield Figure(
            "gateway_drain_vs_naive_msgs_per_s", median(drain), "msg/s", "more", None, "await per message", naive, RUNS
        )
        field.start_gateway()
        field.load(_plans(field, rate=0, seconds=SECONDS / 2, window=200))
        before, cpu = field.status()["messages_received"], field.cpu_s("gateway")
        live = [_per_second(field.load(_plans(field, rate=0, seconds=SECONDS, window=200))) for _ in range(RUNS)]
        messages = field.status()["messages_received"] - before
        yield Figure(
            "gateway_throughput_msgs_per_s", median(live), "msg/s", "more", 30_000, "await per message", naive, RUNS
        )
        yield Figure(
            "gateway_cpu_us_per_msg", (field.cpu_s("gateway") - cpu) / messages * 1e6, "µs", "less", 30, runs=RUNS
        )
        told = field.load(_plans(field, rate=5_000, seconds=SECONDS, window=10**6))
        yield Figure("gateway_p99_ms_at_5k", _percentile(_latencies(told), 99), "ms", "less", 50)
        yield Figure("gateway_p50_ms_at_5k", _percentile(_latencies(told), 50), "ms", "less")
        field.end("gateway")
        # The product's own limits: by default the bench lets every device send without one.
        field.start_gateway(GATEWAY_DEVICE_RATE_PER_S="500", GATEWAY_DEVICE_BURST="500")
        ratios = [_flood_ratio(field) for _ in range(RUNS)]
        yield Figure("gateway_flood_p99_ratio", median(ratios), "×", "less", 1.2, runs=RUNS)
        _all_receipted(field)


def _plans(
    field: GatewayField, *, rate: float, seconds: float, window: int, most: int = 10**9, receipts: bool = True
) -> list[Plan]:
    """The load of all devices together, over several processes."""
    places = [(d.device_id, f"v1/{d.tenant_id}/{d.site_id}/{d.device_id}") for d in field.devices]
    shares = [places[number::PROCESSES] for number in range(PROCESSES)]
    each = rate / len(places)
    return [
        Plan(field.mqtt_port, str(field.tls), share, [each] * len(share), seconds, most, window, receipts)
        for share in shares
    ]


def _per_second(told: Sequence[Told]) -> float:
    receipted = sum(sum(one.receipted.values()) for one in told)
    return receipted / (max(one.last_at for one in told) - min(one.first_at for one in told))


def _latencies(told: Sequence[Told], names: Sequence[str] | None = None) -> list[float]:
    return [
        value for one in told for name, values in one.latency_ms.items() if names is None or name in names
        for value in values
    ]  # fmt: skip


def _percentile(values: Sequence[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(len(ordered) * percent / 100) - 1)]


def _fill(field: GatewayField) -> None:
    """Put a backlog into the broker's queue of whoever has a session there."""
    per_device = BACKLOG // len(field.devices)
    plans = _plans(field, rate=0, seconds=300, window=500, most=per_device, receipts=False)
    for one in field.load(plans):
        if any(count != per_device for count in one.sent.values()):
            raise RuntimeError("the backlog could not be sent")


def _drain(field: GatewayField, start: Callable[[], None], end: Callable[[], None]) -> float:
    """Once to have a session, again to empty it; what matters is the second time."""
    start()
    end()
    _fill(field)
    before, backlog = field.in_kafka(), BACKLOG // len(field.devices) * len(field.devices)
    with ThreadPoolExecutor(1) as beside:
        rate = beside.submit(field.rate_of_arrival, before, backlog, 60)
        start()
        try:
            if not rate.result():
                raise RuntimeError("nothing of the backlog came to Kafka")
            return rate.result()
        finally:
            end()


def _drain_gateway(field: GatewayField) -> float:
    return _drain(field, field.start_gateway, lambda: field.end("gateway"))


def _drain_peer(field: GatewayField, name: str, argv: Callable[[int, Path, str, str], list[str]]) -> float:
    client = new_name(name)

    def start() -> None:
        field.start_peer(name, argv(field.mqtt_port, field.tls, field.servers.bootstrap, client))
        field.until_connected(name)

    try:
        return _drain(field, start, lambda: field.end(name))
    finally:
        # Else the broker would keep a copy of everything for it from now on.
        forget = sub_argv(field.mqtt_port, field.tls, client, "-W", "1")
        subprocess.run(forget, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def _flood_ratio(field: GatewayField) -> float:
    quiet, flood = (_of_the_seven(field, rate) for rate in (100.0, 2_000.0))
    return flood / quiet


def _of_the_seven(field: GatewayField, eighth: float) -> float:
    places = [(d.device_id, f"v1/{d.tenant_id}/{d.site_id}/{d.device_id}") for d in field.devices[:8]]
    tls = str(field.tls)
    others = Plan(field.mqtt_port, tls, places[:7], [100.0] * 7, SECONDS, window=10**6)
    flooder = Plan(field.mqtt_port, tls, places[7:], [eighth], SECONDS, window=10**6)
    told = field.load([others, flooder])
    return _percentile(_latencies(told, [name for name, _ in places[:7]]), 99)


def _all_receipted(field: GatewayField) -> None:
    status = field.status()
    if status["refused"] or status["quarantined"] or status["in_flight"]:
        raise RuntimeError(f"the load was not what it should be: {status}")
