"""One connection to an OPC-UA server with asyncua, from the handshake to its loss. Implements ``ports.Connection``.

asyncua's own ``Subscription`` makes a task for every value and cannot ask for a discard policy; here
the services are called as they are. Its automatic reconnect restores subscriptions by node ids that
a restarted server may number differently; here a new connection resolves every node again.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import UaError

from edge_agent.opcua.metrics import OpcuaMetrics
from edge_agent.opcua.nodes import NodeList, NodeSpec
from edge_agent.opcua.ports import Sample, SampleListener
from edge_agent.opcua.resolve import Found, Limits, chunks, facts_of, find_nodes, read_limits
from edge_agent.opcua.security import Security
from gridseal.errors import UnavailableError
from gridseal.runtime.logs import get_logger

log = get_logger(__name__)
OWN_QUEUE: Final = 1_000
"""Publish responses taken and not counted yet."""
RETRY_MISSING_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Timing:
    """How patient a connection is."""

    request_s: float = 10.0
    keepalive_s: float = 5.0
    """A server with nothing to report says so this often."""
    watchdog_s: float = 5.0


@dataclass(slots=True)
class _Subscription:
    """What one publishing interval came to."""

    id: int
    silent_after_s: float
    indexes: list[int] = field(default_factory=list)
    heard: float = field(default_factory=time.monotonic)
    heard_ms: int = 0
    next_sequence: int | None = None


class OpcuaSession:
    """Every call of ``hold`` is a new connection."""

    def __init__(
        self,
        nodes: NodeList,
        security: Security,
        listener: SampleListener,
        metrics: OpcuaMetrics,
        timing: Timing | None = None,
    ) -> None:
        self._list, self._security, self._metrics = nodes, security, metrics
        self._timing = timing or Timing()
        self._listener = listener
        self._subscriptions: dict[float, _Subscription] = {}
        """By publishing interval."""
        self._by_id: dict[int, _Subscription] = {}
        self._over = asyncio.Event()
        self._why = ""
        self._taken: asyncio.Queue[tuple[Sequence[Any], int]] = asyncio.Queue(OWN_QUEUE)

    async def hold(self) -> None:
        """Connect, subscribe, hand over samples until the connection is over.

        Raises:
            UnavailableError: It is over, and why.
        """
        self._subscriptions, self._by_id = {}, {}
        self._over, self._why = asyncio.Event(), ""
        self._taken = asyncio.Queue(OWN_QUEUE)
        client = Client(self._list.endpoint, self._timing.request_s, watchdog_intervall=self._timing.watchdog_s)
        client.name = client.description = "Gridseal edge agent"
        client.connection_lost_callback = self._connection_lost
        with _one_error(self._list.endpoint):
            await self._security.apply(client)
            await client.connect()
            try:
                await self._work(client)
            finally:
                self._listener.lost()
                self._by_id = {}
                self._metrics.connected.set(0)
                await _leave(client)

    async def _work(self, client: Client) -> None:
        self._metrics.connects.inc()
        limits = await read_limits(client)
        missing = await self._subscribe(client, list(enumerate(self._list.nodes)), limits)
        if not self.subscribed:
            raise UnavailableError("none of the listed nodes can be read")
        self._metrics.connected.set(1)
        log.info("opcua_subscribed", endpoint=self._list.endpoint, nodes=self.subscribed)
        consumer = asyncio.create_task(self._consume())
        try:
            again_at = time.monotonic() + RETRY_MISSING_S
            while not self._over.is_set() and not consumer.done():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._over.wait(), 0.5)
                self._watch()
                if missing and time.monotonic() > again_at:
                    missing = await self._subscribe(client, missing, limits)
                    again_at = time.monotonic() + RETRY_MISSING_S
        finally:
            consumer.cancel()
            await asyncio.gather(consumer, return_exceptions=True)
            self._drain()
        raise UnavailableError(self._why or "the connection was lost")

    @property
    def subscribed(self) -> int:
        """Nodes that the server reports right now."""
        return sum(len(own.indexes) for own in self._by_id.values())

    async def _subscribe(
        self, client: Client, wanted: list[tuple[int, NodeSpec]], limits: Limits
    ) -> list[tuple[int, NodeSpec]]:
        """Subscribe to what can be found; give back what could not."""
        found, missing = await find_nodes(client, wanted, limits)
        known = await facts_of(client, found, limits)
        usable = [one for one, facts in zip(found, known, strict=True) if self._listener.facts(one.index, facts)]
        for publishing_ms in sorted({one.spec.publishing_ms for one in usable}):
            group = [one for one in usable if one.spec.publishing_ms == publishing_ms]
            missing += await self._create(client, publishing_ms, group, limits)
        for one in missing[:5]:
            log.warning("opcua_node_missing", node=one[1].node)
        self._metrics.nodes.labels(state="refused").set(len(found) - len(usable))
        self._metrics.nodes.labels(state="unresolved").set(len(missing))
        self._metrics.nodes.labels(state="subscribed").set(self.subscribed)
        return missing

    async def _create(
        self, client: Client, publishing_ms: float, group: list[Found], limits: Limits
    ) -> list[tuple[int, NodeSpec]]:
        """Add monitored items to the one subscription of this interval; give back what the server refuses."""
        session = client.uaclient.session
        own = self._subscriptions.get(publishing_ms) or await self._new_subscription(client, publishing_ms)
        refused: list[tuple[int, NodeSpec]] = []
        for part in chunks(group, limits.monitored_items):
            parameters = ua.CreateMonitoredItemsParameters(
                SubscriptionId=ua.IntegerId(own.id),
                TimestampsToReturn=ua.TimestampsToReturn.Both,
                ItemsToCreate=[_item(one) for one in part],
            )
            self._listener.opened([one.index for one in part], _now_ms(), round(own.silent_after_s * 1_000))
            results = await session.create_monitored_items(parameters)
            for one, answer in zip(part, results, strict=True):
                if answer.StatusCode.is_good():
                    own.indexes.append(one.index)
                else:
                    refused.append((one.index, one.spec))
        return refused

    async def _new_subscription(self, client: Client, publishing_ms: float) -> _Subscription:
        keepalives = max(1, round(self._timing.keepalive_s * 1_000 / publishing_ms))
        result = await client.uaclient.session.create_subscription(
            ua.CreateSubscriptionParameters(
                RequestedPublishingInterval=ua.Duration(publishing_ms),
                RequestedLifetimeCount=ua.Counter(keepalives * 10),
                RequestedMaxKeepAliveCount=ua.Counter(keepalives),
                MaxNotificationsPerPublish=ua.Counter(0),
                PublishingEnabled=True,
            ),
            self._published,
        )
        silent_after_s = 3 * result.RevisedPublishingInterval * result.RevisedMaxKeepAliveCount / 1_000 + 2.0
        own = _Subscription(result.SubscriptionId, silent_after_s, heard_ms=_now_ms())
        self._subscriptions[publishing_ms] = self._by_id[own.id] = own
        return own

    def _published(self, result: ua.PublishResult) -> None:
        """A publish response. Takes it and goes: what stands here holds up the next one."""
        own = self._by_id.get(result.SubscriptionId)
        if own is None:
            return
        own.heard, own.heard_ms = time.monotonic(), _now_ms()
        self._listener.heard(min(other.heard_ms for other in self._by_id.values()))
        message = result.NotificationMessage
        if own.next_sequence not in (None, message.SequenceNumber):
            self._end("sequence", f"notifications up to {message.SequenceNumber} were missed")
        own.next_sequence = message.SequenceNumber + bool(message.NotificationData)
        for part in message.NotificationData or ():
            if isinstance(part, ua.DataChangeNotification):
                try:
                    self._taken.put_nowait((part.MonitoredItems, own.heard_ms))
                except asyncio.QueueFull:
                    self._end("own_queue", "samples came faster than they could be counted")
            elif isinstance(part, ua.StatusChangeNotification):
                self._end("", f"the subscription ended: {part.Status.name}")

    async def _consume(self) -> None:
        while True:
            items, received_ms = await self._taken.get()
            self._listener.samples(_samples(items), received_ms)

    def _drain(self) -> None:
        while not self._taken.empty():
            items, received_ms = self._taken.get_nowait()
            self._listener.samples(_samples(items), received_ms)

    def _watch(self) -> None:
        now = time.monotonic()
        if any(now - own.heard > own.silent_after_s for own in self._subscriptions.values()):
            self._end("", "a subscription fell silent")

    def _end(self, reason: str, why: str) -> None:
        if reason:
            self._metrics.gaps.labels(reason=reason).inc()
        self._why = self._why or why
        self._over.set()

    async def _connection_lost(self, error: Exception) -> None:
        self._end("", f"{type(error).__name__}: {error}")


def _samples(items: Sequence[Any]) -> Iterator[Sample]:
    for item in items:
        value = item.Value
        status = value.StatusCode
        yield Sample(
            item.ClientHandle,
            None if value.Value is None else value.Value.Value,
            0 if status is None else status.value,
            value.SourceTimestamp,
            value.ServerTimestamp,
        )


def _item(one: Found) -> ua.MonitoredItemCreateRequest:
    spec = one.spec
    change = ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValue)
    if spec.deadband:
        change.DeadbandType, change.DeadbandValue = ua.UInt32(ua.DeadbandType.Absolute), ua.Double(spec.deadband)
    return ua.MonitoredItemCreateRequest(
        ItemToMonitor=ua.ReadValueId(NodeId=one.node_id, AttributeId=AttributeIds.Value),
        MonitoringMode=ua.MonitoringMode.Reporting,
        RequestedParameters=ua.MonitoringParameters(
            ClientHandle=ua.IntegerId(one.index),
            SamplingInterval=ua.Duration(spec.sampling_ms),
            Filter=change if spec.deadband else None,
            QueueSize=ua.Counter(spec.queue_size),
            DiscardOldest=spec.discard_oldest,
        ),
    )


@contextlib.contextmanager
def _one_error(endpoint: str) -> Iterator[None]:
    try:
        yield
    except (UaError, OSError, TimeoutError, ConnectionError) as error:
        raise UnavailableError(f"OPC-UA server {endpoint}: {type(error).__name__} {error}".rstrip()) from error


async def _leave(client: Client) -> None:
    """Say goodbye if someone is there to hear it."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(2.0):
            await client.disconnect()
    client.disconnect_socket()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def quiet_library() -> None:
    """Let asyncua keep its tracebacks of each lost connection: what matters is raised and told here in one line."""
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
