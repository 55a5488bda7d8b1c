"""Clocks that go back: a later message of the same boot speaks of an earlier period.

Only the stream sees this: stored readings no longer say in which boot and order they were sent.
"""

import hashlib
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streaming_processor.arrays import Ints
from streaming_processor.arrived import Arrived
from streaming_processor.quality.apply import Finding, findings
from streaming_processor.quality.checks import time_back
from streaming_processor.quality.rules import RuleSet
from streaming_processor.quality.sequence import Tail
from streaming_processor.transforms.windows import Rows

_LOW_BITS: Final = 2**62 - 1


def clocks_back(
    arrived: Arrived, position: Ints, rows: Rows, tails: dict[int, Tail], rules: RuleSet
) -> tuple[list[Finding], dict[int, Tail]]:
    """Findings, and where each source stands: ``(boot, seq, start)`` under the key ``-1 - source``.

    Args:
        arrived: The batch.
        position: Of each row in it.
        rows: Distinct accepted readings.
        tails: Where each source stood before.
        rules: The table.
    """
    rule = rules.name_of("time_back")
    if rule is None or arrived.message_boot is None or arrived.message_seq is None or not len(rows):
        return [], {}
    message = arrived.message[position]
    boot, seq = _boots(arrived.message_boot)[message], arrived.message_seq[message]
    sources = np.unique(rows.source)
    before = [(s, tails[-1 - s]) for s in sources.tolist() if -1 - s in tails]
    old = np.array([(s, *tail) for s, tail in before], np.int64).reshape(-1, 4)
    keys = np.column_stack((np.append(old[:, 0], rows.source), np.append(old[:, 1], boot)))
    # A boot that was seen before keeps its number, so what it said counts.
    group = np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)
    found = time_back(group, np.append(old[:, 2], seq), np.append(old[:, 3], rows.start_s)) - len(old)
    found = found[found >= 0]
    return findings(rule, found, rows.take(found)), _moved(rows, boot, seq, message, tails)


def _boots(names: pa.StringArray) -> Ints:
    coded = pc.dictionary_encode(names)
    digests = (hashlib.blake2b(str(name).encode(), digest_size=8).digest() for name in coded.dictionary.to_pylist())
    numbers = [int.from_bytes(digest, "big") & _LOW_BITS for digest in digests]
    found: Ints = np.array(numbers, np.int64)[coded.indices.to_numpy(zero_copy_only=False)]
    return found


def _moved(rows: Rows, boot: Ints, seq: Ints, message: Ints, tails: dict[int, Tail]) -> dict[int, Tail]:
    """The boot heard last counts; within it the newest period, and the newest message."""
    order = np.lexsort((message, rows.source))
    source = rows.source[order]
    last = np.append(source[1:] != source[:-1], True)
    latest = boot[order][last]
    of = np.cumsum(np.append(0, last[:-1]))
    same = boot[order] == latest[of]
    heads = np.flatnonzero(np.append(True, source[1:] != source[:-1]))
    newest_seq = np.maximum.reduceat(np.where(same, seq[order], -1), heads)
    newest_start = np.maximum.reduceat(np.where(same, rows.start_s[order], -1), heads)
    moved: dict[int, Tail] = {}
    columns = (source[last], latest, newest_seq, newest_start)
    for key, b, s, t in zip(*(column.tolist() for column in columns), strict=True):
        old = tails.get(-1 - key)
        moved[-1 - key] = (b, max(s, old[1]), max(t, old[2])) if old and old[0] == b else (b, s, t)
    return moved
