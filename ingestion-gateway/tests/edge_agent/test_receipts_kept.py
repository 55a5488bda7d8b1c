"""Whose word counts, what is kept of it, and what happens while nothing can be written."""

import json
import sqlite3
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from edge_agent.queue import DiskFullError, Draft, DurableQueue
from edge_agent.settling import covers
from edge_agent.signatures import PayloadSigner
from gridseal.cli.receipts import verify_receipts
from gridseal.identity.ed25519 import SigningKey, public_pem
from gridseal.identity.private_file import write_private
from gridseal.wire.codec import decode, encode
from gridseal.wire.receipts import Receipt, RefusedSeq
from gridseal.wire.signing import verified
from gridseal.wire.telemetry import Telemetry

from .builders import GATEWAY, Agent, a_track, an_agent, signed_receipt

LIFE = "0123456789abcdef"


def a_queue(path: Path, **changes: Any) -> DurableQueue:
    queue = DurableQueue(path / "queue.db", machine_boot="boot-1", **changes)
    queue.register(["meter-1"])
    return queue


def a_draft(readings: int = 3) -> Draft:
    def encode_message(boot_id: str, seq: int) -> bytes:
        return json.dumps({"device_id": "meter-1", "boot_id": boot_id, "seq": seq, "sent_at_ms": 1}).encode()

    return Draft("meter-1", 1_000, readings, encode_message)


def a_receipt(boot_id: str = LIFE, through: int = -1, *ranges: tuple[int, int], **refused: str) -> Receipt:
    words = tuple(RefusedSeq(seq=int(seq[1:]), reason=reason) for seq, reason in refused.items())
    return Receipt(
        device_id="meter-1",
        boot_id=boot_id,
        through=through,
        ranges=ranges,
        refused=words,
        issued_at_ms=1,
        key_id=GATEWAY.key_id,
    )


def a_sending_agent(path: Path) -> Agent:
    agent = an_agent(path / "queue.db", [a_track()])
    agent.connect()
    agent.drain()
    assert agent.link.published
    return agent


def hear(agent: Agent, content: bytes) -> None:
    agent.dispatcher.collect("meter-1", content)
    agent.dispatcher.settle()


def test_a_receipt_of_another_key_takes_nothing_and_is_counted(tmp_path: Path) -> None:
    agent = a_sending_agent(tmp_path)
    message = agent.link.messages()[0]
    receipt = a_receipt(message.boot_id, message.seq)
    good = signed_receipt(receipt)

    hear(agent, signed_receipt(receipt, SigningKey.new()))
    hear(agent, good.replace(b'"through":0', b'"through":5'))
    hear(agent, encode(receipt))
    assert len(agent.queue.backlog()) == agent.queue.tallies["meter-1"].messages_enqueued
    assert agent.dispatcher.refused_receipts == 3

    hear(agent, good)
    assert agent.queue.tallies["meter-1"].messages_delivered == 1


def test_through_covers_everything_up_to_it_but_what_is_refused_is_not_delivered(tmp_path: Path) -> None:
    queue = a_queue(tmp_path)
    queue.append([a_draft() for _ in range(6)])
    boot_id = queue.tallies["meter-1"].boot_id

    (settled,) = queue.settle([a_receipt(boot_id, 3, (5, 5), s2="wrong_unit")])

    assert [message.seq for message in queue.backlog()] == [4]
    assert (len(settled.delivered), settled.reasons) == (4, ("wrong_unit",))
    assert queue.refused_by_reason() == {"wrong_unit": 1}


def test_receipts_that_settled_something_are_kept_as_few_as_prove_it_all(tmp_path: Path) -> None:
    queue = a_queue(tmp_path)
    queue.append([a_draft() for _ in range(10)])
    boot_id = queue.tallies["meter-1"].boot_id
    first, refusing = a_receipt(boot_id, 1), a_receipt(boot_id, 3, s3="malformed")
    lagging, last = a_receipt(boot_id, -1, (7, 7)), a_receipt(boot_id, 7)

    for receipt in (first, refusing, lagging, last, a_receipt(boot_id, 5)):
        queue.settle([receipt])

    assert [decode(Receipt, proof) for proof in queue.proofs("meter-1", boot_id)] == [refusing, last]
    assert a_queue(tmp_path).proofs("meter-1", boot_id) == queue.proofs("meter-1", boot_id)


def test_the_receipts_kept_verify_with_nothing_but_the_public_key(tmp_path: Path) -> None:
    agent = a_sending_agent(tmp_path)
    for message in agent.link.messages():
        agent.receipt(message)
    proofs, keys = tmp_path / "proofs.json", tmp_path / "keys.pem"
    proofs.write_text(edge_agent(tmp_path, "proofs").stdout)
    keys.write_bytes(public_pem(GATEWAY.public))

    shown = StringIO()
    assert verify_receipts(proofs, keys, None, Console(file=shown, width=200)) == 0
    assert f"of meter-1, boot {agent.queue.tallies['meter-1'].boot_id}" in shown.getvalue()
    keys.write_bytes(public_pem(SigningKey.new().public))
    assert verify_receipts(proofs, keys, None, Console(file=shown)) == 1
    assert verify_receipts(proofs, None, None, Console(file=shown)) == 2
    proofs.write_text(proofs.read_text().replace('"issued_at_ms": 1', '"issued_at_ms": 2'))
    keys.write_bytes(public_pem(GATEWAY.public))
    assert verify_receipts(proofs, keys, None, Console(file=shown)) == 1


ranges = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), max_size=5)


@given(st.integers(-1, 10), ranges, st.integers(-1, 10), ranges)
def test_a_receipt_covers_another_exactly_when_it_names_all_its_numbers(
    through: int, spans: list[tuple[int, int]], other_through: int, other_spans: list[tuple[int, int]]
) -> None:
    def numbers(top: int, parts: list[tuple[int, int]]) -> set[int]:
        return set(range(top + 1)) | {n for first, length in parts for n in range(first, first + length + 1)}

    def receipt(top: int, parts: list[tuple[int, int]]) -> Receipt:
        left = sorted(numbers(top, parts) - set(range(top + 1)))
        starts = [n for n in left if n - 1 not in left]
        return a_receipt(LIFE, top, *((n, next(m for m in range(n, 99) if m + 1 not in left)) for n in starts))

    mine, other = numbers(through, spans), numbers(other_through, other_spans)
    if covers(receipt(through, spans), receipt(other_through, other_spans)):
        assert other <= mine
    elif through + 1 not in mine:
        # Touching ranges are one at the gateway; only then is the answer exact.
        assert not other <= mine


def test_the_queue_counts_as_full_by_bytes_as_well(tmp_path: Path) -> None:
    queue = a_queue(tmp_path, max_bytes=200)
    queue.append([a_draft()])
    assert queue.has_room
    queue.append([a_draft(), a_draft()])
    assert not queue.has_room
    size = queue.bytes

    assert a_queue(tmp_path, max_bytes=200).bytes == size
    queue.settle([a_receipt(queue.tallies["meter-1"].boot_id, 2)])
    assert (queue.bytes, queue.has_room) == (0, True)


def fill_disk(queue: DurableQueue) -> None:
    """SQLite then behaves as it does on a full disk: SQLITE_FULL, nothing changed."""
    pages = queue._db.execute("PRAGMA page_count").fetchone()[0]
    queue._db.execute(f"PRAGMA max_page_count = {pages}")


def free_disk(queue: DurableQueue) -> None:
    queue._db.execute("PRAGMA max_page_count = 1000000")


def append_until_refused(queue: DurableQueue) -> None:
    while True:
        queue.append([a_draft() for _ in range(50)])


def test_a_full_disk_is_named_and_changes_nothing(tmp_path: Path) -> None:
    queue = a_queue(tmp_path)
    fill_disk(queue)
    with pytest.raises(DiskFullError, match="disk is full; no reading is taken"):
        append_until_refused(queue)
    made = len(queue.backlog())

    free_disk(queue)

    assert queue.append([a_draft()])[0].seq == made


def test_while_the_disk_is_full_no_reading_is_taken_and_afterwards_none_is_missing(tmp_path: Path) -> None:
    agent = an_agent(tmp_path / "queue.db", [a_track(hours=2_000)], lane_max=10_000, max_readings=1)
    agent.connect()
    fill_disk(agent.queue)
    agent.clock.forward(days=80)
    agent.drain()
    assert agent.dispatcher.disk_full
    held = agent.queue.tallies["meter-1"].messages_enqueued
    for message in agent.link.messages():
        agent.receipt(message)

    free_disk(agent.queue)
    while agent.queue.tallies["meter-1"].messages_enqueued < 1_900:
        agent.drain()
        for message in agent.link.messages()[-20:]:
            agent.receipt(message)

    assert not agent.dispatcher.disk_full
    assert held < 1_900
    starts = [reading.period_start_ms for message in agent.link.messages() for reading in message.readings]
    assert len(starts) == len(set(starts))
    assert sorted(starts) == list(range(starts[0], starts[0] + 3_600_000 * len(starts), 3_600_000))


def test_refused_messages_are_sent_again_under_new_numbers_when_asked(tmp_path: Path) -> None:
    agent = a_sending_agent(tmp_path)
    refused, other = agent.link.messages()[0], agent.link.messages()[-1]
    agent.receipt(refused, "unknown_device")
    if other is not refused:
        agent.receipt(other, "malformed")

    listed = edge_agent(tmp_path, "refused", "list", "--json")
    asked = edge_agent(tmp_path, "refused", "resend", "--reason", "unknown_device")
    assert json.loads(listed.stdout)[0]["reason"] == "unknown_device"
    assert asked.stdout.startswith("1 messages will be sent again")
    before = len(agent.link.messages())
    agent.dispatcher.add(agent.queue.resend())
    agent.dispatcher.pump()

    again = agent.link.messages()[before:]
    assert [message.readings for message in again] == [refused.readings]
    assert again[0].seq > refused.seq
    assert "unknown_device" not in agent.queue.refused_by_reason()
    assert agent.queue.resend() == []


def test_a_queue_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = edge_agent(tmp_path, "refused", "list")

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "EDGE_AGENT_QUEUE_PATH" in done.stderr


def edge_agent(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge_agent", *arguments],
        env={"EDGE_AGENT_QUEUE_PATH": str(folder / "queue.db"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_device_with_a_key_signs_what_it_says_once_and_for_all(tmp_path: Path) -> None:
    key = SigningKey.new()
    (tmp_path / "devices").mkdir()
    signer = PayloadSigner(tmp_path, ["meter-1", "meter-2"])
    agent = a_sending_agent(tmp_path / "agent")
    plain = agent.link.published[0][2]
    assert signer.signed("meter-1", plain) == plain
    write_private(tmp_path / "devices" / "meter-1.sign.key", key.private_pem())

    payload = signer.signed("meter-1", plain)

    assert payload.startswith(plain[:-1])
    assert verified(json.loads(payload), key.public)
    assert not verified(json.loads(payload.replace(b'"good"', b'"bad"')), key.public)
    assert decode(Telemetry, payload).readings == decode(Telemetry, plain).readings
    assert signer.signed("meter-2", plain) == plain
    assert public_pem(key.public).startswith(b"-----BEGIN PUBLIC KEY")
    with sqlite3.connect(tmp_path / "agent" / "queue.db") as database:
        assert database.execute("SELECT count(*) FROM message").fetchone()[0] > 0
    database.close()
