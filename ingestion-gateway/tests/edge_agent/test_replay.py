"""Every due reading is sent once, oldest first, whatever happens on the way."""

import random
from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.app import StatusPage, create_app
from edge_agent.datasets.tracks import Channel, make_track
from edge_agent.packing import encode_message, traceparent_of
from edge_agent.schedule import LEAD_MS
from gridseal.runtime.metrics import new_registry
from gridseal.wire.telemetry import MAX_MESSAGE_BYTES, Telemetry

from .builders import ORIGIN_S, Agent, a_receipt, a_track, an_agent

Key = tuple[str, str, int]


def readings_of(messages: list[Telemetry]) -> list[Key]:
    return [(m.device_id, r.quantity, r.period_start_ms) for m in messages for r in m.readings]


def due_of(agent: Agent, tracks: list) -> set[Key]:  # type: ignore[type-arg]
    now_ms = int(agent.clock.now().timestamp() * 1_000)
    return {
        (track.device_id, channel.quantity, int(start) * 1_000)
        for track in tracks
        for number, channel in enumerate(track.channels)
        for start, value in zip(track.starts_s, track.values[:, number], strict=True)
        if (int(start) + track.period_s) * 1_000 <= now_ms and not np.isnan(value)
    }


def test_what_is_due_is_sent_and_nothing_else(tmp_path: Path) -> None:
    tracks = [a_track("meter-1"), a_track("meter-2", hours=90, period_s=600, first_s=ORIGIN_S - 3_600)]
    agent = an_agent(tmp_path / "q.db", tracks)
    agent.connect()
    agent.drain()

    sent = readings_of(agent.link.messages())
    assert len(sent) == len(set(sent))
    assert set(sent) == due_of(agent, tracks)
    assert len(agent.link.published) == 2


def test_a_reading_is_sent_when_its_period_is_over_in_one_message_per_device(tmp_path: Path) -> None:
    agent = an_agent(tmp_path / "q.db", [a_track("meter-1"), a_track("meter-2")])
    agent.connect()
    agent.drain()
    before = len(agent.link.published)

    agent.clock.forward(minutes=59, seconds=59)
    agent.drain()
    assert len(agent.link.published) == before
    agent.clock.forward(seconds=1)
    agent.drain()

    new = agent.link.messages()[before:]
    assert sorted(m.device_id for m in new) == ["meter-1", "meter-2"]
    assert all(len(m.readings) == 1 and m.readings[0].period_start_ms == ORIGIN_S * 1_000 for m in new)


def test_all_quantities_of_a_period_travel_together_and_a_gap_stays_a_gap(tmp_path: Path) -> None:
    starts = ORIGIN_S - 7_200 + 600 * np.arange(4, dtype=np.int64)
    columns = {
        Channel("active_power", "kW"): np.array([1.5, np.nan, np.nan, 2.5]),
        Channel("wind_speed", "m/s"): np.array([3.0, np.nan, 4.0, -5.0]),
    }
    agent = an_agent(tmp_path / "q.db", [make_track("turbine", 600, columns, starts)])
    agent.connect()
    agent.drain()

    (message,) = agent.link.messages()
    got = [(r.quantity, r.period_start_ms // 1_000 - int(starts[0]), r.value) for r in message.readings]
    assert got == [
        ("active_power", 0, 1.5),
        ("wind_speed", 0, 3.0),
        ("wind_speed", 1_200, 4.0),
        ("active_power", 1_800, 2.5),
        ("wind_speed", 1_800, -5.0),
    ]


def test_a_duplicate_of_the_source_is_sent_as_it_is(tmp_path: Path) -> None:
    starts = np.array([0, 3_600, 3_600, 7_200], dtype=np.int64) + ORIGIN_S - 86_400
    track = make_track("meter-1", 3_600, {Channel("active_energy_import", "kW.h"): np.array([1, 2, 3, 4])}, starts)
    agent = an_agent(tmp_path / "q.db", [track], max_readings=2)
    agent.connect()
    agent.drain()

    assert [r.value for m in agent.link.messages() for r in m.readings] == [1, 2, 3, 4]


def test_history_goes_back_as_far_as_asked(tmp_path: Path) -> None:
    agent = an_agent(tmp_path / "q.db", [a_track(hours=100 * 24, first_s=ORIGIN_S - 90 * 86_400)], days=10)
    agent.connect()
    agent.drain()

    first = agent.link.messages()[0].readings[0]
    assert first.period_start_ms == (ORIGIN_S - 10 * 86_400) * 1_000


def test_devices_go_through_history_side_by_side(tmp_path: Path) -> None:
    tracks = [
        a_track("slow", hours=30 * 144, period_s=600, first_s=ORIGIN_S - 30 * 86_400),
        a_track("quick", hours=30 * 24, first_s=ORIGIN_S - 30 * 86_400),
    ]
    agent = an_agent(tmp_path / "q.db", tracks, window_total=2)
    agent.connect()
    heads = {"slow": 0, "quick": 0}
    done = 0
    while agent.replay.step() or done < len(agent.link.published):
        for message in agent.link.messages()[done:]:
            heads[message.device_id] = message.readings[-1].period_start_ms
            if min(heads.values()):
                # One lead, and the span of the message that used it up.
                assert abs(heads["slow"] - heads["quick"]) <= 2 * LEAD_MS
            agent.receipt(message)
            done += 1

    assert set(readings_of(agent.link.messages())) == due_of(agent, tracks)


def test_the_queue_is_bounded_and_a_receipt_makes_room(tmp_path: Path) -> None:
    agent = an_agent(
        tmp_path / "q.db", [a_track(hours=700, first_s=ORIGIN_S - 29 * 86_400)], queue_max=3, max_readings=10
    )
    agent.connect()
    agent.drain()

    assert agent.dispatcher.depth == 3
    agent.receipt(agent.link.messages()[0])
    agent.drain()
    assert agent.dispatcher.depth == 3
    assert len(agent.link.published) == 4


def test_a_restart_goes_on_where_the_cursor_stands(tmp_path: Path) -> None:
    tracks = [a_track("meter-1"), a_track("meter-2")]
    first = an_agent(tmp_path / "q.db", tracks)
    first.connect()
    first.drain()
    first.receipt(first.link.messages()[0])
    first.queue.close()

    second = an_agent(tmp_path / "q.db", tracks)
    second.clock.forward(hours=2)
    second.connect()
    second.drain()

    sent = readings_of([first.link.messages()[0], *second.link.messages()])
    assert len(sent) == len(set(sent))
    assert set(sent) == due_of(second, tracks)


def test_a_message_sent_again_has_the_same_bytes_and_trace(tmp_path: Path) -> None:
    agent = an_agent(tmp_path / "q.db", [a_track()])
    agent.connect()
    agent.drain()
    agent.dispatcher.on_acknowledged("meter-1", 1, reason=0, text="Success")

    agent.connect()

    (_, _, payload, trace), (_, _, payload_again, trace_again) = agent.link.published
    assert (payload, trace) == (payload_again, trace_again)


def test_a_receipt_that_is_broken_or_for_another_device_is_counted_and_takes_nothing(tmp_path: Path) -> None:
    agent = an_agent(tmp_path / "q.db", [a_track("meter-1"), a_track("meter-2")])
    agent.connect()
    agent.drain()
    message = agent.link.messages()[0]

    for payload in (b"", b"{}", b"\xff", a_receipt(message).replace(b"ranges", b"rangez")):
        assert not agent.dispatcher.collect(message.device_id, payload)
    other = "meter-2" if message.device_id == "meter-1" else "meter-1"
    assert not agent.dispatcher.collect(other, a_receipt(message))

    assert agent.dispatcher.refused_receipts == 5
    assert agent.dispatcher.depth == 2


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_every_reading_arrives_under_any_order_of_faults(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Lost messages, lost receipts, receipts twice, refusals, disconnects, restarts of the agent."""
    chance = random.Random(seed)
    path = tmp_path_factory.mktemp("fuzz") / "q.db"
    tracks = [a_track("meter-1", hours=60), a_track("meter-2", hours=400, period_s=600, first_s=ORIGIN_S - 86_400)]
    agent = an_agent(path, tracks, max_readings=9, window=3, lane_max=5)
    arrived: set[Key] = set()
    refused: set[Key] = set()
    seen = 0
    for turn in range(400):
        if turn % 20 == 0:
            agent.connect()
            agent.clock.forward(hours=1)
        agent.drain()
        fresh = agent.link.messages()[seen:]
        seen = len(agent.link.published)
        for number, message in enumerate(fresh, start=seen - len(fresh) + 1):
            agent.dispatcher.on_acknowledged(message.device_id, number, reason=0, text="Success")
            event = chance.random() if turn < 300 else 0.0
            reason = "malformed" if 0.9 < event < 0.95 else ""
            if event > 0.95:
                continue
            (refused if reason else arrived).update(readings_of([message]))
            if event < 0.6 or reason:
                agent.receipt(message, reason)
            if event < 0.1:
                agent.receipt(message)
        if chance.random() < 0.03:
            agent.queue.close()
            moment = agent.clock.moment
            agent = an_agent(path, tracks, max_readings=9, window=3, lane_max=5)
            agent.clock.moment, seen = moment, 0
            agent.connect()
        if turn >= 300 and agent.dispatcher.depth and not agent.link.messages()[seen:]:
            agent.connect()

    assert arrived | refused == due_of(agent, tracks)
    assert agent.dispatcher.depth == 0
    tallies = agent.queue.tallies.values()
    assert sum(t.messages_delivered + t.messages_refused for t in tallies) == sum(t.messages_enqueued for t in tallies)


def test_a_full_message_stays_within_the_limits_of_the_contract(tmp_path: Path) -> None:
    starts = ORIGIN_S - 86_400 * 29 + 600 * np.arange(4_000, dtype=np.int64)
    columns = {
        Channel("active_power", "kW"): np.full(4_000, -1234567.123456),
        Channel("wind_speed", "m/s"): np.pi * np.ones(4_000),
    }
    agent = an_agent(tmp_path / "q.db", [make_track("d" * 63, 600, columns, starts)], max_readings=1_000)
    agent.connect()
    agent.drain()

    assert max(len(m.readings) for m in agent.link.messages()) == 1_000
    assert max(len(payload) for _, _, payload, _ in agent.link.published) < MAX_MESSAGE_BYTES


def test_a_trace_belongs_to_one_message() -> None:
    assert traceparent_of("a", "b", 1) == traceparent_of("a", "b", 1)
    assert len({traceparent_of("a", "b", n) for n in range(100)}) == 100
    assert len(traceparent_of("a", "b", 1)) == 55
    assert encode_message("a", "b", 1, 2, []).startswith(b'{"schema":"telemetry/1"')


async def test_the_status_page_tells_totals_and_state(tmp_path: Path) -> None:
    agent = an_agent(tmp_path / "q.db", [a_track("meter-1"), a_track("meter-2")])
    page = StatusPage(
        clock=agent.clock, queue=agent.queue, dispatcher=agent.dispatcher, replay=agent.replay, progress=agent.progress
    )
    agent.connect()
    agent.drain()
    first, second = agent.link.messages()
    agent.receipt(first)
    agent.receipt(second, "unknown_device")
    agent.progress.look(agent.dispatcher.oldest_age_s())

    transport = httpx.ASGITransport(create_app(page, agent.dispatcher, new_registry()))
    async with httpx.AsyncClient(transport=transport, base_url="http://agent") as client:
        status = (await client.get("/status")).json()
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.get("/readyz")).status_code == 200
        assert (await client.get("/metrics")).status_code == 200

    totals = status["totals"]
    assert status["caught_up"] is True
    assert status["backfill"]["done"] is True
    assert status["domain_now"] == "2026-06-01T00:00:00Z"
    assert (totals["messages_enqueued"], totals["messages_sent"], totals["messages_receipted"]) == (2, 2, 2)
    assert (totals["messages_delivered"], totals["messages_refused"], totals["queue_depth"]) == (1, 1, 0)
    assert totals["refused_by_reason"] == {"unknown_device": 1}
    assert status["devices"]["meter-1"]["sent_until"] == "2026-05-31T23:00:00Z"
