"""One WebSocket client: its subscriptions, its queue, its two loops."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime

from starlette.websockets import WebSocket, WebSocketDisconnect

from forecast_service.live.hub import Hub
from forecast_service.live.narrow import Event
from forecast_service.live.queue import SendQueue, Waiting
from forecast_service.live.written import Batch, Sendable
from gridseal.errors import GridsealError, WireError
from gridseal.runtime.frames import text_frame, writer
from gridseal.runtime.logs import get_logger
from gridseal.wire.codec import encode
from gridseal.wire.fields import Message
from gridseal.wire.live import (
    PING_INTERVAL_S,
    Ack,
    Complete,
    ErrorFrame,
    Ping,
    Snapshot,
    Subscribe,
    Unsubscribe,
    decode_client_frame,
)

log = get_logger(__name__)
MAX_SUBSCRIPTIONS = 32
MAX_BAD_FRAMES = 10
SUBSCRIBE_WITHIN_S = 30.0
CLOSE_WITHIN_S = 5.0
REPLAY_BYTES = 4 * 2**20
WRITE_BYTES = 64 * 2**10
"""So much goes to the server in one piece; what waits beyond it can still be replaced by something newer."""
AT_ONCE_BYTES = 256 * 2**10
"""A larger batch goes through the queue, so that a client that stalls with it holds no more than this."""
BAD_FRAME, TOO_LATE, TOO_SLOW = 4400, 4408, 4413


@dataclass(slots=True)
class _Subscription:
    request: Subscribe
    sent_seq: int
    floor_seq: int
    """Deltas up to here are known to the client."""
    joined_seq: int
    """Deltas up to here came before the subscription: they are in its snapshot or replay."""
    held: Batch | None = field(default_factory=list)
    """Deltas that wait until the snapshot is out; none once it is."""


class Connection:
    """Speaks the protocol of ``wire.live`` with one client after the handshake."""

    def __init__(self, socket: WebSocket, hub: Hub, now: Callable[[], datetime], queue: SendQueue) -> None:
        self._socket = socket
        self._write = writer(socket.scope)
        self._deflated = self._write is not None and self._write.deflates
        self._writing = False
        self._hub = hub
        self._now = now
        self._queue = queue
        self._ready = asyncio.Event()
        self._subscriptions: dict[str, _Subscription] = {}
        self._bad_frames = 0
        self._close_code = 0
        self._closing = asyncio.Event()

    async def run(self) -> None:
        """Serve until the client leaves or has to be closed."""
        self._hub.connections.inc()
        loops = [asyncio.create_task(c) for c in self._loops()]
        try:
            done, _ = await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                error = task.exception()
                if error is not None and not isinstance(error, WebSocketDisconnect | RuntimeError):
                    raise error
        finally:
            self._hub.connections.dec()
            for task in loops:
                task.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            for name in list(self._subscriptions):
                self._end(name)
            if self._close_code:
                self._hub.closed.labels(str(self._close_code)).inc()
                with contextlib.suppress(TimeoutError, RuntimeError):
                    await asyncio.wait_for(self._socket.close(self._close_code), CLOSE_WITHIN_S)

    def _loops(self) -> list[Coroutine[None, None, object]]:
        return [self._receive(), self._send(), self._ping(), self._impatient(), self._closing.wait()]

    def _close(self, code: int) -> None:
        self._close_code = code
        self._closing.set()

    def push(self, subscription: str, batch: Batch) -> None:
        """Send events of a subscription, or queue them where it is behind; over the hard limit the connection ends."""
        own = self._subscriptions[subscription]
        if batch[0][0] <= own.joined_seq:
            batch = [(seq, event) for seq, event in batch if seq > own.joined_seq]
        if own.held is not None:
            own.held.extend(batch)
        elif batch and not self._sent_at_once(subscription, own, batch):
            for seq, event in batch:
                if self._queue.put(Waiting(subscription, seq, event, len(event.text)), event.replaces):
                    self._hub.conflated.labels(event.channel).inc()
            if self._queue.over:
                self._close(TOO_SLOW)
            self._ready.set()

    def _sent_at_once(self, name: str, own: _Subscription, batch: Batch) -> bool:
        """Who has everything so far gets the same bytes as all others who have."""
        if self._write is None or self._writing or len(self._queue) or own.sent_seq != batch[0][0] - 1:
            return False
        frames = self._hub.written.batch(batch, name, deflated=self._deflated)
        if len(frames) > AT_ONCE_BYTES or not self._write.write_at_once(frames):
            return False
        own.sent_seq = batch[-1][0]
        return True

    def _say(self, message: Message) -> None:
        text = encode(message).decode()
        self._queue.put(Waiting(None, 0, text, len(text)))
        self._ready.set()

    async def _send(self) -> None:
        while True:
            piece = self._piece()
            if not piece:
                self._ready.clear()
                await self._ready.wait()
            elif self._write is not None:
                self._writing = True
                try:
                    await self._write.write_frames(b"".join(frame for _, frame in piece))
                except OSError as error:
                    raise WebSocketDisconnect(1006) from error
                self._writing = False
            else:
                for text, _ in piece:
                    await self._socket.send_text(text)

    def _piece(self) -> list[Sendable]:
        """What goes out next, in order; nothing while nothing waits."""
        piece, size = [], 0
        while size < WRITE_BYTES and (item := self._queue.pop()) is not None:
            found = self._sendable(item)
            if found is not None:
                piece.append(found)
                size += item.size
            if self._write is None and piece:
                break  # without a way for encoded frames each is a wait of its own, and may yet be replaced
        return piece

    def _sendable(self, item: Waiting) -> Sendable | None:
        name, data = item.subscription, item.data
        if name is None or isinstance(data, str):
            return str(data), text_frame(str(data))
        subscription = self._subscriptions.get(name)
        if subscription is None or item.seq <= subscription.floor_seq:
            return None
        previous, subscription.sent_seq = subscription.sent_seq, item.seq
        return self._hub.written.delta(data, name, item.seq, previous, deflated=self._deflated)

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_INTERVAL_S)
            self._say(Ping())

    async def _impatient(self) -> None:
        await asyncio.sleep(SUBSCRIBE_WITHIN_S)
        if not self._subscriptions:
            self._close(TOO_LATE)
        await asyncio.Event().wait()

    async def _receive(self) -> None:
        while True:
            text = await self._socket.receive_text()
            try:
                frame = decode_client_frame(text)
            except WireError as error:
                self._refuse(None, error.reason, str(error))
                continue
            if isinstance(frame, Subscribe):
                await self._subscribe(frame)
            elif isinstance(frame, Unsubscribe):
                self._unsubscribe(frame.id)
            elif frame.type == "ping":
                self._say(Ping(type="pong"))

    def _refuse(self, name: str | None, code: str, message: str) -> None:
        self._bad_frames += 1
        self._say(ErrorFrame(id=name, code=code, message=message))
        if self._bad_frames >= MAX_BAD_FRAMES:
            self._close(BAD_FRAME)

    async def _subscribe(self, request: Subscribe) -> None:
        if request.id in self._subscriptions:
            self._refuse(request.id, "duplicate_id", "a subscription with this id stands: unsubscribe it first")
            return
        if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            self._refuse(request.id, "too_many", f"one connection holds up to {MAX_SUBSCRIPTIONS} subscriptions")
            return
        ring = self._hub.join(self, request.id, request.channel, request.filter)
        subscription = _Subscription(request, ring.seq, ring.seq, ring.seq)
        self._subscriptions[request.id] = subscription
        self._say(Ack(id=request.id, epoch=self._hub.epoch))
        resume = request.resume
        missed = ring.since(resume.last_seq) if resume is not None and resume.epoch == self._hub.epoch else None
        if resume is not None and missed is not None and self._replay(request.id, missed):
            subscription.sent_seq = subscription.floor_seq = resume.last_seq
            subscription.held = None
        else:
            await self._snapshot(request, subscription, reset=resume is not None)

    def _replay(self, name: str, missed: list[tuple[int, Event]]) -> bool:
        """Queue every missed event, none conflated; ``False`` if they are more than a snapshot is worth."""
        frames = [Waiting(name, seq, event, len(event.text)) for seq, event in missed]
        if sum(frame.size for frame in frames) > REPLAY_BYTES:
            return False
        for frame in frames:
            self._queue.put(frame)
        self._ready.set()
        return True

    async def _snapshot(self, request: Subscribe, subscription: _Subscription, *, reset: bool) -> None:
        try:
            data = await self._hub.snapshot(request.channel, request.filter)
        except (GridsealError, TimeoutError) as error:
            self._end(request.id)
            self._say(
                ErrorFrame(
                    id=request.id,
                    code="unavailable",
                    message=str(error) or "no answer in time: try again",
                )
            )
            return
        self._say(Snapshot(id=request.id, seq=subscription.floor_seq, as_at=self._now(), reset=reset, data=data))
        held, subscription.held = subscription.held or [], None
        if held:
            self.push(request.id, held)

    def _unsubscribe(self, name: str) -> None:
        if name not in self._subscriptions:
            self._refuse(name, "unknown_id", "there is no subscription with this id")
            return
        self._end(name)
        self._say(Complete(id=name))

    def _end(self, name: str) -> None:
        subscription = self._subscriptions.pop(name)
        self._hub.leave(self, name, subscription.request.channel, subscription.request.filter)
        self._queue.forget(name)
