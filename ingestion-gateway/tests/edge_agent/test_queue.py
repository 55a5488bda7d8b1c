"""What the queue promises: nothing committed is lost, nothing is sent twice under two names."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from edge_agent.queue import Draft, DurableQueue
from gridseal.errors import UnavailableError
from gridseal.wire.receipts import Receipt, RefusedSeq


def a_queue(path: Path, machine_boot: str = "boot-1", refused_keep_bytes: int = 2**20) -> DurableQueue:
    queue = DurableQueue(path / "queue.db", machine_boot=machine_boot, refused_keep_bytes=refused_keep_bytes)
    queue.register(["meter-1", "meter-2"])
    return queue


def a_draft(cursor_ms: int = 1_000, device_id: str = "meter-1", readings: int = 3) -> Draft:
    return Draft(device_id, cursor_ms, readings, lambda boot_id, seq: f"{boot_id} {seq}".encode())


def a_receipt(queue: DurableQueue, *ranges: tuple[int, int], refused: dict[int, str] | None = None) -> Receipt:
    words = tuple(RefusedSeq(seq=seq, reason=reason) for seq, reason in (refused or {}).items())
    boot_id = queue.tallies["meter-1"].boot_id
    return Receipt(device_id="meter-1", boot_id=boot_id, ranges=ranges, refused=words, issued_at_ms=0)


def test_a_message_and_its_cursor_are_there_after_a_restart(tmp_path: Path) -> None:
    queue = a_queue(tmp_path)
    first, second = queue.append([a_draft(1_000), a_draft(2_000)])
    queue.close()

    again = a_queue(tmp_path)

    assert [message.seq for message in again.backlog()] == [0, 1]
    assert again.payload(first.id) == f"{first.boot_id} 0".encode()
    assert again.tallies["meter-1"].cursor_ms == 2_000
    assert again.tallies["meter-1"].boot_id == second.boot_id
    assert again.append([a_draft(3_000)])[0].seq == 2


def test_a_message_leaves_only_when_a_receipt_covers_it(tmp_path: Path) -> None:
    queue = a_queue(tmp_path)
    queue.append([a_draft(n) for n in range(5)])

    (settled,) = queue.settle([a_receipt(queue, (0, 1), (3, 3))])

    assert [message.seq for message in queue.backlog()] == [2, 4]
    assert (len(settled.delivered), settled.readings_delivered) == (3, 9)
    assert queue.tallies["meter-1"].messages_delivered == 3


def test_a_receipt_of_another_life_or_device_takes_nothing(tmp_path: Path) -> None:
    queue = a_queue(tmp_path)
    queue.append([a_draft(), a_draft(device_id="meter-2")])
    stranger = Receipt(device_id="meter-1", boot_id="0" * 16, ranges=((0, 100),), issued_at_ms=0)

    queue.settle([stranger, a_receipt(queue, (0, 100))])

    assert [message.device_id for message in queue.backlog()] == ["meter-2"]


def test_a_refused_message_is_counted_and_kept_with_its_reason(tmp_path: Path) -> None:
    queue = a_queue(tmp_path)
    (message,) = queue.append([a_draft()])

    queue.settle([a_receipt(queue, (0, 0), refused={0: "wrong_unit"})])

    assert queue.backlog() == []
    assert queue.refused_by_reason() == {"wrong_unit": 1}
    assert (queue.tallies["meter-1"].messages_refused, queue.tallies["meter-1"].messages_delivered) == (1, 0)
    with sqlite3.connect(queue.path) as database:
        assert database.execute("SELECT payload FROM refused").fetchone()[0] == f"{message.boot_id} 0".encode()
    database.close()


def test_refused_payloads_stop_at_their_limit_and_their_reasons_do_not(tmp_path: Path) -> None:
    queue = a_queue(tmp_path, refused_keep_bytes=20)
    queue.append([a_draft(), a_draft()])

    queue.settle([a_receipt(queue, refused={0: "malformed", 1: "malformed"})])

    assert queue.refused_by_reason() == {"malformed": 2}


def test_a_period_without_a_reading_moves_the_cursor_and_makes_no_message(tmp_path: Path) -> None:
    queue = a_queue(tmp_path)

    assert queue.append([a_draft(7_000, readings=0)]) == []

    assert a_queue(tmp_path).tallies["meter-1"].cursor_ms == 7_000
    assert queue.tallies["meter-1"].next_seq == 0


def test_a_failed_transaction_changes_nothing(tmp_path: Path) -> None:
    queue = a_queue(tmp_path)

    def broken(boot_id: str, seq: int) -> bytes:
        raise ValueError("cannot be encoded")

    with pytest.raises(ValueError):
        queue.append([a_draft(1_000), Draft("meter-1", 2_000, 1, broken)])

    assert queue.backlog() == []
    assert queue.tallies["meter-1"].next_seq == 0
    assert a_queue(tmp_path).tallies["meter-1"].cursor_ms is None


def test_a_reboot_of_the_machine_starts_a_new_life_and_keeps_what_waits(tmp_path: Path) -> None:
    """Without a flush per commit, loss of power may take back numbers that were already used."""
    queue = a_queue(tmp_path)
    (old,) = queue.append([a_draft()])
    queue.close()

    again = a_queue(tmp_path, machine_boot="boot-2")
    (new,) = again.append([a_draft(2_000)])

    assert new.boot_id != old.boot_id
    assert new.seq == 0
    assert [message.boot_id for message in again.backlog()] == [old.boot_id, new.boot_id]


def test_the_history_begins_where_the_first_start_said(tmp_path: Path) -> None:
    assert a_queue(tmp_path).history_from_ms(5_000) == 5_000
    assert a_queue(tmp_path).history_from_ms(9_000) == 5_000


def test_a_queue_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="EDGE_AGENT_QUEUE_PATH"):
        DurableQueue(tmp_path / "file" / "queue.db")


WRITER = """
import sys
from pathlib import Path
from edge_agent.queue import Draft, DurableQueue
queue = DurableQueue(Path(sys.argv[1]), machine_boot="boot-1")
queue.register(["meter-1"])
n = (queue.tallies["meter-1"].cursor_ms or 0) + 1
while True:
    drafts = [Draft("meter-1", n + i, 1, lambda b, s, at=n + i: str(at).encode()) for i in range(7)]
    queue.append(drafts)
    n += 7
    print(n - 1, flush=True)
"""


def test_a_killed_writer_neither_skips_nor_repeats(tmp_path: Path) -> None:
    path = tmp_path / "queue.db"
    said = 0
    for _ in range(4):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        with writer.stdout:
            for _ in range(25):
                said = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
        writer.wait()

    queue = DurableQueue(path, machine_boot="boot-1")
    queue.register(["meter-1"])
    made = [int(queue.payload(message.id) or b"0") for message in queue.backlog()]

    assert made == list(range(1, len(made) + 1))
    assert len(made) == queue.tallies["meter-1"].cursor_ms
    assert len(made) >= said
    assert [message.seq for message in queue.backlog()] == list(range(len(made)))
    assert len({message.boot_id for message in queue.backlog()}) == 1
