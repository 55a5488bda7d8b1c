"""A checker that cannot bark proves nothing: each fault is planted, and found by its name."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.builders import BOOT, SERIES, a_clean_run, a_key, a_row
from tests.chaos.checker import Findings, Sent, WindowKey, WindowSum, check
from tests.chaos.evidence import covered, from_journal
from tests.chaos.journal import Journal, read_journal
from tests.chaos.run_files import RunFiles


def only(findings: Findings) -> str:
    assert len(findings.wrong) == 1, findings.wrong
    return next(iter(findings.wrong))


def test_a_clean_run_is_clean() -> None:
    findings = check(a_clean_run())

    assert findings.clean, findings.wrong
    assert (findings.lost, findings.duplicated) == (0, 0)
    assert findings.counts["sent"] == 12


def test_a_receipted_message_that_is_nowhere_is_lost() -> None:
    evidence = a_clean_run()
    evidence.stored = [row for row in evidence.stored if row != a_row(4)]
    evidence.windows = {WindowKey(SERIES, 900, 1_780_876_800): WindowSum(230_000 * 9, 9, 9)}

    findings = check(evidence)

    assert only(findings) == "receipted and nowhere"
    assert findings.examples["receipted and nowhere"] == [str(a_key(4))]
    assert findings.lost == 1


def test_a_message_without_a_receipt_must_arrive_as_well() -> None:
    evidence = a_clean_run()
    evidence.receipted.discard(a_key(10))
    evidence.dead = ["sha-stranger"]

    assert only(check(evidence)) == "sent and nowhere"


def test_a_receipt_without_a_store_is_found() -> None:
    evidence = a_clean_run()
    evidence.sent[a_key(12)] = Sent("good", "sha-12", (a_row(500),))
    evidence.receipted.add(a_key(12))

    assert only(check(evidence)) == "receipted and nowhere"


def test_a_receipt_for_what_was_never_sent_is_found() -> None:
    evidence = a_clean_run()
    evidence.receipted.add(a_key(77))

    assert "receipt without a message" in check(evidence).wrong


def test_a_key_that_is_stored_twice_is_a_duplicate() -> None:
    evidence = a_clean_run()
    evidence.stored = [*evidence.stored, a_row(3)]

    findings = check(evidence)

    assert only(findings) == "stored twice"
    assert findings.duplicated == 1


def test_one_changed_bit_of_a_value_is_found() -> None:
    evidence = a_clean_run()
    evidence.stored = [a_row(3, milli=230_001) if row == a_row(3) else row for row in evidence.stored]

    assert {"changed", "receipted and nowhere"} <= check(evidence).wrong.keys()


def test_one_changed_byte_of_a_payload_is_found() -> None:
    evidence = a_clean_run()
    evidence.dead = ["sha-poisoN", "sha-stranger"]

    assert {"bytes on dead-letter that nobody sent", "receipted and nowhere"} == check(evidence).wrong.keys()


def test_an_invented_row_is_found() -> None:
    evidence = a_clean_run()
    evidence.stored = [*evidence.stored, a_row(0, device_id="load-99")]

    assert only(check(evidence)) == "invented"


def test_a_message_with_two_outcomes_is_found() -> None:
    evidence = a_clean_run()
    evidence.dead = [*evidence.dead, "sha-3"]

    assert {"two outcomes", "good and not stored"} == check(evidence).wrong.keys()


def test_a_good_message_that_was_refused_is_found_although_it_is_accounted_for() -> None:
    evidence = a_clean_run()
    evidence.stored = evidence.stored[1:]
    evidence.windows = {WindowKey(SERIES, 900, 1_780_876_800): WindowSum(230_000 * 9, 9, 9)}
    evidence.quarantined = ["sha-0"]

    assert only(check(evidence)) == "good and not stored"


def test_half_a_message_is_found() -> None:
    evidence = a_clean_run()
    whole = evidence.sent[a_key(2)]
    evidence.sent[a_key(2)] = replace(whole, rows=(*whole.rows, a_row(700)))

    assert "stored in part" in check(evidence).wrong


@pytest.mark.parametrize("total", [WindowSum(230_000 * 11, 11, 11), WindowSum(230_000 * 10 - 1, 10, 10)])
def test_a_window_that_is_not_the_sum_of_its_readings_is_found(total: WindowSum) -> None:
    evidence = a_clean_run()
    evidence.windows = {WindowKey(SERIES, 900, 1_780_876_800): total}

    assert only(check(evidence)) == "windows that are not the sum of their readings"


def test_a_window_of_no_readings_is_found() -> None:
    evidence = a_clean_run()
    evidence.windows = {**evidence.windows, WindowKey(SERIES, 900, 0): WindowSum(1, 1, 1)}

    assert only(check(evidence)) == "windows that are not the sum of their readings"


def test_a_stranger_that_never_arrived_is_found() -> None:
    evidence = a_clean_run()
    evidence.dead = ["sha-poison"]

    assert only(check(evidence)) == "strangers nowhere"


def test_repeats_on_kafka_are_counted_and_are_no_fault() -> None:
    evidence = a_clean_run()
    evidence.logged = [*evidence.logged, "sha-1", "sha-1"]

    findings = check(evidence)

    assert findings.clean
    assert findings.counts["repeated on Kafka"] == 2


def made(journal: Journal, seq: int, sha: str) -> None:
    reading = ["voltage", "V", 1_780_876_800_000 + seq * 1_000, 1_000, 230.0]
    journal.write(
        "made", device="load-00", boot=BOOT, seq=seq, k=seq, share="good", what="", sha=sha, readings=[reading]
    )


def test_the_last_line_of_a_number_counts_and_a_torn_line_does_not(tmp_path: Path) -> None:
    files = RunFiles(tmp_path)
    journal = Journal(files.sent)
    made(journal, 0, "before the kill")
    journal.close()
    with files.sent.open("ab") as torn:
        torn.write(b'{"kind":"made","device":"lo')
    journal = Journal(files.sent)
    made(journal, 0, "after it")

    evidence = from_journal(files)

    assert evidence.sent == {a_key(0): Sent("good", "after it", (a_row(0),))}
    assert len(list(read_journal(files.sent))) == 2


def test_receipts_are_read_as_the_numbers_they_cover(tmp_path: Path) -> None:
    files = RunFiles(tmp_path)
    line = {"device": "load-00", "boot": BOOT, "through": 2, "ranges": [[5, 6]], "refused": [[8, "unit"]]}
    Journal(files.receipts).write("receipt", **line)

    evidence = from_journal(files)

    assert sorted(key.seq for key in evidence.receipted) == [0, 1, 2, 5, 6, 8]
    assert evidence.refused_by_receipt == {a_key(8): "unit"}


def test_cumulative_receipts_are_read_once() -> None:
    assert list(covered({(0, -1), (0, 2), (0, 4), (3, 6), (9, 9)})) == [0, 1, 2, 3, 4, 5, 6, 9]


def test_findings_travel_as_json() -> None:
    evidence = a_clean_run()
    evidence.stored = [*evidence.stored, a_row(3)]

    record = json.loads(json.dumps(check(evidence).as_record()))

    assert record["clean"] is False
    assert record["wrong"] == {"stored twice": 1}
