"""Admin routes of the gateway: its session, what is in hand, what was set aside, and judging it again."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, Query, Request, Response
from pydantic import Field

from gridseal.access.people import require_role
from gridseal.access.principal import Principal
from gridseal.http.cursors import bad_cursor, decode_cursor, encode_cursor, link_next
from gridseal.runtime.logs import get_logger
from gridseal.wire.fields import Message, UtcTime
from ingestion_gateway.activity import Activity, DeviceSession
from ingestion_gateway.kafka_history import DeadLetter, KafkaHistory
from ingestion_gateway.lanes import DeviceLanes
from ingestion_gateway.mqtt_source import MqttSource
from ingestion_gateway.relay import Relay
from ingestion_gateway.totals import GatewayTotals

log = get_logger(__name__)
Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(description="Opaque: `next_cursor` of the page before.")]


class MqttSession(Message):
    """The gateway's own session at the broker."""

    connected: bool
    connected_since: UtcTime | None
    session_present: bool
    """Whether the broker still knew the session at the last connect."""
    connections: int
    """Since this process started."""
    receive_maximum: int
    unacknowledged: int
    """Messages of this connection without PUBACK."""
    publishes_unconfirmed: int
    """Receipts and other own publishes that the broker has not taken yet."""


class SessionPage(Message):
    """Answer of ``GET /api/v1/gateway/sessions``."""

    gateway: MqttSession
    items: tuple[DeviceSession, ...]
    """Devices heard of since this process started."""
    next_cursor: str | None = None


class InHand(Message):
    """One message between MQTT and its PUBACK."""

    topic: str
    packet_id: int
    age_s: float
    waits_for: Literal["kafka", "lane"]


class InFlight(Message):
    """Answer of ``GET /api/v1/gateway/in-flight``."""

    in_flight: int
    in_lanes: int
    oldest_s: float
    oldest: tuple[InHand, ...]


class DeadLetterPage(Message):
    """Answer of ``GET /api/v1/gateway/dead-letters`` and ``…/quarantine``, newest first."""

    items: tuple[DeadLetter, ...]
    next_cursor: str | None = None


class ReplayRequest(Message):
    """Body of ``POST /api/v1/gateway/dead-letters/replay``."""

    offsets: Annotated[tuple[Annotated[int, Field(strict=True, ge=0)], ...], Field(min_length=1, max_length=500)]


class Replayed(Message):
    """What became of one refused message."""

    offset: int
    outcome: Literal["accepted", "quarantined", "refused", "impossible"]
    reason: str = ""
    """Why not accepted: a reason of the gateway, or ``gone``, ``not_the_gateways``, ``not_kept_whole``."""


class ReplayAnswer(Message):
    """Answer of ``POST /api/v1/gateway/dead-letters/replay``, in the order of the offsets."""

    items: tuple[Replayed, ...]


@dataclass(frozen=True, slots=True)
class AdminParts:
    """What can be looked at."""

    source: MqttSource
    receive_maximum: int
    relay: Relay
    lanes: DeviceLanes
    totals: GatewayTotals
    activity: Activity
    history: KafkaHistory


def install_admin_routes(app: FastAPI, parts: AdminParts) -> None:
    """Add the routes."""
    source, relay, lanes, totals = parts.source, parts.relay, parts.lanes, parts.totals

    @app.get("/api/v1/gateway/sessions", operation_id="list_gateway_sessions", tags=["gateway"])
    async def sessions(request: Request, response: Response, limit: Limit = 100, cursor: Cursor = None) -> SessionPage:
        """The gateway's MQTT session, and the devices it has heard through it."""
        after = _after(cursor)
        found = parts.activity.sessions(lanes.waiting(), after=after, limit=limit + 1)
        items = tuple(session for _, session in found[:limit])
        following = _cursor(found[limit - 1][0], request, response) if len(found) > limit else None
        session = MqttSession(
            connected=source.connected,
            connected_since=datetime.fromtimestamp(source.since, UTC) if source.connected else None,
            session_present=source.session_present,
            connections=source.connections,
            receive_maximum=parts.receive_maximum,
            unacknowledged=relay.unacknowledged,
            publishes_unconfirmed=source.unconfirmed,
        )
        return SessionPage(gateway=session, items=items, next_cursor=following)

    @app.get("/api/v1/gateway/in-flight", operation_id="get_gateway_in_flight", tags=["gateway"])
    async def in_flight(limit: Limit = 50) -> InFlight:
        """What is in hand now, the oldest first."""
        now = time.monotonic()
        oldest = tuple(
            InHand(
                topic=held.received.topic,
                packet_id=held.received.packet_id,
                age_s=round(now - held.taken_at, 3),
                waits_for="kafka" if held.verdicts else "lane",
            )
            for held in totals.in_hand(limit)
        )
        return InFlight(
            in_flight=totals.in_flight, in_lanes=len(lanes), oldest_s=round(totals.oldest_s(), 3), oldest=oldest
        )

    _install_set_aside(app, relay, parts.history)


def _install_set_aside(app: FastAPI, relay: Relay, history: KafkaHistory) -> None:
    Read = Callable[[int, int | None], Awaitable[list[DeadLetter]]]

    async def page(read: Read, request: Request, response: Response, limit: int, cursor: str | None) -> DeadLetterPage:
        items = await read(limit, _before(cursor))
        more = len(items) == limit and items[-1].offset > 0
        following = _cursor(str(items[-1].offset), request, response) if more else None
        return DeadLetterPage(items=tuple(items), next_cursor=following)

    @app.get("/api/v1/gateway/dead-letters", operation_id="list_dead_letters", tags=["gateway"])
    async def dead_letters(
        request: Request, response: Response, limit: Limit = 50, cursor: Cursor = None
    ) -> DeadLetterPage:
        """Refused messages, newest first, whoever refused them."""
        return await page(history.dead_letters, request, response, limit, cursor)

    @app.get("/api/v1/gateway/quarantine", operation_id="list_quarantine", tags=["gateway"])
    async def quarantine(
        request: Request, response: Response, limit: Limit = 50, cursor: Cursor = None
    ) -> DeadLetterPage:
        """Messages of clocks that cannot be right, newest first."""
        return await page(history.quarantined, request, response, limit, cursor)

    @app.post("/api/v1/gateway/dead-letters/replay", operation_id="replay_dead_letters", tags=["gateway"])
    async def replay(
        body: ReplayRequest, person: Annotated[Principal, Depends(require_role("operator"))]
    ) -> ReplayAnswer:
        """Judge refused messages again, as they came, by the rules and the catalog of now.

        What is sound now goes to its topic; what is refused again stays where it is. The message on
        ``dead-letter`` remains: it is the record that it was refused.
        """
        items = []
        for original in await history.originals(body.offsets):
            item = Replayed(offset=original.offset, outcome="impossible", reason=original.obstacle)
            if original.received is not None:
                outcome, reason = await relay.judge_again(original.received)
                item = Replayed(offset=original.offset, outcome=outcome, reason=reason)
            log.info("dead_letter_replayed", by=person.name, offset=item.offset, outcome=item.outcome, why=item.reason)
            items.append(item)
        return ReplayAnswer(items=tuple(items))


def _cursor(place: str, request: Request, response: Response) -> str:
    cursor = encode_cursor([place])
    link_next(request, response, cursor)
    return cursor


def _after(cursor: str | None) -> str:
    return "" if cursor is None else decode_cursor(cursor, 1)[0]


def _before(cursor: str | None) -> int | None:
    place = _after(cursor)
    if cursor is None:
        return None
    if not place.isdigit() or len(place) > 18:
        raise bad_cursor()
    return int(place)
