"""Does a message cost the same, however many series there are?

100, 1,000, 10,000 and 100,000 series at one message rate: CPU time of the gateway and of the stream
(driver and JVM) per message, and how long both take to start with a catalog of that size. The load is
synthetic and sent by one client over MQTT and TLS; nothing but the number of devices changes.
``BENCH_SHORT=1`` measures the first two sizes for a few seconds each: to see that it runs.
"""

import asyncio
import contextlib
import itertools
import os
import shutil
import signal
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import paho.mqtt.client as mqtt
import psutil
import psycopg
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent.packing import PackedReading, encode_message
from gridseal.wire.catalog import Asset, CatalogRecord, Series, SeriesInput, Site
from gridseal.wire.topics import mqtt_telemetry_topic
from local_stack.domain_time import FIRST_ORIGIN
from local_stack.environment import addresses
from local_stack.layout import Layout
from local_stack.ports import Ports
from local_stack.servers import mosquitto, postgres
from local_stack.sessions import members
from local_stack.spec import ProcessSpec
from local_stack.stack import Options, process_list, run_stack
from local_stack.supervisor import Supervisor
from tests.bench.figures import Figure
from tests.chaos.processes import SERVERS, ClosePorts
from tests.chaos.provision import publish

ROOT: Final = Path(__file__).resolve().parents[3]
SHORT: Final = bool(os.environ.get("BENCH_SHORT"))
SIZES: Final = (100, 1_000) if SHORT else (100, 1_000, 10_000, 100_000)
RATE: Final = 500
MEASURE_S: Final = 8 if SHORT else 40
WARM_UP_S: Final = 4 if SHORT else 15
START_WITHIN_S: Final = 600.0
START_GOAL_S: Final = 60.0
GOAL_PER_DECADE: Final = 1.2
TENANT, SITE, SENDER, BOOT = "demo", "growth", "bench-sender", "00112233445566ff"
BASE_MS: Final = int(FIRST_ORIGIN.timestamp() * 1_000) - 3 * 86_400_000
PORT_BASE: Final = 18_500
NAMES: Final = {100: "100", 1_000: "1k", 10_000: "10k", 100_000: "100k"}


@dataclass(slots=True)
class Costs:
    """What one size came to."""

    series: int
    start_s: float = 0.0
    stream_us: float = 0.0
    gateway_us: float = 0.0
    p50_ms: float = 0.0

    @property
    def total_us(self) -> float:
        """CPU time of both per message."""
        return self.stream_us + self.gateway_us


def measure() -> Iterator[Figure]:
    """One stack whose catalog grows."""
    state = Path(tempfile.mkdtemp(prefix="gridseal-growth-"))
    state.chmod(0o755)
    layout, ports = Layout(ROOT, state), ClosePorts(PORT_BASE)
    found: list[Costs] = []
    earlier = os.environ.get("GRIDSEAL_STATE_DIR")
    os.environ["GRIDSEAL_STATE_DIR"] = str(state)

    failures: list[BaseException] = []

    async def grow(supervisor: Supervisor, _stop: asyncio.Event) -> None:
        try:
            await _ready(supervisor)
            bench = Growth(supervisor, layout, ports)
        except Exception as error:
            failures.append(error)
            return
        try:
            for size in SIZES:
                found.append(await bench.at(size))
                costs = found[-1]
                print(f"   {size} series: {costs}", file=sys.__stdout__, flush=True)
        except Exception as error:
            failures.append(error)
        finally:
            bench.close()

    try:
        with (state / "stack.log").open("w") as log, contextlib.redirect_stdout(log):
            asyncio.run(run_stack(layout, ports, Options(processes=_processes, scale=1.0), grow))
    finally:
        postgres.remove_data(layout)
        shutil.rmtree(state, ignore_errors=True)
        os.environ.pop("GRIDSEAL_STATE_DIR")
        if earlier is not None:
            os.environ["GRIDSEAL_STATE_DIR"] = earlier
    yield from figures(found)
    if failures:
        raise failures[0]


def figures(found: list[Costs]) -> Iterator[Figure]:
    """CPU per message at each size, the worst growth per decade, and the start."""
    for costs in found:
        name = NAMES[costs.series]
        yield Figure(f"growth_cpu_us_per_msg_{name}", round(costs.total_us, 1), "µs", "less")
        yield Figure(f"growth_stream_cpu_us_per_msg_{name}", round(costs.stream_us, 1), "µs", "less")
        yield Figure(f"growth_gateway_cpu_us_per_msg_{name}", round(costs.gateway_us, 1), "µs", "less")
        yield Figure(f"growth_start_s_{name}", round(costs.start_s, 1), "s", "less", goal=START_GOAL_S)
    ratios = [after.total_us / before.total_us for before, after in itertools.pairwise(found)]
    if ratios:
        yield Figure("growth_ratio_per_decade", round(max(ratios), 3), "×", "less", goal=GOAL_PER_DECADE)
        mean = statistics.geometric_mean(ratios)
        yield Figure("growth_mean_ratio_per_decade", round(mean, 3), "×", "less", goal=GOAL_PER_DECADE)


class Growth:
    """Drives one stack through the sizes."""

    def __init__(self, supervisor: Supervisor, layout: Layout, ports: Ports) -> None:
        self._supervisor, self._layout = supervisor, layout
        where = addresses(ports)
        self._bootstrap, self._dsn = where["GRIDSEAL_KAFKA_BOOTSTRAP"], where["GRIDSEAL_POSTGRES_DSN"]
        self._client = _sender(layout, ports)
        self._known = 0
        self._sent = 0

    def close(self) -> None:
        """End the sender."""
        self._client.disconnect()
        self._client.loop_stop()

    async def at(self, size: int) -> Costs:
        """Grow the catalog, start gateway and stream anew, then measure under load."""
        await publish(self._bootstrap, _records(self._known, size))
        self._known = size
        costs = Costs(size, start_s=await self._restart(size))
        await self._send(size, WARM_UP_S)
        before = self._cpu_s("stream"), self._cpu_s("gateway"), self._sent
        costs.p50_ms = await self._send(size, MEASURE_S)
        messages = self._sent - before[2]
        costs.stream_us = (self._cpu_s("stream") - before[0]) / messages * 1e6
        costs.gateway_us = (self._cpu_s("gateway") - before[1]) / messages * 1e6
        return costs

    async def _restart(self, size: int) -> float:
        """Kill both, and wait until a message of the last device goes all the way."""
        for name in ("gateway", "stream"):
            child = self._supervisor.children[name]
            if child.pid is not None:
                os.kill(child.pid, signal.SIGKILL)
                await asyncio.sleep(0.2)
        began = time.monotonic()
        while time.monotonic() - began < START_WITHIN_S:
            self._publish(size - 1)
            if self._sent_of(size - 1) > 0:
                return time.monotonic() - began
            await asyncio.sleep(0.5)
        raise TimeoutError(f"no message was queryable within {START_WITHIN_S:.0f} s with {size} series")

    async def _send(self, size: int, seconds: float) -> float:
        """Messages at the fixed rate, devices in turn; milliseconds until the last one was queryable."""
        began, count = time.monotonic(), int(RATE * seconds)
        for n in range(count):
            self._publish(self._sent % size)
            ahead = began + n / RATE - time.monotonic()
            if ahead > 0.005:
                await asyncio.sleep(ahead)
        last, at = (self._sent - 1) % size, time.time() * 1_000
        want = self._last_ms
        while self._sent_of(last) < want:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.05)
        return time.time() * 1_000 - at

    def _publish(self, number: int) -> None:
        name, seq = _name(number), self._sent
        self._last_ms = time.time_ns() // 1_000_000
        # A second of its own for each message: at every size a batch touches as many windows as it has messages.
        start_ms = BASE_MS + seq * 1_000
        reading = PackedReading("active_power", "W", start_ms, 1_000, float(seq % 5_000))
        payload = encode_message(name, BOOT, seq, self._last_ms, [reading])
        self._client.publish(mqtt_telemetry_topic(TENANT, SITE, name), payload, qos=1)
        self._sent += 1

    def _sent_of(self, number: int) -> int:
        query = "SELECT coalesce(max(sent_at_ms), 0) FROM telemetry.readings WHERE device_id = %s"
        try:
            with psycopg.connect(self._dsn) as db:
                row = db.execute(query, (_name(number),)).fetchone()
                return int(row[0]) if row else 0
        except psycopg.Error:
            return 0

    def _cpu_s(self, name: str) -> float:
        """CPU seconds of a process and everything in its session."""
        pid = self._supervisor.children[name].pid
        total = 0.0
        for member in members(pid) if pid else ():
            with contextlib.suppress(psutil.Error):
                times = psutil.Process(member).cpu_times()
                total += times.user + times.system
        return total


async def _ready(supervisor: Supervisor) -> None:
    for name in SERVERS:
        await supervisor.children[name].ready.wait()


def _processes(layout: Layout, ports: Ports) -> list[ProcessSpec]:
    """Servers, gateway and stream; one sender that may speak for every device of the site."""
    mosquitto.fleet = lambda layout: [mosquitto.Device(SENDER, TENANT, SITE)]
    usual = {spec.name: spec for spec in process_list(layout, ports)}
    ours = usual["mosquitto"]
    acl = layout.config / "mosquitto.acl"

    def prepare() -> None:
        if ours.prepare is not None:
            ours.prepare()
        text = acl.read_text()
        if "growth/+" not in text:
            acl.write_text(f"{text}\nuser {SENDER}\ntopic write v1/{TENANT}/{SITE}/+/telemetry\n")

    gateway = usual["gateway"]
    gateway = replace(gateway, env={**gateway.env, "GATEWAY_PORT": str(ports.at(8030))})
    changed = {"mosquitto": replace(ours, prepare=prepare), "gateway": gateway}
    specs = [changed.get(name, usual[name]) for name in (*SERVERS, "gateway", "stream")]
    return [replace(spec, start_s=max(spec.start_s, START_WITHIN_S), good_run_s=0.0) for spec in specs]


def _name(number: int) -> str:
    return f"growth-{number:06d}"


def _records(known: int, size: int) -> Iterator[CatalogRecord]:
    if known == 0:
        yield Site(
            tenant_id=TENANT,
            site_id=SITE,
            name="Growth",
            region_id="bench",
            timezone="Etc/UTC",
            latitude=0,
            longitude=0,
        )
    for name in map(_name, range(known, size)):
        yield Asset(
            tenant_id=TENANT,
            site_id=SITE,
            asset_id=name,
            device_id=name,
            name=name,
            asset_type="meter",
            telemetry_class="meter",
            quantities=("active_power",),
            native_period_s=1,
            simulated=True,
        )
        yield Series(
            tenant_id=TENANT,
            series_id=f"{SITE}/{name}",
            site_id=SITE,
            asset_id=name,
            name=name,
            kind="household",
            unit="W",
            resolution_s=900,
            issue_every_s=900,
            direction="into_grid",
            inputs=(SeriesInput(device_id=name, quantity="active_power"),),
            forecast=False,
        )


def _sender(layout: Layout, ports: Ports) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, SENDER, protocol=mqtt.MQTTv5)
    client.max_inflight_messages_set(1_000)
    certificate = layout.tls / "devices" / f"{SENDER}.crt"
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(layout.tls / "ca.crt"))
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    client.tls_set_context(context)
    client.connect_async("127.0.0.1", ports.mqtt, keepalive=30)
    client.loop_start()
    return client
